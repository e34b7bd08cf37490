"""Finding the layer of a model that the TFLite converter cannot convert."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from aecodec.export.tflite.quiet import quiet


def first_unconvertible(model: Any, error: Exception) -> str:
    """The first layer that does not convert, and why, for a message.

    Args:
        model: functional or Sequential Keras model.
        error: what the converter raised for the whole model; it is quoted if each layer converts
            when it stands alone.
    """
    for layer in model.layers:
        reason = None if isinstance(layer, keras.layers.InputLayer) else _conversion_error(layer)
        if reason:
            return f"layer {layer.name!r} ({type(layer).__name__}): {_summary(reason)}"
    return _summary(error)


def _conversion_error(layer: Any) -> Exception | None:
    try:
        inputs = keras.tree.map_structure(
            lambda tensor: keras.Input(batch_shape=(1, *tensor.shape[1:]), dtype=tensor.dtype),
            layer.input,
        )
        converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(inputs, layer(inputs)))
        with quiet():
            converter.convert()
    except Exception as error:  # the converter raises whatever its passes raise
        return error
    return None


def _summary(error: Exception) -> str:
    """The line of the error that names an operator, or else its first line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    naming = [line for line in lines if "op" in line.split() or "ops:" in line]
    return (naming or lines or [type(error).__name__])[0]
