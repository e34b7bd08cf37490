"""Keras models of any kind as functional ones, whose shapes are known and whose files open."""

from __future__ import annotations

from inspect import signature
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from aecodec.errors import ModelError
from aecodec.training.layers import BareOperation

Floats = npt.NDArray[np.float64]


def as_functional(model: Any) -> Any:
    """A model with an input shape: itself, or a functional one of the same layers and weights.

    A subclassed model becomes its layers, so that its files open without its class. What it
    calls of `keras.ops` by itself becomes a layer, for HDF5 files hold nothing else.

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
    if not isinstance(getattr(model, "inputs", None), list):
        model = _traced(model)
    operations = getattr(model, "operations", model.layers)  # a Sequential has layers alone
    if all(isinstance(operation, keras.layers.Layer) for operation in operations):
        return model
    return keras.models.clone_model(model, clone_function=_same, call_function=_as_layer)


def _traced(model: Any) -> Any:
    inputs = keras.Input(_input_shape(model))
    try:
        return keras.Model(inputs, model.call(inputs), name=model.name)
    except (TypeError, ValueError, AttributeError, NotImplementedError):
        # Its `call` does what symbolic tensors refuse, such as tf functions: kept as one layer.
        return keras.Model(inputs, model(inputs), name=model.name)


def _same(operation: Any) -> Any:
    return operation


def _as_layer(operation: Any, *args: Any, **kwargs: Any) -> Any:
    if isinstance(operation, keras.layers.Layer):
        return operation(*args, **kwargs)
    given = dict(signature(operation.call).bind(*args, **kwargs).arguments)
    tensors = [each for each in keras.tree.flatten(given) if keras.utils.is_keras_tensor(each)]
    arguments = keras.tree.map_structure(
        lambda each: BareOperation.TENSOR if keras.utils.is_keras_tensor(each) else each, given
    )
    return BareOperation(operation, arguments, name=operation.name)(tensors)


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
    return (
        keras.Model(encoder.inputs[0], divide(encoder.outputs[0]), name="encoder"),
        _taking_steps(decoder, np.asarray(steps, np.float64)),
    )


def _taking_steps(decoder: Any, steps: Floats) -> Any:
    """A decoder that multiplies by the steps first: in the kernels of convolutions that come first.

    TFLite's converter does so with other layers. Before a padded convolution it leaves a
    multiplication, to int8 numbers of one scale for all channels, which costs a tenth of a dB.
    """
    codes = keras.Input(decoder.input_shape[1:])
    latents = keras.layers.Rescaling(steps.tolist(), name="from_steps")(codes)

    def applied(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if args[0] is codes and type(layer) is keras.layers.Conv2D and layer.groups == 1:
            return _with_scaled_kernel(layer, steps)(codes)
        taken = keras.tree.map_structure(lambda each: latents if each is codes else each, args)
        return layer(*taken, **kwargs)

    functional = keras.Model(decoder.inputs[0], decoder.outputs[0], name="decoder")
    return keras.models.clone_model(functional, codes, _same, applied)


def _with_scaled_kernel(layer: Any, scales: Floats) -> Any:
    scaled = keras.layers.Conv2D.from_config(layer.get_config())
    kernel, *bias = layer.get_weights()
    scaled.build((None, None, None, len(scales)))
    scaled.set_weights([kernel * scales[:, None], *bias])
    return scaled
