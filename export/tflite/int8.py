"""Full-int8 TFLite models of both halves, whose integers are the pixels and latents themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.python.convert import mlir_quantize
from tensorflow.lite.tools import flatbuffer_utils

from aecodec.arrays import Float32
from aecodec.codec_files.file_names import Half
from aecodec.errors import ModelError
from aecodec.export.tflite.diagnose import first_unconvertible
from aecodec.export.tflite.gptq import with_rounded_kernels
from aecodec.export.tflite.quiet import quiet
from aecodec.inference.litert import TileTransform
from aecodec.inference.transform import PIXEL_SCALE, PIXEL_ZERO

_MAX_SAMPLES, _MIN_SAMPLES = 512, 32

_ENOUGH_PIXELS = 512 * 28 * 28
"""This many pixels are enough to find the ranges of a network's tensors."""

_SHRINK = 0.8
_WORTHWHILE = 0.998


@dataclass(frozen=True)
class _End:
    """What the int8 values at the input or output of a model stand for.

    Attributes:
        low, high: float values of the integers -128 and 127.
        quantization: scale and zero point.
    """

    low: float
    high: float
    quantization: tuple[float, int]


_PIXELS = _End(0.0, 1.0, (PIXEL_SCALE, PIXEL_ZERO))
_LATENTS = _End(-128.0, 127.0, (1.0, 0))


class _FakeQuant(keras.layers.Layer):
    """Clips and rounds; the converter merges it into the layer before, which takes its scale."""

    def __init__(self, end: _End) -> None:
        super().__init__()
        self._end = end

    def call(self, inputs: Any) -> Any:
        return tf.quantization.fake_quant_with_min_max_args(inputs, self._end.low, self._end.high)


def encoder_tflite(encoder: Any, images: Float32) -> bytes:
    """An encoder whose int8 input is pixel - 128 and whose int8 output is the latents.

    Args:
        encoder: Keras model from images in 0..1 to latents; the int8 latent is round(latent),
            within -128..127.
        images: (N, *image_shape) images on which the ranges of tensors are calibrated.

    Raises:
        ModelError: the model cannot be converted, or its input or output does not quantize like
            this.
    """
    return _int8_model(encoder, _PIXELS, _LATENTS, images, Half.ENCODER)


def decoder_tflite(decoder: Any, latents: Float32) -> bytes:
    """A decoder whose int8 input is the latents and whose int8 output is pixel - 128.

    Args:
        decoder: Keras model from latents to images in 0..1.
        latents: (N, *code_shape) latents on which the ranges of tensors are calibrated.

    Raises:
        ModelError: the model cannot be converted, or its input or output does not quantize like
            this.
    """
    return _int8_model(decoder, _LATENTS, _PIXELS, latents, Half.DECODER)


def _int8_model(model: Any, start: _End, end: _End, samples: Float32, half: Half) -> bytes:
    enough = max(_MIN_SAMPLES, _ENOUGH_PIXELS // math.prod(samples.shape[1:]))
    samples = samples[: min(_MAX_SAMPLES, enough)]
    expected = np.clip(model.predict(samples, verbose=0), end.low, end.high)
    ended = _ending_in(end, with_rounded_kernels(model, samples))
    try:
        calibrated = _Calibrated(_calibrate(ended, samples))
        calibrated.set_input_range(start)
        calibrated.shrink_ranges(lambda int8: _squared_error(int8, samples, expected))
        quantized = calibrated.quantized()
    except Exception as error:  # the converter raises whatever its passes raise
        raise ModelError(
            f"the {half.value} cannot be converted to int8 TFLite: "
            f"{first_unconvertible(model, error)}"
        ) from error
    _check_ends(quantized, start, end, half)
    return quantized


def _ending_in(end: _End, model: Any) -> Any:
    inputs = keras.Input(batch_shape=(1, *model.input_shape[1:]))
    return keras.Model(inputs, _FakeQuant(end)(model(inputs)))


def _calibrate(model: Any, samples: Float32) -> bytes:
    """A float TFLite model that holds the range of every tensor."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.representative_dataset = lambda: ([sample[None]] for sample in samples)
    converter._experimental_calibrate_only = True  # which tf.lite's QuantizationDebugger sets too
    with quiet():
        return bytes(converter.convert())


class _Calibrated:
    """A float TFLite model with ranges of tensors, which may still be changed."""

    def __init__(self, model: bytes) -> None:
        self._model = flatbuffer_utils.read_model_from_bytearray(bytearray(model))
        self._graph = self._model.subgraphs[0]

    def quantized(self) -> bytes:
        """The int8 model with these ranges."""
        packed = bytes(flatbuffer_utils.convert_object_to_bytearray(self._model))
        with quiet():
            return bytes(mlir_quantize(packed, input_data_type=tf.int8, output_data_type=tf.int8))

    def set_input_range(self, start: _End) -> None:
        """Set the range of the input, so that its integers are pixels or latents.

        Samples that reach the limits of the range would have the same effect, but would widen the
        range of every tensor after it.
        """
        quantization = self._graph.tensors[self._graph.inputs[0]].quantization
        quantization.min, quantization.max = [start.low], [start.high]

    def shrink_ranges(self, error_of: Callable[[bytes], float]) -> None:
        """Shrink each limit of each tensor's range as long as that lowers the error of the model.

        A few outliers, such as the large negative numbers with which a residual branch switches
        units off, leave few steps for all other values: on digits they cost 9 dB.
        """
        limits, least = list(self._inner_limits()), error_of(self.quantized())
        improved = True
        while improved:
            improved = False
            for limit in limits:
                error = self._shrink(limit, error_of, least)
                least, improved = min(error, least), improved or error < least

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


def _as_list(limits: Any) -> list[float] | None:
    return None if limits is None else [float(limit) for limit in limits]


def _squared_error(model: bytes, samples: Float32, expected: Float32) -> float:
    """Squared error of an int8 model's output, compared with that of the float model."""
    transform = TileTransform(model)
    (scale_in, zero_in), (scale, zero) = transform.input_quantization, transform.output_quantization
    integers = np.clip(np.rint(samples / scale_in) + zero_in, -128, 127).astype(np.int8)
    found = (transform(integers).astype(np.float32) - zero) * scale
    return float(np.mean(np.square(found.reshape(expected.shape) - expected)))


def _check_ends(model: bytes, start: _End, end: _End, half: Half) -> None:
    """Check that the integers at the input and the output of a model mean what they should."""
    transform = TileTransform(model)
    found = (transform.input_quantization, transform.output_quantization)
    expected = (start.quantization, end.quantization)
    if not np.allclose(found, expected, rtol=1e-5):
        raise ModelError(
            f"the {half.value} has (scale, zero point) {found} at its input and output instead of "
            f"{expected}: its last layer must be one that int8 TFLite can end with, such as Dense "
            "or Conv2D"
        )
