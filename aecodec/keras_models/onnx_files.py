"""ONNX models, for example of PyTorch, as Keras models with channels last.

No published converter fits: onnx2tf and nobuco make models of Keras 2, onnx2tf pins versions that
aecodec cannot use, and litert-torch makes TFLite models without the Keras models that codecs keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from aecodec.errors import AecodecError, ModelError, warn
from aecodec.keras_models.functional import numbered_names
from aecodec.keras_models.onnx_graph import Graph, attributes_of, label
from aecodec.keras_models.onnx_operators import OPERATORS, Node
from aecodec.keras_models.onnx_values import ANY_SIZE, Array, Axes, Value, arranged

_RANDOM = ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike")


def load_onnx(path: Path) -> Any:
    """Open an ONNX model as a functional Keras model with channels last.

    Random numbers become zero, with a warning. Raises AecodecError without the package `onnx`, and
    ModelError if the file is damaged or cannot be converted.
    """
    try:
        from onnx import inliner, load
    except ImportError as error:
        raise AecodecError(
            f"{path}: ONNX models need the package onnx: pip install 'aecodec[onnx]'"
        ) from error
    try:
        model = inliner.inline_local_functions(load(path))
    except Exception as error:  # damaged files and missing weights may raise anything
        raise ModelError(f"{path} cannot be opened as an ONNX model ({error})") from error
    try:
        return _Conversion(model).keras_model()
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


class _Conversion:
    def __init__(self, model: Any) -> None:
        self._graph = Graph(model)
        self._values: dict[str, Any] = dict(self._graph.constants)
        self._names: dict[str, Iterator[str]] = {}

    def keras_model(self) -> Any:
        tensor = self._input()
        for node in self._graph.needed_nodes():
            results = self._results(node)
            results = results if isinstance(results, list) else [results]
            self._values.update(zip(node.output, results, strict=False))
        outputs = {name: self._output(name) for name in self._graph.outputs}
        return keras.Model(tensor, outputs if len(outputs) > 1 else next(iter(outputs.values())))

    def _input(self) -> Any:
        entries = self._graph.inputs
        if len(entries) != 1:
            raise ModelError(f"the model has {len(entries)} inputs ({', '.join(entries)}), not one")
        ((name, sides),) = entries.items()
        if len(sides) < 2:
            raise ModelError(f"the input {name} has no batch of pictures: export the model again")
        axes = _order(len(sides))
        tensor = keras.Input([sides[axis] for axis in axes])
        self._values[name] = Value(tensor, axes, len(sides))
        return tensor

    def _output(self, name: str) -> Any:
        value = self._values[name]
        if not isinstance(value, Value):
            raise ModelError(f"the output {name} does not depend on the input")
        return arranged(value, _order(value.rank))

    def _results(self, node: Any) -> Any:
        """The results of a node: constants if its inputs are constants."""
        try:
            inputs = [self._values[name] for name in node.input]
            if node.op_type in _RANDOM:
                return _without_noise(node, inputs)
            if node.op_type == "Shape" and isinstance(inputs[0], Value):
                return self._graph.fold(node, np.empty(_known_shape(inputs[0])))
            if not any(isinstance(value, Value) for value in inputs):
                return self._graph.fold(node, *inputs)
            if node.op_type not in OPERATORS or node.domain not in ("", "ai.onnx"):
                raise ModelError("int8 TFLite has no such operator: replace it")
            attributes = attributes_of(node) | {"outputs": len(node.output)}
            wrapped = Node(attributes, self._name(node))
            return OPERATORS[node.op_type](wrapped, *inputs)
        except ModelError as error:
            raise ModelError(f"node {label(node)} ({node.op_type}): {error}") from error
        except (TypeError, ValueError, IndexError, KeyError, AttributeError) as error:
            message = f"node {label(node)} ({node.op_type}) cannot be converted ({error})"
            raise ModelError(message) from error

    def _name(self, node: Any) -> str:
        name = re.sub(r"[^A-Za-z0-9_.]+", "_", label(node)).strip("_.") or "layer"
        return next(self._names.setdefault(name, numbered_names(name)))


def _order(rank: int) -> Axes:
    """The axes of a Keras input or output after the batch; pictures have channels last."""
    return (2, 3, 1) if rank == 4 else tuple(range(1, rank))


def _known_shape(value: Value) -> tuple[int, ...]:
    if None in value.shape:
        raise ModelError(ANY_SIZE)
    return value.shape  # type: ignore[return-value]


def _without_noise(node: Any, inputs: list[Any]) -> Array:
    warn(f"{label(node)} draws random numbers: zeros replace them, so the mean becomes the code")
    attributes = attributes_of(node)
    like = inputs[0].shape if inputs else attributes["shape"]
    return np.zeros(like, np.float32)
