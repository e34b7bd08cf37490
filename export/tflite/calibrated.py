"""Float TFLite models with the ranges of their tensors, the source of int8 models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.lite.python.convert import mlir_quantize
from tensorflow.lite.python.optimize.calibrator import Calibrator

from aecodec.arrays import Float32
from aecodec.compiler.elementwise import functions_of
from aecodec.compiler.model import name_of, packed, read_model, schema
from aecodec.export.tflite.conversion import quiet

Range = tuple[float, float]
"""Float values of the integers -128 and 127."""

_CEILING = 6.0
_MOVES = ("SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "CONCATENATION")
"""Operators that move values without changing them."""

_CONVERSIONS = ("QUANTIZE", "DEQUANTIZE")

_LARGEST = 1e9


class CalibratedModel:
    """A float TFLite model with ranges of tensors that can be changed.

    The Keras `model` has one input and one output, with a batch size of 1. The ranges are measured
    with the `samples` (N, *input_shape).
    """

    def __init__(self, model: Any, samples: Float32) -> None:
        content = float_model_with_ranges(model, samples)
        self._model = schema.ModelT.InitFromPackedBuf(content)
        self._graph = self._model.subgraphs[0]
        for tensor in self._graph.tensors:
            _make_finite(tensor.quantization)

    def quantized(self, in_floats: Sequence[str] = ()) -> bytes:
        """The int8 model with these ranges; the operators in `in_floats` compute in floats."""
        with quiet():
            content = mlir_quantize(
                packed(self._model),
                input_data_type=tf.int8,
                output_data_type=tf.int8,
                denylisted_nodes=list(in_floats) or None,
            )
        return bytes(content)

    def functions(self) -> list[str]:
        """Names of the operators of functions that become tables of 256 results.

        Such a function, for example mish, consists of several operators on the elements of one
        tensor and on single constants. In int8, each of its operators would round.
        """
        model = read_model(packed(self._model))
        names: list[str] = []
        for numbers in functions_of(model):
            operators = [model.operators[number] for number in numbers]
            outputs = [one.outputs[0] for one in operators if one.name not in _CONVERSIONS]
            if len(outputs) > 1:
                names += [self._graph.tensors[number].name.decode() for number in outputs]
        return names

    def set_ends(self, start: Range, end: Range) -> None:
        """Set the ranges of the input and the output.

        For the input, samples with extreme values would have the same effect, but would also widen
        the ranges of all later tensors.
        """
        self._set_range(self._graph.inputs[0], start)
        self._set_range(self._graph.outputs[0], end)

    def _set_range(self, tensor: int, limits: Range) -> None:
        quantization = self._graph.tensors[tensor].quantization
        quantization.min, quantization.max = [limits[0]], [limits[1]]

    def set_trained_ranges(self, end: Range) -> None:
        """Set the ranges with which networks of ReLU6 are trained for int8.

        These are 0..6, and -6..6 for convolutions whose outputs are added to values in 0..6. If
        outputs are moved at the end, they already have the range `end` of the model's output.
        """
        added = {
            index
            for operator in self._graph.operators
            if self._name(operator) == "ADD"
            for index in operator.inputs
        }
        in_range: set[int] = set()
        for operator in self._graph.operators:
            output, options = operator.outputs[0], operator.builtinOptions
            activation = getattr(options, "fusedActivationFunction", None)
            is_move = self._name(operator) in _MOVES and operator.inputs[0] in in_range
            is_scaled = self._name(operator) == "MUL"
            if activation == schema.ActivationFunctionType.RELU6 or is_move or is_scaled:
                in_range.add(output)
                self._set_range(output, (0.0, _CEILING))
            elif output in added:
                self._set_range(output, (-_CEILING, _CEILING))
        moved = self._graph.outputs[0]
        for operator in reversed(self._graph.operators):
            if operator.outputs[0] == moved and self._name(operator) in (*_MOVES, *_CONVERSIONS):
                moved = operator.inputs[0]
                self._set_range(moved, end)

    def _name(self, operator: Any) -> str:
        return name_of(self._model.operatorCodes[operator.opcodeIndex])


def _make_finite(ranges: Any) -> None:
    """Bound the limits of a tensor. Infinite limits, for example of exp, crash the quantizer."""
    if ranges is not None and ranges.min is not None and ranges.max is not None:
        ranges.min = np.clip(np.nan_to_num(ranges.min), -_LARGEST, _LARGEST).astype(np.float32)
        ranges.max = np.clip(np.nan_to_num(ranges.max), -_LARGEST, _LARGEST).astype(np.float32)


def float_model_with_ranges(model: Any, samples: Float32) -> bytes:
    """A float TFLite model with the ranges of its tensors for samples (N, *input_shape).

    The converter could measure the ranges, too, but with optimizations enabled it first rounds the
    kernels of transposed convolutions. The Keras model has one input, one output and a batch size
    of 1.
    """
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    with quiet():
        content = converter.convert()
        return bytes(Calibrator(content).calibrate(lambda: ([sample[None]] for sample in samples)))
