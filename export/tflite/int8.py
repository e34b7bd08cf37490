"""int8 TFLite models of both halves, with pixels and latents as integer inputs and outputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.python.convert import mlir_quantize

from aecodec.base.arrays import Float32
from aecodec.base.errors import ModelError
from aecodec.codec_files.file_names import Half
from aecodec.compiler.codes import Lookup, Search
from aecodec.compiler.elementwise import functions_of
from aecodec.compiler.interpreter import open_interpreter
from aecodec.compiler.model import packed, read_model, schema
from aecodec.export.tflite.code_tables import code_tables
from aecodec.export.tflite.conversion import quiet, reason
from aecodec.export.tflite.function_inputs import CHOICES, CONVERSIONS, copy_inputs
from aecodec.export.tflite.refit import refitted
from aecodec.keras_models.codes import ScalarCodes, code_layer, float_part
from aecodec.keras_models.runners import outputs_of

_MAX_SAMPLES, _MIN_SAMPLES = 512, 32

_ENOUGH_PIXELS = 512 * 28 * 28
_MARGIN = 0.05
_CEILING = 6.0
_MOVES = ("SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "CONCATENATION")
_SHARING = (
    *CHOICES, "CONCATENATION", "GATHER", "MAX_POOL_2D", "REDUCE_MAX", "REDUCE_MIN", "SLICE",
    "SPLIT", "SPLIT_V", "STRIDED_SLICE",
)  # fmt: skip
"""Operators whose inputs and outputs share one scale, but not always one range."""

_SMALLEST, _LARGEST = float(np.finfo(np.float32).tiny), 1e9
"""Limits of the highest value of a tensor; a range of 0 has no scale."""


class _End(NamedTuple):
    """The limits of -128 and 127 in floats, and (scale, zero point), at an end of a model."""

    limits: tuple[float, float]
    quantization: tuple[float, int]


_PIXELS = _End((0.0, 1.0), (1 / 255, -128))
_LATENTS = _End((-128.0, 127.0), (1.0, 0))


class _FakeQuant(keras.layers.Layer):
    """Clips and rounds; the converter merges it into the previous layer, which gets its scale."""

    def __init__(self, end: _End) -> None:
        super().__init__()
        self._end = end

    def call(self, inputs: Any) -> Any:
        return tf.quantization.fake_quant_with_min_max_args(inputs, *self._end.limits)


class Int8Half(NamedTuple):
    """A half as an int8 `.tflite` file, without its layer of codes, and the tables of that layer.

    The decoder's layer comes before the model, the encoder's after it.
    """

    content: bytes
    codes: Search | Lookup | None = None


def int8_half(
    model: Any, half: Half, samples: Float32, has_trained_ranges: bool = False
) -> Int8Half:
    """Convert a half to int8, with pixel - 128 and latents as integer input and output.

    The int8 latent is round(latent), clipped to -128..127. The `samples` are inputs, which
    calibrate the model. Raises ModelError if the model, its input or its output cannot be converted
    this way.
    """
    is_encoder, layer = half is Half.ENCODER, code_layer(model)
    start, end = (_PIXELS, _LATENTS) if is_encoder else (_LATENTS, _PIXELS)
    if layer is None:
        return Int8Half(_int8_model(model, start, end, samples, half, has_trained_ranges))
    part = float_part(model)
    if is_encoder:
        end = vectors = _end_of(layer, outputs_of(part, samples))
    else:
        start = vectors = _end_for(layer.constants()["table"])
        samples = outputs_of(layer, samples)
    content = _int8_model(part, start, end, samples, half)
    return Int8Half(content, code_tables(layer, vectors.quantization))


def _end_of(layer: Any, vectors: Float32) -> _End:
    """The end of an encoder before its layer of codes; scalars need no range beyond thresholds."""
    if not isinstance(layer, ScalarCodes):
        return _end_for(vectors)
    limits, table = layer.constants().values()
    jumps = np.nonzero(np.diff(table).any(axis=0))[0] / (table.shape[1] - 1)
    used = limits[0] + (limits[1] - limits[0]) * jumps
    margin = _MARGIN * max(float(np.ptp(used)), float(np.abs(used).max()), 1e-6)
    return _end_for(np.clip(vectors, used.min() - margin, used.max() + margin))


def _end_for(values: Float32) -> _End:
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    scale = float(np.float32(max(high - low, 1e-6) / 255))
    zero = int(np.clip(np.rint(-128 - low / scale), -128, 127))
    return _End(((-128 - zero) * scale, (127 - zero) * scale), (scale, zero))


def _int8_model(
    model: Any,
    start: _End,
    end: _End,
    samples: Float32,
    half: Half,
    has_trained_ranges: bool = False,
) -> bytes:
    """An int8 model.

    If the model has the ranges of its training in int8, all operators compute in int8. Otherwise,
    the ranges are measured, functions of several operators become tables of float results, and
    the last layer of a decoder corrects its rounding errors.
    """
    enough = max(_MIN_SAMPLES, _ENOUGH_PIXELS // math.prod(samples.shape[1:]))
    samples = samples[: min(_MAX_SAMPLES, enough)]
    inputs = keras.Input(batch_shape=(1, *samples.shape[1:]))
    try:
        ended = keras.Model(inputs, _FakeQuant(end)(model(inputs)))
        calibrated = _Calibrated(ended, samples, start, end)
        if has_trained_ranges:
            calibrated.set_trained_ranges(end)
        in_floats = () if has_trained_ranges else calibrated.functions()
        quantize = partial(calibrated.quantized, in_floats)
        is_refitted = half is Half.DECODER and not has_trained_ranges
        content = refitted(calibrated.whole, quantize, samples) if is_refitted else quantize()
    except Exception as error:  # the converter raises whatever its passes raise
        raise ModelError(
            f"the {half.value} cannot be converted to int8 TFLite: {reason(model, error)}"
        ) from error
    _check_ends(content, start, end, half)
    return content


def _check_ends(content: bytes, start: _End, end: _End, half: Half) -> None:
    model = read_model(content)
    tensors = model.tensors[model.entry], model.tensors[model.exit]
    actual = [(tensor.scale, *tensor.zeros.tolist()) for tensor in tensors]
    expected = [start.quantization, end.quantization]
    if not np.allclose(actual, expected, rtol=1e-5):
        raise ModelError(
            f"the input and output of the {half.value} have (scale, zero point) {actual}, not "
            f"{expected}: use Dense, Conv2D or a similar layer as the first and the last layer, "
            "and do not concatenate or compare the input with other tensors"
        )


class _Calibrated:
    """A float TFLite model with ranges of tensors, measured with samples (N, *input_shape).

    The converter itself would first round the kernels of transposed convolutions. The ends have the
    limits of `start` and `end`; extreme samples would widen all later tensors.
    """

    def __init__(self, model: Any, samples: Float32, start: _End, end: _End) -> None:
        with quiet():
            content = tf.lite.TFLiteConverter.from_keras_model(model).convert()
        self._model, self.whole = read_model(content), schema.ModelT.InitFromPackedBuf(content)
        self._tensors = self.whole.subgraphs[0].tensors
        self._measure(open_interpreter(content, preserves_tensors=True), samples)
        copy_inputs(self.whole, self._model)
        self._model = read_model(packed(self.whole))
        self._share_ranges()
        self._set_range(self._model.entry, *start.limits)
        self._set_range(self._model.exit, *end.limits)

    def _measure(self, interpreter: Any, samples: Float32) -> None:
        """Set the ranges of the results. TFLite's calibrator mixes up results that share memory."""
        results = [index for operator in self._model.operators for index in operator.outputs]
        results = [index for index in results if self._model.tensors[index].dtype == np.float32]
        low, high = np.full(len(results), np.inf), np.full(len(results), _SMALLEST)
        for sample in samples:
            interpreter.set_tensor(self._model.entry, sample[None])
            interpreter.invoke()
            for number, values in enumerate(map(interpreter.get_tensor, results)):
                low[number] = min(low[number], values.min())
                high[number] = max(high[number], values.max())
        for index, *limits in zip(results, _finite(low), _finite(high), strict=True):
            self._set_range(index, *limits)

    def _share_ranges(self) -> None:
        """Widen the ranges of parts and maxima to the ranges of their source tensors.

        The converter gives both one scale, which could otherwise clip the whole to the part.
        """
        for operator in self._model.operators:
            numbers = *operator.inputs, *operator.outputs
            tensors = [self._tensors[number].quantization for number in numbers]
            ranges = [r for r in tensors if r is not None and r.min is not None]
            if operator.name in _SHARING and ranges:
                low, high = min(r.min[0] for r in ranges), max(r.max[0] for r in ranges)
                for number in operator.outputs:
                    self._set_range(number, low, high)

    def quantized(self, in_floats: Sequence[str]) -> bytes:
        with quiet():
            content = mlir_quantize(
                packed(self.whole),
                input_data_type=tf.int8,
                output_data_type=tf.int8,
                denylisted_nodes=list(in_floats) or None,
            )
        return bytes(content)

    def functions(self) -> list[str]:
        """Operators of functions that become tables; each operator would round in int8."""
        names: list[str] = []
        for numbers in functions_of(self._model):
            operators = [self._model.operators[number] for number in numbers]
            outputs = [
                operator.outputs[0] for operator in operators if operator.name not in CONVERSIONS
            ]
            if len(outputs) > 1:
                names += [self._tensors[number].name.decode() for number in outputs]
        return names

    def _set_range(self, tensor: int, low: float, high: float) -> None:
        ranges = self._tensors[tensor].quantization or schema.QuantizationParametersT()
        ranges.min, ranges.max = [low], [high]
        self._tensors[tensor].quantization = ranges

    def set_trained_ranges(self, end: _End) -> None:
        """Set the ranges of trained ReLU6: 0..6, or -6..6 for values that are added to them.

        If outputs are moved at the end, they already have the range of the model's output.
        """
        operators, in_range = self._model.operators, set[int]()
        added = {
            index for operator in operators if operator.name == "ADD" for index in operator.inputs
        }
        for operator in operators:
            activation = getattr(operator.options, "fusedActivationFunction", None)
            is_move = operator.name in _MOVES and operator.inputs[0] in in_range
            if (
                activation == schema.ActivationFunctionType.RELU6
                or is_move
                or operator.name == "MUL"
            ):
                in_range.add(operator.outputs[0])
                self._set_range(operator.outputs[0], 0.0, _CEILING)
            elif operator.outputs[0] in added:
                self._set_range(operator.outputs[0], -_CEILING, _CEILING)
        moved = self._model.exit
        for operator in reversed(operators):
            if operator.outputs[0] == moved and operator.name in (*_MOVES, *CONVERSIONS):
                moved = operator.inputs[0]
                self._set_range(moved, *end.limits)


def _finite(limits: Any) -> Float32:
    """Bounded limits of a tensor. Infinite limits, for example of exp, crash the quantizer."""
    return np.clip(np.nan_to_num(limits), -_LARGEST, _LARGEST).astype(np.float32)
