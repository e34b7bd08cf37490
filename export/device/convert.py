"""Conversion of a half of a codec to Keras or TFLite files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from aecodec.arrays import Float32
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.errors import ModelError
from aecodec.export.device.options import Precision
from aecodec.export.tflite.diagnose import reason
from aecodec.export.tflite.metadata import with_metadata
from aecodec.export.tflite.quiet import quiet
from aecodec.network.check import check_model
from aecodec.version import version


def keras_file(model: Any) -> bytes:
    """The content of a `.keras` file."""
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary, "model.keras")
        model.save(file)
        return file.read_bytes()


def tflite_file(
    folder: CodecFolder, half: Half, model: Any, precision: Precision, samples: Float32
) -> bytes:
    """A half of a codec as the content of a TFLite file.

    At int8, it is the codec's own file, whose integers are pixels and latents. At other precisions,
    inputs and outputs are floats: images in 0..1 and latents. `model` is the half as a float Keras
    model, and `samples` (N, ...) are inputs for the calibration of int16x8.

    Raises ModelError if TensorFlow cannot convert the model, and CodecError if the codec's own file
    is missing or not from the exporters.
    """
    if precision is Precision.INT8:
        content = folder.read(half.tflite)
        check_model(content)  # the file may come from an untrusted source
    else:
        content = _converted(model, precision, samples)
    description = {
        "codec": folder.spec.name,
        "codec_id": folder.spec.codec_id.hex(),
        "aecodec": version(),
        "precision": precision.value,
    }
    return with_metadata(content, half.signature, description)


def _converted(model: Any, precision: Precision, samples: Float32) -> bytes:
    inputs = keras.Input(batch_shape=(1, *model.input_shape[1:]))
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(inputs, model(inputs)))
    _CONFIGURE[precision](converter, samples)
    try:
        with quiet():
            return bytes(converter.convert())
    except Exception as error:  # the converter raises whatever its passes raise
        raise ModelError(
            f"{model.name} does not convert to {precision.value} TFLite: {reason(model, error)}"
        ) from error


def _float32(converter: Any, samples: Float32) -> None:
    """Keep the defaults of the converter."""


def _float16(converter: Any, samples: Float32) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]


def _dynamic(converter: Any, samples: Float32) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]


def _int16x8(converter: Any, samples: Float32) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    ]
    converter.representative_dataset = lambda: ([sample[None]] for sample in samples)


_CONFIGURE: dict[Precision, Callable[[Any, Float32], None]] = {
    Precision.INT16X8: _int16x8,
    Precision.DYNAMIC: _dynamic,
    Precision.FLOAT16: _float16,
    Precision.NONE: _float32,
}
