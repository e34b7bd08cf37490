"""Full-int8 TFLite models of both halves, whose integers are pixels and codes themselves."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.lite.python.convert import mlir_quantize
from tensorflow.lite.tools import flatbuffer_utils

from aecodec.errors import ModelError
from aecodec.transforms import PIXEL_SCALE, PIXEL_ZERO, LiteRtTransform, silent_stderr

Floats = npt.NDArray[np.float32]

Range = tuple[float, float]

_CALIBRATION = 500
_PIXEL_RANGE = (0.0, 1.0)


class _FakeQuant(keras.layers.Layer):
    """Clips and rounds; the converter absorbs it into the layer before and takes its scale."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self._range = (low, high)

    def call(self, inputs: Any) -> Any:
        return tf.quantization.fake_quant_with_min_max_args(inputs, *self._range)


def encoder_tflite(encoder: Any, step: float, images: Floats) -> bytes:
    """An encoder whose int8 input is pixel - 128 and whose int8 output is the code.

    Args:
        encoder: a Keras model, images in 0..1 to latents.
        step: code = round(latent / step), within -128..127.
        images: (N, *image_shape) images to calibrate on.

    Raises:
        ModelError: the model cannot be converted, or its ends do not quantize so.
    """
    model = _convert(encoder, _PIXEL_RANGE, _code_range(step), images, "encoder")
    return _checked(model, (PIXEL_SCALE, PIXEL_ZERO), (step, 0), "encoder")


def decoder_tflite(decoder: Any, step: float, latents: Floats) -> bytes:
    """A decoder whose int8 input is the code and whose int8 output is pixel - 128.

    Args:
        decoder: a Keras model, latents to images in 0..1.
        step: latent = code * step.
        latents: (N, *code_shape) latents to calibrate on.

    Raises:
        ModelError: the model cannot be converted, or its ends do not quantize so.
    """
    model = _convert(decoder, _code_range(step), _PIXEL_RANGE, latents, "decoder")
    return _checked(model, (step, 0), (PIXEL_SCALE, PIXEL_ZERO), "decoder")


def _code_range(step: float) -> Range:
    return -128 * step, 127 * step


def _convert(model: Any, range_in: Range, range_out: Range, samples: Floats, half: str) -> bytes:
    inputs = keras.Input(batch_shape=(1, *model.input_shape[1:]))
    wrapped = keras.Model(inputs, _FakeQuant(*range_out)(model(inputs)))
    try:
        with _quiet():
            calibrated = _with_input_range(_calibrated(wrapped, samples), range_in)
            int8 = {"input_data_type": tf.int8, "output_data_type": tf.int8}
            return bytes(mlir_quantize(calibrated, **int8))
    except Exception as error:  # the converter raises whatever its passes raise
        raise ModelError(f"the {half} cannot be converted to int8 TFLite: {error}") from error


def _calibrated(model: Any, samples: Floats) -> bytes:
    """A float TFLite model that holds the range of every tensor."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.representative_dataset = lambda: ([s[None]] for s in samples[:_CALIBRATION])
    converter._experimental_calibrate_only = True  # as tf.lite's QuantizationDebugger takes it
    return bytes(converter.convert())


def _with_input_range(calibrated: bytes, input_range: Range) -> bytes:
    """State the range of the input, whose integers must mean pixels or codes.

    Samples at the ends of the code's range would do as much, and stretch the range of every
    tensor behind it: on digits that cost 4 dB.
    """
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(calibrated))
    graph = model.subgraphs[0]
    quantization = graph.tensors[graph.inputs[0]].quantization
    quantization.min, quantization.max = ([end] for end in input_range)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


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


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The converter talks on stdout, on stderr from C++, through warnings and a logger."""
    logger = logging.getLogger("tensorflow")
    before = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), silent_stderr():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logger.setLevel(before)
