"""One half of a codec in another format: HDF5, Keras, or TFLite at any precision."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from aecodec import __version__
from aecodec.errors import ModelError
from aecodec.export.culprit import first_refused
from aecodec.export.kinds import Half, Precision
from aecodec.export.labels import labelled
from aecodec.export.quiet import quiet
from aecodec.spec import CodecFolder
from aecodec.training.layers import load_model


def keras_half(folder: CodecFolder, half: Half) -> Any:
    """The float Keras model of a codec's half.

    Raises:
        CodecError: its HDF5 file is absent or damaged.
    """
    return opened(half.hdf5, folder.read(half.hdf5))


def opened(name: str, content: bytes) -> Any:
    """The Keras model in the content of an HDF5 or `.keras` file."""
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary, name)
        file.write_bytes(content)
        return load_model(file)


def keras_file(model: Any) -> bytes:
    """A Keras model as a `.keras` file."""
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary, "model.keras")
        model.save(file)
        return file.read_bytes()


def tflite_file(
    folder: CodecFolder,
    half: Half,
    model: Any,
    precision: Precision,
    samples: npt.NDArray[np.float32],
) -> bytes:
    """A half as TFLite; int8 is the codec's own, whose integers are pixels and codes.

    All others take and give floats: images in 0..1, latents.

    Args:
        folder: the codec.
        half: which half.
        model: its float Keras model.
        precision: of weights and arithmetic.
        samples: inputs of that half to calibrate int16x8 on.

    Raises:
        ModelError: the converter cannot make it.
    """
    if precision is Precision.INT8:
        content = folder.read(half.tflite)
    else:
        content = _converted(model, precision, samples)
    description = {
        "codec": folder.spec.name,
        "codec_id": folder.spec.codec_id.hex(),
        "aecodec": __version__,
        "precision": precision.value,
    }
    return labelled(content, half.signature, description)


def _converted(model: Any, precision: Precision, samples: npt.NDArray[np.float32]) -> bytes:
    inputs = keras.Input(batch_shape=(1, *model.input_shape[1:]))
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(inputs, model(inputs)))
    _SETTINGS[precision](converter, samples)
    try:
        with quiet():
            return bytes(converter.convert())
    except Exception as error:  # the converter raises whatever its passes raise
        raise ModelError(
            f"{model.name}: no {precision.value} TFLite of it: {first_refused(model, error)}"
        ) from error


def _float(converter: Any, samples: npt.NDArray[np.float32]) -> None:
    """Nothing to set."""


def _float16(converter: Any, samples: npt.NDArray[np.float32]) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]


def _dynamic(converter: Any, samples: npt.NDArray[np.float32]) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]


def _int16x8(converter: Any, samples: npt.NDArray[np.float32]) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    ]
    converter.representative_dataset = lambda: ([sample[None]] for sample in samples)


_SETTINGS: dict[Precision, Callable[[Any, npt.NDArray[np.float32]], None]] = {
    Precision.INT16X8: _int16x8,
    Precision.DYNAMIC: _dynamic,
    Precision.FLOAT16: _float16,
    Precision.NONE: _float,
}
