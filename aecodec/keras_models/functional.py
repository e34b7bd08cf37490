"""Functional Keras models: convert other models, and rebuild models layer by layer.

The shapes of a functional model are known, and its files open without the original class.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Float64
from aecodec.base.errors import ModelError
from aecodec.keras_models.layers import TENSOR, BareOperation

IN_STEPS = "_in_steps"
"""Suffix of layers whose inputs are latents in units of steps, stored in model files."""


class LayerCall(NamedTuple):
    layer: Any
    inputs: list[Any]
    output: Any


def as_functional(model: Any) -> Any:
    """A model with an input shape: the model itself, or a functional model with the same layers.

    A subclassed model, which was built or called once, is replaced by its layers, so that its files
    open without its class. Calls of `keras.ops` become layers, because HDF5 only stores layers.
    Raises ModelError if the input shape is not known, or a weight is used outside a layer.
    """
    model = with_shapes(model)
    return with_calls(model, None, _as_layer) if _has_bare_operations(model) else model


def with_shapes(model: Any) -> Any:
    """A model with known inputs and outputs: the model itself, or its functional trace.

    A subclassed model must have been built or called once; raises ModelError if its input shape is
    not known.
    """
    return model if isinstance(getattr(model, "inputs", None), list) else _traced(model)


def with_calls(model: Any, inputs: Any, call: Any) -> Any:
    """Rebuild a model with one input and one output; `call` calls its layers.

    `inputs` is the Keras input of the new model; None creates one like the model's.
    """
    functional = keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    return keras.models.clone_model(functional, inputs, lambda layer: layer, call)


def calls_of(model: Any) -> tuple[Any, list[LayerCall]]:
    """Rebuild a model with one input and one output, and record the calls of its layers in order.

    A layer in several models does not know which of its tensors belong to which model.
    """
    calls: list[LayerCall] = []

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        output = layer(*args, **kwargs)
        tensors = filter(keras.utils.is_keras_tensor, keras.tree.flatten((args, kwargs)))
        calls.append(LayerCall(layer, list(tensors), output))
        return output

    return with_calls(model, None, call), calls


def free_name(name: str, model: Any) -> str:
    """A name that no layer of a model has: `name`, or `name` with a number."""
    taken = {layer.name for layer in model.layers}
    return next(candidate for candidate in numbered_names(name) if candidate not in taken)


def numbered_names(name: str) -> Iterator[str]:
    """A name, followed by the name with the numbers 1, 2, 3 and so on."""
    yield name
    yield from (f"{name}_{number}" for number in itertools.count(1))


def inputs_of(layer: Any, model: Any, inputs: npt.NDArray[Any]) -> Any:
    return keras.Model(model.inputs[0], layer.input)(inputs)


def _traced(model: Any) -> Any:
    inputs = keras.Input(_input_shape(model))
    try:
        return keras.Model(inputs, model.call(inputs), name=model.name)
    except (TypeError, ValueError, AttributeError, NotImplementedError):
        # `call` does not accept symbolic tensors, for example in tf functions: keep it as a layer.
        return keras.Model(inputs, model(inputs), name=model.name)


def _has_bare_operations(model: Any) -> bool:
    operations = getattr(model, "operations", model.layers)  # a Sequential model has only layers
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
            raise ModelError(
                f"{operation.name} uses the weight {leaf.path} outside a layer, and HDF5 files "
                "cannot store it: move it into a layer"
            )
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
            f"{model.name}: the input shape is unknown; call the model once on a batch, or add "
            "an Input layer"
        )
    return tuple(shape[1:])


def rescaled(encoder: Any, decoder: Any, steps: npt.NDArray[Any]) -> tuple[Any, Any]:
    """The models with latents (..., K) in units of quantization steps (K,), ready for rounding."""
    exact = np.asarray(steps, np.float64)
    name = free_name("latents_to_steps", encoder)
    divide = keras.layers.Rescaling((1 / exact).tolist(), name=name)
    return (
        keras.Model(encoder.inputs[0], divide(encoder.outputs[0]), name="encoder"),
        taking_steps(decoder, exact),
    )


def taking_steps(decoder: Any, steps: Float64) -> Any:
    """A decoder that multiplies codes by the steps in the kernels of its first layers.

    TFLite would round products before a padded convolution with a single scale for all channels, or
    merge the steps into kernels that are already rounded.
    """
    codes = keras.Input(decoder.input_shape[1:])
    name = free_name("steps_to_latents", decoder)
    latents = keras.layers.Rescaling(steps.tolist(), name=name)(codes)

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        is_plain = type(layer) in (keras.layers.Dense, keras.layers.Conv2D)
        has_weights_of_channels = is_plain and getattr(layer, "groups", 1) == 1
        if keras.tree.flatten((args, kwargs))[0] is codes and has_weights_of_channels:
            kernel, *bias = layer.get_weights()
            scaled = [kernel * steps[:, None], *bias]
            return with_weights(layer, scaled, f"{layer.name}{IN_STEPS}")(codes)
        args, kwargs = keras.tree.map_structure(
            lambda leaf: latents if leaf is codes else leaf, (args, kwargs)
        )
        return layer(*args, **kwargs)

    decoded = with_calls(decoder, codes, call)
    return keras.Model(decoded.inputs[0], decoded.outputs[0], name="decoder")


def with_weights(layer: Any, weights: Sequence[npt.NDArray[Any]], name: str) -> Any:
    """A copy of a Dense or Conv2D layer with a new name, kernel (..., inputs, outputs) and bias."""
    copy = type(layer).from_config(layer.get_config() | {"name": name})
    copy.build((None, None, None, weights[0].shape[-2]))
    copy.set_weights(weights)
    return copy
