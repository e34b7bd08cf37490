"""Keras models of any kind as functional ones, whose shapes are known and whose files open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from aecodec.errors import ModelError
from aecodec.training.layers import TENSOR, BareOperation

Floats = npt.NDArray[np.float64]

IN_STEPS = "_in_steps"
"""How the names end of layers that take steps instead of latents."""


def as_functional(model: Any) -> Any:
    """A model with an input shape: itself, or a functional one of the same layers and weights.

    A subclassed model becomes its layers, so that its files open without its class. What it
    calls of `keras.ops` by itself becomes a layer of aecodec's, for HDF5 files hold nothing else.

    Args:
        model: functional, Sequential or subclassed; built, or called once.

    Raises:
        ModelError: its input shape is not known, or it uses a weight outside of any layer.

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
    return with_calls(model, None, _as_layer) if _has_bare_operations(model) else model


def with_calls(model: Any, inputs: Any, call: Any) -> Any:
    """A functional model of the same layers, each called by `call(layer, *args, **kwargs)`.

    Args:
        model: functional or Sequential, with one input and one output.
        inputs: a Keras input to build it on; a new one like the model's own if None.
        call: what gives the output of a layer.
    """
    functional = keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    return keras.models.clone_model(functional, inputs, lambda layer: layer, call)


def _traced(model: Any) -> Any:
    inputs = keras.Input(_input_shape(model))
    try:
        return keras.Model(inputs, model.call(inputs), name=model.name)
    except (TypeError, ValueError, AttributeError, NotImplementedError):
        # Its `call` does what symbolic tensors refuse, such as tf functions: kept as one layer.
        return keras.Model(inputs, model(inputs), name=model.name)


def _has_bare_operations(model: Any) -> bool:
    operations = getattr(model, "operations", model.layers)  # a Sequential has layers alone
    return any(
        not isinstance(operation, keras.layers.Layer) or _is_nested_with_bare(operation)
        for operation in operations
    )


def _is_nested_with_bare(layer: Any) -> bool:
    return isinstance(getattr(layer, "inputs", None), list) and _has_bare_operations(layer)


def _as_layer(operation: Any, *args: Any, **kwargs: Any) -> Any:
    if isinstance(operation, keras.layers.Layer):
        layer = as_functional(operation) if _is_nested_with_bare(operation) else operation
        return layer(*args, **kwargs)
    leaves = keras.tree.flatten((args, kwargs))
    for leaf in leaves:
        if isinstance(leaf, keras.Variable):
            raise ModelError(f"{operation.name} uses the weight {leaf.path} outside of any layer")
    arguments = keras.tree.map_structure(
        lambda leaf: TENSOR if keras.utils.is_keras_tensor(leaf) else leaf, (args, kwargs)
    )
    tensors = [leaf for leaf in leaves if keras.utils.is_keras_tensor(leaf)]
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
    divide = keras.layers.Rescaling((1 / np.asarray(steps, np.float64)).tolist())
    return (
        keras.Model(encoder.inputs[0], divide(encoder.outputs[0]), name="encoder"),
        _taking_steps(decoder, np.asarray(steps, np.float64)),
    )


def _taking_steps(decoder: Any, steps: Floats) -> Any:
    """A decoder that multiplies by the steps first: in the kernels of the layers that come first.

    A multiplication of its own would stay one in TFLite before a padded convolution, its results
    rounded to one int8 scale for all channels; before others the converter would move it into
    kernels that are rounded by then.
    """
    codes = keras.Input(decoder.input_shape[1:])
    latents = keras.layers.Rescaling(steps.tolist())(codes)

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if keras.tree.flatten((args, kwargs))[0] is codes and _weighs_channels(layer):
            kernel, *bias = layer.get_weights()
            scaled = [kernel * steps[:, None], *bias]
            return with_weights(layer, scaled, f"{layer.name}{IN_STEPS}")(codes)
        args, kwargs = keras.tree.map_structure(
            lambda leaf: latents if leaf is codes else leaf, (args, kwargs)
        )
        return layer(*args, **kwargs)

    decoded = with_calls(decoder, codes, call)
    return keras.Model(decoded.inputs[0], decoded.outputs[0], name="decoder")


def _weighs_channels(layer: Any) -> bool:
    """Whether its kernel (..., K, outputs) weighs every channel for itself."""
    is_plain = type(layer) in (keras.layers.Dense, keras.layers.Conv2D)
    return is_plain and getattr(layer, "groups", 1) == 1


def with_weights(layer: Any, weights: Sequence[npt.NDArray[Any]], name: str) -> Any:
    """A Dense or Conv2D layer like another, with other weights.

    Args:
        layer: the other.
        weights: a kernel (..., inputs, outputs), and a bias if the other has one.
        name: of the new layer.
    """
    copy = type(layer).from_config(layer.get_config() | {"name": name})
    copy.build((None, None, None, weights[0].shape[-2]))
    copy.set_weights(weights)
    return copy
