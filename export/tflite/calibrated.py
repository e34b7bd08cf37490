"""A float TFLite model with the range of every tensor, from which int8 models are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.python.convert import mlir_quantize
from tensorflow.lite.python.optimize.calibrator import Calibrator
from tensorflow.lite.tools import flatbuffer_utils

from aecodec.arrays import Float32
from aecodec.export.tflite.quiet import quiet

_SHRINK = 0.8
_WORTHWHILE = 0.998
_MOST_LIMITS = 400
"""Models with more ranges keep those that were measured: trying each would take many minutes."""

Range = tuple[float, float]
"""Float values of the integers -128 and 127."""

_LARGEST = 1e9
_TRANSPOSED = "TRANSPOSE_CONV"
_KERNEL = 1
"""Place of the kernel among the inputs of a transposed convolution."""


class Operator(NamedTuple):
    """One operator of a model.

    Attributes:
        name: name of its first output.
        is_transposed_convolution: these cannot be told apart by their names when models are
            quantized.
    """

    name: str
    is_transposed_convolution: bool


class CalibratedModel:
    """A float TFLite model with ranges of tensors, which may still be changed.

    Args:
        model: Keras model with one input and one output, for a batch of 1.
        samples: (N, *input_shape) inputs on which the ranges are measured.
    """

    def __init__(self, model: Any, samples: Float32) -> None:
        content = bytearray(float_model_with_ranges(model, samples))
        self._model = flatbuffer_utils.read_model_from_bytearray(content)
        self._graph = self._model.subgraphs[0]
        for tensor in self._graph.tensors:
            _make_finite(tensor.quantization)

    def quantized(self, in_floats: Sequence[str] = ()) -> bytes:
        """The int8 model with these ranges.

        Args:
            in_floats: names of operators that compute in floats; one that is a transposed
                convolution stands for all of them.
        """
        packed = bytes(flatbuffer_utils.convert_object_to_bytearray(self._model))
        transposed = {each.name for each in self.operators() if each.is_transposed_convolution}
        without = [_TRANSPOSED] if transposed & set(in_floats) else None
        with quiet():
            content = mlir_quantize(
                packed,
                input_data_type=tf.int8,
                output_data_type=tf.int8,
                denylisted_nodes=list(in_floats) or None,
                denylisted_ops=without,
            )
        return self._with_float_kernels(bytes(content)) if without else bytes(content)

    def operators(self) -> list[Operator]:
        """The operators, in order; the name of each is that of its first output."""
        return [
            Operator(
                self._graph.tensors[each.outputs[0]].name.decode(),
                _is_transposed_convolution(self._model, each),
            )
            for each in self._graph.operators
        ]

    def _with_float_kernels(self, content: bytes) -> bytes:
        """A model whose transposed convolutions, which take floats, have their float kernels.

        The quantizer would leave them rounded to int8.
        """
        model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
        pairs = zip(_transposed(self._model), _transposed(model), strict=True)
        for source, target in pairs:
            kernel = self._graph.tensors[source.inputs[_KERNEL]]
            rounded = model.subgraphs[0].tensors[target.inputs[_KERNEL]]
            rounded.type, rounded.quantization = kernel.type, None
            model.buffers[rounded.buffer].data = self._model.buffers[kernel.buffer].data
        return bytes(flatbuffer_utils.convert_object_to_bytearray(model))

    def set_range(self, tensor: int, limits: Range) -> None:
        """Set the range of a tensor.

        Samples that reach the limits of the input would have the same effect, but would widen the
        range of every tensor after it.
        """
        quantization = self._graph.tensors[tensor].quantization
        quantization.min, quantization.max = [limits[0]], [limits[1]]

    @property
    def entry(self) -> int:
        """Number of the tensor that is the input."""
        return int(self._graph.inputs[0])

    @property
    def exit(self) -> int:
        """Number of the tensor that is the output."""
        return int(self._graph.outputs[0])

    def shrink_ranges(self, error_of: Callable[[bytes], float]) -> None:
        """Shrink each limit of each tensor's range as long as that lowers the error of the model.

        A few outliers, such as the large negative numbers with which a residual branch switches
        units off, leave few steps for all other values: on digits they cost 9 dB. After a first
        round only limits that could be shrunk are tried again.
        """
        limits, least = list(self._inner_limits()), error_of(self.quantized())
        while limits and len(limits) <= _MOST_LIMITS:
            improved = []
            for limit in limits:
                error = self._shrink(limit, error_of, least)
                if error < least:
                    least = error
                    improved.append(limit)
            limits = improved

    def _shrink(
        self, limit: list[float], error_of: Callable[[bytes], float], least: float
    ) -> float:
        """Shrink one limit to where the error is least, and return that error."""
        kept = limit[0]
        limit[0] = kept * _SHRINK
        error = error_of(self.quantized())
        if error < least * _WORTHWHILE:
            return self._shrink(limit, error_of, error)
        limit[0] = kept
        return least

    def _inner_limits(self) -> Iterator[list[float]]:
        for tensor in self._inner_tensors():
            ranges = tensor.quantization
            for limits in (ranges.min, ranges.max):
                if limits is not None and len(limits) == 1 and limits[0] != 0:
                    yield limits

    def _inner_tensors(self) -> Iterator[Any]:
        """Tensors between two operators, in order."""
        for operator in self._graph.operators:
            for index in operator.outputs:
                tensor = self._graph.tensors[index]
                if index not in self._graph.outputs and tensor.quantization:
                    tensor.quantization.min = _as_list(tensor.quantization.min)
                    tensor.quantization.max = _as_list(tensor.quantization.max)
                    yield tensor


def _make_finite(ranges: Any) -> None:
    """Bound the limits of a tensor: an infinite one, as of a large exp, crashes the quantizer."""
    if ranges is not None and ranges.min is not None and ranges.max is not None:
        ranges.min = np.clip(np.nan_to_num(ranges.min), -_LARGEST, _LARGEST).astype(np.float32)
        ranges.max = np.clip(np.nan_to_num(ranges.max), -_LARGEST, _LARGEST).astype(np.float32)


def _transposed(model: Any) -> list[Any]:
    """The transposed convolutions of a model, in order."""
    operators = model.subgraphs[0].operators
    return [each for each in operators if _is_transposed_convolution(model, each)]


def _is_transposed_convolution(model: Any, operator: Any) -> bool:
    code = model.operatorCodes[operator.opcodeIndex]
    kind = max(code.builtinCode, code.deprecatedBuiltinCode)
    return bool(kind == schema.BuiltinOperator.TRANSPOSE_CONV)


def _as_list(limits: Any) -> list[float] | None:
    return None if limits is None else [float(limit) for limit in limits]


def float_model_with_ranges(model: Any, samples: Float32) -> bytes:
    """A float TFLite model with the ranges of its tensors.

    A converter that is asked for optimizations would measure the ranges too, but would have rounded
    the kernels of transposed convolutions before.

    Args:
        model: Keras model with one input and one output, for a batch of 1.
        samples: (N, *input_shape) inputs on which the ranges are measured.
    """
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    with quiet():
        content = converter.convert()
        return bytes(Calibrator(content).calibrate(lambda: ([sample[None]] for sample in samples)))
