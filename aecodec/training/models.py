"""Keras models of any kind as functional ones, whose shapes are known and whose files open."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from aecodec.errors import ModelError


def as_functional(model: Any) -> Any:
    """A model with an input shape: itself, or a functional one of the same layers and weights.

    A subclassed model becomes its layers, so that its files open without its class, where its
    `call` uses nothing but layers. Of one that calls `keras.ops` by itself the TFLite file is
    made as well, but Keras does not open the HDF5 file.

    Args:
        model: functional, Sequential or subclassed; built, or called once.

    Raises:
        ModelError: its input shape is not known.

    >>> class Half(keras.Model):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.dense = keras.layers.Dense(3)
    ...     def call(self, images):
    ...         return self.dense(images)
    >>> half = Half()
    >>> half(np.zeros((1, 5))).shape[1]
    3
    >>> [type(layer).__name__ for layer in as_functional(half).layers]
    ['InputLayer', 'Dense']
    """
    if isinstance(getattr(model, "inputs", None), list):
        return model
    inputs = keras.Input(_input_shape(model))
    try:
        return keras.Model(inputs, model.call(inputs), name=model.name)
    except (TypeError, ValueError, AttributeError, NotImplementedError):
        # Its `call` does what symbolic tensors refuse, such as tf functions: kept as one layer.
        return keras.Model(inputs, model(inputs), name=model.name)


def _input_shape(model: Any) -> tuple[int | None, ...]:
    config = model.get_build_config() if hasattr(model, "get_build_config") else None
    shape = (config or {}).get("input_shape")
    if not shape:
        raise ModelError(
            f"{model.name}: the shape of its input is not known; call it once on a batch, "
            "or give it an Input layer"
        )
    return tuple(shape[1:])


def rescaled(encoder: Any, decoder: Any, steps: Any) -> tuple[Any, Any]:
    """The pair with latents measured in steps, so that rounding is to whole numbers.

    Args:
        encoder: images to latents (..., K).
        decoder: latents (..., K) to images.
        steps: (K,).
    """
    divide = keras.layers.Rescaling((1 / np.asarray(steps, np.float64)).tolist(), name="in_steps")
    multiply = keras.layers.Rescaling(np.asarray(steps, np.float64).tolist(), name="from_steps")
    images, codes = keras.Input(encoder.input_shape[1:]), keras.Input(decoder.input_shape[1:])
    return (
        keras.Model(images, divide(encoder(images)), name="encoder"),
        keras.Model(codes, decoder(multiply(codes)), name="decoder"),
    )
