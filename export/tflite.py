"""Full-int8 TFLite models of both halves, whose integers are pixels and codes themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.lite.python.convert import mlir_quantize
from tensorflow.lite.tools import flatbuffer_utils

from aecodec.errors import ModelError
from aecodec.export.culprit import first_refused
from aecodec.export.quiet import quiet
from aecodec.export.rounding import with_rounded_kernels
from aecodec.transforms import PIXEL_SCALE, PIXEL_ZERO, LiteRtTransform

Floats = npt.NDArray[np.float32]

Range = tuple[float, float]

_MOST_SAMPLES, _FEWEST_SAMPLES = 512, 32
_ENOUGH = 512 * 28 * 28
"""So many pixels are enough to know the ranges of a network's tensors by."""

_SHRINK = 0.8
_WORTH_WHILE = 0.998
_PIXEL_RANGE = (0.0, 1.0)
_CODE_RANGE = (-128.0, 127.0)


class _FakeQuant(keras.layers.Layer):
    """Clips and rounds; the converter absorbs it into the layer before and takes its scale."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self._range = (low, high)

    def call(self, inputs: Any) -> Any:
        return tf.quantization.fake_quant_with_min_max_args(inputs, *self._range)


def encoder_tflite(encoder: Any, images: Floats) -> bytes:
    """An encoder whose int8 input is pixel - 128 and whose int8 output is the code.

    Args:
        encoder: a Keras model, images in 0..1 to latents; the code is round(latent), within
            -128..127.
        images: (N, *image_shape) images to calibrate on.

    Raises:
        ModelError: the model cannot be converted, or its ends do not quantize so.
    """
    model = _convert(encoder, _PIXEL_RANGE, _CODE_RANGE, images, "encoder")
    return _checked(model, (PIXEL_SCALE, PIXEL_ZERO), (1.0, 0), "encoder")


def decoder_tflite(decoder: Any, latents: Floats) -> bytes:
    """A decoder whose int8 input is the code and whose int8 output is pixel - 128.

    Args:
        decoder: a Keras model, latents to images in 0..1.
        latents: (N, *code_shape) codes to calibrate on.

    Raises:
        ModelError: the model cannot be converted, or its ends do not quantize so.
    """
    model = _convert(decoder, _CODE_RANGE, _PIXEL_RANGE, latents, "decoder")
    return _checked(model, (1.0, 0), (PIXEL_SCALE, PIXEL_ZERO), "decoder")


def _convert(model: Any, range_in: Range, range_out: Range, samples: Floats, half: str) -> bytes:
    enough = max(_FEWEST_SAMPLES, _ENOUGH // math.prod(samples.shape[1:]))
    samples = samples[: min(_MOST_SAMPLES, enough)]
    expected = np.clip(model.predict(samples, verbose=0), *range_out)
    ended = _ending_in(range_out, with_rounded_kernels(model, samples))
    try:
        calibrated = _Calibrated(_calibrate(ended, samples))
        calibrated.state_input_range(range_in)
        calibrated.shrink_ranges(lambda int8: _squared_error(int8, samples, expected))
        return calibrated.quantized()
    except Exception as error:  # the converter raises whatever its passes raise
        raise ModelError(
            f"the {half} cannot be converted to int8 TFLite: {first_refused(model, error)}"
        ) from error


def _ending_in(range_out: Range, model: Any) -> Any:
    inputs = keras.Input(batch_shape=(1, *model.input_shape[1:]))
    return keras.Model(inputs, _FakeQuant(*range_out)(model(inputs)))


def _calibrate(model: Any, samples: Floats) -> bytes:
    """A float TFLite model that holds the range of every tensor."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.representative_dataset = lambda: ([sample[None]] for sample in samples)
    converter._experimental_calibrate_only = True  # as tf.lite's QuantizationDebugger takes it
    with quiet():
        return bytes(converter.convert())


class _Calibrated:
    """A float TFLite model whose ranges may still be changed."""

    def __init__(self, model: bytes) -> None:
        self._model = flatbuffer_utils.read_model_from_bytearray(bytearray(model))
        self._graph = self._model.subgraphs[0]

    def quantized(self) -> bytes:
        """The int8 model that these ranges make."""
        packed = bytes(flatbuffer_utils.convert_object_to_bytearray(self._model))
        with quiet():
            return bytes(mlir_quantize(packed, input_data_type=tf.int8, output_data_type=tf.int8))

    def state_input_range(self, input_range: Range) -> None:
        """The input's integers must mean pixels or codes.

        Samples at the ends of the code's range would do as much, and stretch the range of every
        tensor behind it.
        """
        quantization = self._graph.tensors[self._graph.inputs[0]].quantization
        quantization.min, quantization.max = ([end] for end in input_range)

    def shrink_ranges(self, error_of: Callable[[bytes], float]) -> None:
        """Shrink each end of each tensor's range as long as that lowers the error.

        Few outliers, such as the large negative numbers with which a residual branch switches
        units off, leave few steps for all other values: on digits they cost 9 dB.
        """
        ends, least = list(self._inner_ends()), error_of(self.quantized())
        improved = True
        while improved:
            improved = False
            for end in ends:
                error = self._shrunk(end, error_of, least)
                least, improved = min(error, least), improved or error < least

    def _shrunk(self, end: list[float], error_of: Callable[[bytes], float], least: float) -> float:
        """The error when one end is where it is least."""
        kept = end[0]
        end[0] = kept * _SHRINK
        error = error_of(self.quantized())
        if error < least * _WORTH_WHILE:
            return self._shrunk(end, error_of, error)
        end[0] = kept
        return least

    def _inner_ends(self) -> Iterator[list[float]]:
        for tensor in self._tensors_between():
            ranges = tensor.quantization
            for ends in (ranges.min, ranges.max):
                if ends is not None and len(ends) == 1 and ends[0] != 0:
                    yield ends

    def _tensors_between(self) -> Iterator[Any]:
        """What operators hand on to others, in order."""
        for operator in self._graph.operators:
            for index in operator.outputs:
                tensor = self._graph.tensors[index]
                if index not in self._graph.outputs and tensor.quantization:
                    tensor.quantization.min = _as_list(tensor.quantization.min)
                    tensor.quantization.max = _as_list(tensor.quantization.max)
                    yield tensor


def _as_list(ends: Any) -> list[float] | None:
    return None if ends is None else [float(end) for end in ends]


def _squared_error(model: bytes, samples: Floats, expected: Floats) -> float:
    """Of an int8 model's output, against the float model's."""
    transform = LiteRtTransform(model)
    (scale_in, zero_in), (scale, zero) = transform.input_quantization, transform.output_quantization
    integers = np.clip(np.rint(samples / scale_in) + zero_in, -128, 127).astype(np.int8)
    found = (transform(integers).astype(np.float32) - zero) * scale
    return float(np.mean(np.square(found.reshape(expected.shape) - expected)))


def _checked(
    model: bytes, ends_in: tuple[float, int], ends_out: tuple[float, int], half: str
) -> bytes:
    """The model, if its integers mean what they should."""
    loaded = LiteRtTransform(model)
    found = (loaded.input_quantization, loaded.output_quantization)
    expected = (ends_in, ends_out)
    if not np.allclose(found, expected, rtol=1e-5):
        raise ModelError(
            f"the {half} quantizes as (scale, zero point) {found} at its ends, not as {expected}: "
            "its last layer must be one that int8 TFLite can end with, such as Dense or Conv2D"
        )
    return model
