"""ONNX graphs: their constants and nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

from aecodec.base.errors import ModelError
from aecodec.keras_models.onnx_values import Array

_FLOATS = ("float16", "bfloat16", "float64")
_INTEGERS = range(2, 10)
"""ONNX's numbers of the types for integers, strings and truth values."""

_OLDEST = 13
"""Oldest version of the operators in which axes and sizes are inputs, except for reductions."""


class Graph:
    """The graph of an ONNX model; ModelError if its operators are too old.

    `constants` and `inputs` are arrays and sides by name; None is a variable side. `integers` are
    the names of the inputs that are not floats.
    """

    def __init__(self, model: Any) -> None:
        from onnx import numpy_helper

        graph = model.graph
        self._versions = {opset.domain: opset.version for opset in model.opset_import}
        if self._versions.get("", 1) < _OLDEST:
            raise ModelError(f"export the model with opset_version={_OLDEST} or later")
        self.constants: dict[str, Array | None] = {"": None} | {
            tensor.name: _with_float32(numpy_helper.to_array(tensor))
            for tensor in graph.initializer
        }
        self.inputs = {e.name: _sides(e) for e in graph.input if e.name not in self.constants}
        self.integers = {e.name for e in graph.input if e.type.tensor_type.elem_type in _INTEGERS}
        self.outputs = [entry.name for entry in graph.output]
        self.nodes = list(graph.node)

    def fold(self, node: Any, *inputs: Array | None) -> list[Array]:
        import onnx
        from onnx.reference import ReferenceEvaluator

        names = ["" if array is None else f"input{k}" for k, array in enumerate(inputs)]
        bare = onnx.NodeProto(op_type=node.op_type, domain=node.domain, input=names)
        bare.output.extend(node.output)
        is_resize = node.op_type == "Resize"  # whose axes ReferenceEvaluator does not take
        kept = [part for part in node.attribute if not (is_resize and part.name == "axes")]
        bare.attribute.extend(kept)
        feeds = {name: array for name, array in zip(names, inputs, strict=True) if name}
        results = ReferenceEvaluator(bare, opsets=self._versions).run(None, feeds)
        return [_with_float32(np.asarray(result)) for result in results]


def label(node: Any) -> str:
    """The name of a node, or of its first output."""
    return node.name or node.output[0]


def attributes_of(node: Any) -> dict[str, Any]:
    """The attributes of a node by name, with strings as str."""
    from onnx import helper

    attributes = {part.name: helper.get_attribute_value(part) for part in node.attribute}
    return {name: v.decode() if isinstance(v, bytes) else v for name, v in attributes.items()}


def _sides(entry: Any) -> tuple[int | None, ...]:
    return tuple(side.dim_value or None for side in entry.type.tensor_type.shape.dim)


def _with_float32(array: Array) -> Array:
    return array.astype(np.float32) if array.dtype.name in _FLOATS else array
