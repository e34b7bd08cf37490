"""Which layer of a model the converter cannot make TFLite of."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from aecodec.export.quiet import quiet


def first_refused(model: Any, error: Exception) -> str:
    """The first layer that does not convert, and why, for a message.

    Args:
        model: a functional or Sequential Keras model.
        error: what the converter raised for the whole of it; told if every layer converts alone.
    """
    for layer in model.layers:
        reason = None if isinstance(layer, keras.layers.InputLayer) else _refusal(layer)
        if reason:
            return f"layer {layer.name!r} ({type(layer).__name__}): {_short(reason)}"
    return _short(error)


def _refusal(layer: Any) -> Exception | None:
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


def _short(error: Exception) -> str:
    """The line that names the operator, or the first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if "op" in line.split() or "ops:" in line]
    return (telling or lines or [type(error).__name__])[0]
