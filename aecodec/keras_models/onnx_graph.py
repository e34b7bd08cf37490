"""ONNX graphs: their constants, the nodes that outputs need, and subgraphs that compute GELU."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from aecodec.keras_models.onnx_values import Array

_GRID = np.linspace(-6, 6, 49, dtype=np.float32)
_TOLERANCE = 1e-5
_FARTHEST = 8
"""Maximum number of nodes between the input and the result of a subgraph that computes GELU."""

_FLOATS = ("float16", "bfloat16", "float64")
_AXES_OF = {"Resize": "axes"}
"""Attributes that are omitted when a node is computed."""

_OF_GELU = ("Constant", "Add", "Div", "Erf", "Mul", "Pow", "Tanh")


class Graph:
    """The graph of an ONNX model.

    `opset` is the version of the operators. `constants` are arrays by name, with floats as float32.
    `inputs` and `outputs` are their sides by name; None is a variable side. The nodes are in order.
    """

    def __init__(self, model: Any) -> None:
        from onnx import numpy_helper

        graph = model.graph
        self._versions = {opset.domain: opset.version for opset in model.opset_import}
        self.opset = self._versions.get("", 1)
        self.constants: dict[str, Array | None] = {"": None} | {
            tensor.name: _with_float32(numpy_helper.to_array(tensor))
            for tensor in graph.initializer
        }
        self.inputs = {e.name: _sides(e) for e in graph.input if e.name not in self.constants}
        self.outputs = {entry.name: _sides(entry) for entry in graph.output}
        self.nodes = list(graph.node)
        self.producers = {name: node for node in self.nodes for name in node.output}

    def needed_nodes(self, shortcuts: Mapping[str, tuple[str, str]]) -> list[Any]:
        """The nodes that the outputs need, in order.

        `shortcuts` are values that need only one other value, the first of a pair.
        """
        names, nodes = set(self.outputs), []
        for node in reversed(self.nodes):
            if names & set(node.output):
                first = node.output[0]
                names.update(shortcuts[first][:1] if first in shortcuts else node.input)
                nodes.append(node)
        return nodes[::-1]

    def fold(self, node: Any, *inputs: Array | None) -> list[Array]:
        """The results of a node whose inputs are constants."""
        import onnx
        from onnx.reference import ReferenceEvaluator

        names = ["" if array is None else f"input{k}" for k, array in enumerate(inputs)]
        bare = onnx.NodeProto(op_type=node.op_type, domain=node.domain, input=names)
        bare.output.extend(node.output)
        bare.attribute.extend(
            part for part in node.attribute if part.name != _AXES_OF.get(node.op_type)
        )
        feeds = {name: array for name, array in zip(names, inputs, strict=True) if name}
        results = ReferenceEvaluator(bare, opsets=self._versions).run(None, feeds)
        return [_with_float32(np.asarray(result)) for result in results]

    def ancestors(self, name: str, depth: int) -> set[str]:
        """Values that a value depends on, over at most `depth` nodes."""
        node = self.producers.get(name)
        if node is None or depth == 0:
            return {name}
        return {name}.union(*(self.ancestors(entry, depth - 1) for entry in node.input if entry))


def find_gelus(graph: Graph) -> dict[str, tuple[str, str]]:
    """Find subgraphs that compute GELU, of up to nine nodes, by evaluating them.

    TFLite has no operator for erf, and a single int8 operator rounds only once. Returns for each
    result the name of its argument, and "none" or "tanh".
    """
    gelus: dict[str, tuple[str, str]] = {}
    for node in graph.nodes:
        names = graph.ancestors(node.output[0], _FARTHEST) if node.op_type == "Mul" else set()
        kinds = {graph.producers[name].op_type for name in names if name in graph.producers}
        if kinds & {"Erf", "Tanh"}:
            for entry in names - {*graph.constants, node.output[0]}:
                if form := _form_of(graph, node.output[0], entry):
                    gelus[node.output[0]] = entry, form
    return gelus


def _form_of(graph: Graph, name: str, entry: str) -> str | None:
    """The form of GELU with which a value depends on another value, or None."""
    try:
        results = _evaluated(graph, name, {entry: _GRID})
    except LookupError:
        return None
    cubic = math.sqrt(2 / math.pi) * (_GRID + 0.044715 * _GRID**3)
    exact = [math.erf(x / math.sqrt(2)) for x in _GRID.tolist()]
    for form, inner in (("none", np.array(exact)), ("tanh", np.tanh(cubic))):
        if results.shape == _GRID.shape and np.allclose(
            results, _GRID * (1 + inner) / 2, atol=_TOLERANCE
        ):
            return form
    return None


def _evaluated(graph: Graph, name: str, known: dict[str, Array]) -> Array:
    """Evaluate a value, given the value of another name.

    Raises LookupError if the value depends on more values, or on operators that GELU does not use.
    """
    if name not in known:
        node = graph.producers.get(name)
        if node is not None and node.op_type in _OF_GELU:
            inputs = [_evaluated(graph, entry, known) for entry in node.input]
            known[name] = graph.fold(node, *inputs)[0]
        elif (constant := graph.constants.get(name)) is not None and constant.size == 1:
            known[name] = constant.reshape(())
        else:
            raise LookupError(name)
    if known[name].size not in (1, _GRID.size):
        raise LookupError(name)
    return known[name]


def label(node: Any) -> str:
    """The name of a node, or of its first output."""
    return node.name or node.output[0]


def attributes_of(node: Any) -> dict[str, Any]:
    """The attributes of a node by name, with texts as str."""
    from onnx import helper

    attributes = {part.name: helper.get_attribute_value(part) for part in node.attribute}
    return {name: v.decode() if isinstance(v, bytes) else v for name, v in attributes.items()}


def _sides(entry: Any) -> tuple[int | None, ...]:
    return tuple(side.dim_value or None for side in entry.type.tensor_type.shape.dim)


def _with_float32(array: Array) -> Array:
    return array.astype(np.float32) if array.dtype.name in _FLOATS else array
