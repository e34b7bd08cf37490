"""Whether TFLite has the operators of a model, and which layer needs one that it lacks."""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.tools import flatbuffer_utils

from aecodec.codec_files.file_names import Half
from aecodec.engine.keras import outputs_of
from aecodec.engine.litert import float_runner
from aecodec.errors import CodecError, ModelError
from aecodec.export.tflite.layer_names import layer_of
from aecodec.export.tflite.quiet import quiet
from aecodec.keras_models.pair import KerasPair
from aecodec.network.check import check_model

_MISSING = re.compile(r'"\w+:", "(?P<path>[^"@]+)@.*\'(?P<operator>tf\.\w+)\' op is neither')
"""The converter's line about an operator: where it comes from, and its name."""

_PLACE = re.compile(r'"\w+:", "(?P<path>[^"@]+)@')
"""A place in a model, in any other line of the converter."""

_ANY_SIDE = 64
"""Side with which models that take any size are tried."""

_FIXED_INSIDE = (
    "one of its layers has a fixed size in TFLite: build it of convolutions, strides, "
    "Conv2DTranspose and UpSampling2D (nearest); or give it a fixed input size"
)


def check_pair_convertible(pair: KerasPair) -> None:
    """Check both models of a pair as :func:`check_convertible` does.

    Raises:
        ModelError: one of them cannot be converted.
    """
    for half in Half:
        check_convertible(getattr(pair, half.value), half.value)


def check_convertible(model: Any, half: str) -> None:
    """Check that TFLite has all operators of a model, in seconds, before anything takes minutes.

    Args:
        model: functional Keras model with one input and one output.
        half: "encoder" or "decoder", for messages.

    Raises:
        ModelError: it lacks one, or codecs do, or the model has a loop, or takes any size in Keras
            alone; the message names the layer where it can.
    """
    _check_not_recurrent(model, half)
    shape = (1, *(side or _ANY_SIDE for side in model.input_shape[1:]))
    inputs = keras.Input(batch_shape=shape)
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(inputs, model(inputs)))
    try:
        with quiet():
            content = converter.convert()
    except Exception as error:  # the converter raises whatever its passes raise
        raise ModelError(
            f"the {half} cannot be converted to TFLite: {reason(model, error)}"
        ) from error
    graphs = flatbuffer_utils.read_model_from_bytearray(bytearray(content)).subgraphs
    if len(graphs) > 1:  # the bodies of loops and branches
        raise ModelError(f"the {half} has a loop, and int8 TFLite has none: build it without")
    try:
        check_model(bytes(content))
    except CodecError as error:
        raise ModelError(f"the {half} cannot be a codec's: {error}") from error
    if None in model.input_shape[1:] and not _works_at_another_size(model, bytes(content)):
        raise ModelError(f"the {half} takes any size, but {_FIXED_INSIDE}")


def _works_at_another_size(model: Any, content: bytes) -> bool:
    """Whether TFLite gives what Keras gives at a size for which it was not made."""
    shape = (1, *(side or 2 * _ANY_SIDE for side in model.input_shape[1:]))
    inputs = np.random.default_rng(0).random(shape, np.float32)
    try:
        found = float_runner(content)(inputs)
    except CodecError:
        return False
    expected = outputs_of(model, inputs)
    return found.shape == expected.shape and np.allclose(found, expected, rtol=1e-2, atol=1e-2)


def _check_not_recurrent(model: Any, half: str) -> None:
    recurrent = (keras.layers.RNN, keras.layers.Bidirectional)
    for layer in model.layers:
        if isinstance(layer, recurrent):
            raise ModelError(
                f"the {half} has a loop in layer {layer.name!r}: recurrent layers cannot compute "
                "in int8; put convolutions or attention in their place"
            )


def reason(model: Any, error: Exception) -> str:
    """Why a model does not convert, for a message.

    Args:
        model: functional Keras model.
        error: what the converter raised.
    """
    names = {layer.name for layer in model.layers}
    if missing := _MISSING.search(str(error)):
        layer = layer_of(missing["path"], names)
        return (
            f"layer {layer!r} needs {missing['operator']}, for which TFLite has no operator; put "
            "another layer in its place"
        )
    if place := _PLACE.search(str(error)):
        layer = layer_of(place["path"], names)
        return f"layer {layer!r} does not convert; put another layer in its place"
    return _summary(error)


def _summary(error: Exception) -> str:
    """The line of an error that names an operator, or else its first line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    naming = [line for line in lines if "op" in line.split() or "ops:" in line]
    return (naming or lines or [type(error).__name__])[0]
