"""ONNX models, for example of PyTorch, as Keras models with channels last.

No published converter fits: onnx2tf and nobuco make Keras 2 models, onnx2tf pins versions that
aecodec cannot use, and litert-torch makes TFLite models without the Keras models that codecs keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from aecodec.base.errors import AecodecError, ModelError, warn
from aecodec.keras_models.functional import numbered_names
from aecodec.keras_models.onnx_graph import Graph, attributes_of, label
from aecodec.keras_models.onnx_operators import OPERATORS, OTHERWISE, REPLACEMENTS, Node
from aecodec.keras_models.onnx_values import Array, Axes, Value, arranged

_LACKS = "codecs do not support this operator, because it cannot be computed with integers"
HALVES = (
    "export one model from pictures to codes and one from codes to pictures, without priors and "
    "likelihoods. In CompressAI, these models are model.g_a and model.g_s"
)
_RANDOM = ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike")


def load_onnx(path: Path) -> Any:
    """Open an ONNX model as a functional Keras model with channels last.

    Weights may be in a file next to the model. Random numbers become zero, with a warning. Raises
    AecodecError without the package `onnx`, and ModelError if the file is damaged, its weights are
    missing, or the model cannot be converted.
    """
    try:
        from onnx import external_data_helper, inliner, load
    except ImportError as error:
        raise AecodecError(
            f"{path}: ONNX models need the package onnx: pip install 'aecodec[onnx]'"
        ) from error
    try:
        model = load(path, load_external_data=False)
        _check_weights(model, path)
        external_data_helper.load_external_data_for_model(model, str(path.parent))
        model = inliner.inline_local_functions(model)
    except ModelError:
        raise
    except Exception as error:  # damaged files may raise anything
        raise ModelError(f"{path} cannot be opened as an ONNX model ({error})") from error
    try:
        return _Conversion(model).keras_model()
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def _check_weights(model: Any, path: Path) -> None:
    """Raise ModelError if the weights are in a separate file that is missing."""
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location" and not (path.parent / entry.value).is_file():
                raise ModelError(
                    f"{path} needs its weights file {entry.value}, which PyTorch wrote "
                    f"next to it: copy that file to {path.parent}, or export the model with "
                    "external_data=False"
                )


class _Conversion:
    def __init__(self, model: Any) -> None:
        self._graph = Graph(model)
        self._values: dict[str, Any] = dict(self._graph.constants)
        self._names: dict[str, Iterator[str]] = {}

    def keras_model(self) -> Any:
        tensor = self._input()
        for node in self._graph.nodes:
            results = self._results(node)
            results = results if isinstance(results, list) else [results]
            self._values.update(zip(node.output, results, strict=False))
        outputs = {name: self._output(name) for name in self._graph.outputs}
        return keras.Model(tensor, outputs if len(outputs) > 1 else next(iter(outputs.values())))

    def _input(self) -> Any:
        entries = self._graph.inputs
        if len(entries) != 1:
            raise ModelError(f"the model has several inputs ({', '.join(entries)}): {HALVES}")
        ((name, sides),) = entries.items()
        if not sides:
            raise ModelError(f"the input {name} is a scalar: export the model for pictures")
        axes = _order(len(sides))
        dtype = "int32" if name in self._graph.integers else None
        tensor = keras.Input([sides[axis] for axis in axes], dtype=dtype)
        self._values[name] = Value(tensor, axes, len(sides))
        return tensor

    def _output(self, name: str) -> Any:
        value = self._values[name]
        if not isinstance(value, Value):
            raise ModelError(f"the output {name} does not depend on the input")
        if value.rank > 1 and value.shape[0] != 1:
            raise ModelError(
                f"the output {name} has the shape {value.shape} for one picture: reshape it to "
                f"{(1, *value.shape)}, for example with .view(len(pictures), ...)"
            )
        return arranged(value, _order(value.rank))

    def _results(self, node: Any) -> Any:
        """The results of a node: constants if its inputs are constants."""
        try:
            inputs = [self._values[name] for name in node.input]
            if node.op_type in _RANDOM:
                return _without_noise(node, inputs)
            if node.op_type == "Shape" and isinstance(inputs[0], Value):
                return self._graph.fold(node, np.empty(inputs[0].known_shape))
            if not any(isinstance(value, Value) for value in inputs):
                return self._graph.fold(node, *inputs)
            if node.op_type not in OPERATORS or node.domain not in ("", "ai.onnx"):
                raise ModelError(f"{_LACKS}: {REPLACEMENTS.get(node.op_type, OTHERWISE)}")
            attributes = attributes_of(node) | {"outputs": len(node.output)}
            wrapped = Node(attributes, self._name(node), partial(self._graph.fold, node))
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
    """The axes of a Keras input or output after the batch; pictures have channels last.

    Vectors without a batch axis, such as the numbers of code vectors, belong to one picture.
    """
    return (2, 3, 1) if rank == 4 else tuple(range(rank > 1, rank))


def _without_noise(node: Any, inputs: list[Any]) -> Array:
    warn(f"aecodec replaces the random numbers of {label(node)} with 0, so the code is the mean")
    attributes = attributes_of(node)
    like = inputs[0].shape if inputs else attributes["shape"]
    return np.zeros(like, np.float32)
