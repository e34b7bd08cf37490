"""TFLite operators that convert int8 vectors to codes and back.

All values are integers, stored in floats where TFLite lacks other kernels. Below 2**24, floats are
exact in any order of summation, so every runtime computes the same codes. The C core runs the
operators on integers (:mod:`aecodec.network.convert`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aecodec.arrays import Float32
from aecodec.keras_models.codes import CodeVectors, NearestCode
from aecodec.tflite.building import Builder, quantized
from aecodec.tflite.model import packed, schema

_EXACT = (1 << 24) - 1
_LARGEST_WEIGHT = (1 << 15) - 1
_INTEGERS = quantized(1, 0)
Quantization = tuple[float, int]
"""Scale and zero point."""


def with_code_layer(model: bytes, layer: Any, quantization: Quantization) -> bytes:
    """Add the operators of a layer of :mod:`aecodec.keras_models.codes` to an int8 `.tflite` model.

    The model ends where the layer begins or, for :class:`CodeVectors`, begins where it ends.
    `quantization` is the scale and zero point of the vectors.
    """
    graph = _Graph(model)
    if isinstance(layer, CodeVectors):
        _look_up(graph, layer.constants(), quantization)
    elif isinstance(layer, NearestCode):
        _search(graph, integer_scores(layer.constants(), quantization))
    else:
        _quantize(graph, layer, quantization)
    return packed(graph.whole)


def integer_scores(constants: dict[str, Float32], quantization: Quantization) -> list[Any]:
    """Integer kernel (n, D) and bias (n,) for int8 vectors, and digits, of a :class:`NearestCode`.

    The kernel has as many bits as exact sums permit.
    """
    scale, zero = quantization
    kernel, bias = (constants[name].astype(np.float64) for name in ("kernel", "bias"))
    bias = (bias - zero * scale * kernel.sum(axis=0)) / scale
    largest = (128 * np.abs(kernel).sum(axis=0) + np.abs(bias)).max()
    unit = max(largest / (_EXACT - 128 * len(kernel)), np.abs(kernel).max() / _LARGEST_WEIGHT)
    whole = [np.rint(part / unit).astype(np.float32) for part in (kernel.T, bias)]
    return [*whole, constants["digits"].astype(np.int8)]


def _search(graph: _Graph, scores: list[Any]) -> None:
    kernel, bias, digits = scores
    vectors = graph.exit
    shape = graph.shape(vectors)[:-1]
    floats = graph.cast(vectors, np.float32)
    options = schema.FullyConnectedOptionsT()
    options.keepNumDims = True
    inputs = [floats, graph.constant(kernel), graph.constant(bias)]
    compared = graph.add("FULLY_CONNECTED", inputs, (*shape, len(bias)), np.float32, options)
    options = schema.ArgMaxOptionsT()
    options.outputType = schema.TensorType.INT32
    axis = graph.constant(np.array(-1, np.int32))
    number = graph.add("ARG_MAX", [compared, axis], shape, np.int32, options)
    graph.exit = graph.gather(graph.constant(digits, _INTEGERS), number)


def _quantize(graph: _Graph, layer: Any, quantization: Quantization) -> None:
    """A table of 256 codes for each channel."""
    vectors, (scale, zero) = graph.exit, quantization
    channels = graph.shape(vectors)[-1]
    values = (np.arange(-128, 128, dtype=np.float32)[:, None] - zero) * np.float32(scale)
    table = np.asarray(layer(np.repeat(values, channels, axis=1))).T
    offsets = (256 * np.arange(channels) + 128).astype(np.float32)
    rows = graph.binary("ADD", graph.cast(vectors, np.float32), offsets, schema.AddOptionsT())
    codes = np.clip(table, -128, 127).astype(np.int8).ravel()
    graph.exit = graph.gather(graph.constant(codes, _INTEGERS), graph.cast(rows, np.int32))


def _look_up(graph: _Graph, constants: dict[str, Float32], quantization: Quantization) -> None:
    vectors = graph.begin()
    bases, table = constants["bases"], constants["table"]
    shape = (*graph.shape(vectors)[:-1], len(bases))
    digits = graph.variable(shape, np.int8, _INTEGERS)
    floats = graph.cast(digits, np.float32)
    worth = graph.binary("MUL", floats, bases, schema.MulOptionsT())
    axes = graph.constant(np.array([-1], np.int32))
    row = graph.add("SUM", [worth, axes], shape[:-1], np.float32, schema.ReducerOptionsT())
    row = graph.binary("ADD", row, constants["offset"], schema.AddOptionsT())
    for name, limit in (("MAXIMUM", 0), ("MINIMUM", len(table) - 1)):
        options = schema.MaximumMinimumOptionsT()
        row = graph.binary(name, row, np.array([limit], np.float32), options)
    scale, zero = quantization
    scaled = np.clip(np.rint(table.astype(np.float64) / scale) + zero, -128, 127).astype(np.int8)
    graph.gather(graph.constant(scaled, quantized(scale, zero)), graph.cast(row, np.int32), vectors)
    graph.end(digits)


class _Graph(Builder):
    """A TFLite model to which operators are added at the beginning or at the end."""

    def __init__(self, model: bytes) -> None:
        super().__init__(schema.ModelT.InitFromPackedBuf(model))
        self._rest: list[Any] = []

    def begin(self) -> int:
        """Insert all further operators at the beginning; returns the tensor that they write."""
        self._rest, self.graph.operators = self.graph.operators, []
        return int(self.graph.inputs[0])

    def end(self, entry: int) -> None:
        """Append the operators that :meth:`begin` set aside, and set the input."""
        self.graph.operators += self._rest
        self.graph.inputs = [entry]

    @property
    def exit(self) -> int:
        return int(self.graph.outputs[0])

    @exit.setter
    def exit(self, tensor: int) -> None:
        self.graph.outputs = [tensor]

    def shape(self, tensor: int) -> tuple[int, ...]:
        return tuple(map(int, self.graph.tensors[tensor].shape))

    def cast(self, tensor: int, dtype: Any) -> int:
        return self.add("CAST", [tensor], self.shape(tensor), dtype, schema.CastOptionsT())

    def binary(self, name: str, tensor: int, values: Float32, options: Any) -> int:
        """Add an operator with a constant that does not change the shape."""
        inputs = [tensor, self.constant(values.astype(np.float32))]
        return self.add(name, inputs, self.shape(tensor), np.float32, options)

    def gather(self, table: int, rows: int, output: int | None = None) -> int:
        """Add an operator that gathers rows of a constant int8 table."""
        if output is None:
            shape = (*self.shape(rows), *self.shape(table)[1:])
            output = self.variable(shape, np.int8, _INTEGERS)
        return self.operator("GATHER", [table, rows], output, schema.GatherOptionsT())

    def add(
        self, name: str, inputs: list[int], shape: tuple[int, ...], dtype: Any, options: Any
    ) -> int:
        """Add an operator with a new output, and return the number of the output."""
        return self.operator(name, inputs, self.variable(shape, dtype), options)
