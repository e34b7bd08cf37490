"""Models in inference form: a flat graph without layers that matter only in training.

Nested and subclassed models are replaced by their layers. Dropout, noise and augmentation are
removed. Layers that were called with `training=True` are called as in inference, and all layers
compute in float32.
"""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

import keras
import numpy as np

from aecodec.keras_models.functional import numbered_names, with_shapes
from aecodec.keras_models.layers import DepthToSpace, Standardization

_NOISE = (
    keras.layers.ActivityRegularization,
    keras.layers.AlphaDropout,
    keras.layers.Dropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
)
_AUGMENTATION = ("AugMix", "CutMix", "MixUp", "Rand")
"""Layers, and beginnings of the names of layers, that return their input unchanged in inference.
Augmentation layers have `training=True` by default."""

_FLOAT32 = "float32"


def in_inference_form(model: Any, tensor: Any) -> Any:
    """Apply a model with one input to a Keras tensor, as layers of a flat graph.

    Layers keep their weights and, if unique, their names. Returns a Keras tensor, or the structure
    of tensors that the model returns. Raises ModelError if the input shape is not known.
    """
    return _Inlining().run(with_shapes(model), tensor)


class _Inlining:
    def __init__(self) -> None:
        self._named: dict[str, Any] = {}
        self._copies: dict[int, Any] = {}

    def run(self, model: Any, *tensors: Any) -> Any:
        graph = keras.Model(model.inputs, model.outputs) if _is_sequential(model) else model
        outputs = graph._run_through_graph(tensors, call_fn=self._call)
        is_single = _is_sequential(model) and isinstance(outputs, list)
        return outputs[0] if is_single else outputs

    def _call(self, operation: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(operation, keras.layers.Layer):
            return operation(*args, **kwargs)
        if _is_for_training(operation):
            return args[0]
        kwargs.pop("training", None)
        if _normalizes_channels(operation, args[0]):
            return self._standardized(operation, args[0])
        if _enlarges_any_size(operation, args[0]):
            return _enlarged(args[0], operation.size[0], operation.name)
        if isinstance(operation, keras.Model):
            return self.run(with_shapes(operation), *keras.tree.flatten((args, kwargs)))
        return self._uniquely_named(operation, *args, **kwargs)

    def _standardized(self, layer: Any, tensor: Any) -> Any:
        """The result of a normalization, whose statistics int8 would round."""
        (*sides, channels), groups = tensor.shape[1:], getattr(layer, "groups", None)
        steps = [Standardization((-1,), layer.epsilon, name=layer.name)]
        if groups == channels:
            steps = [Standardization(range(1, 1 + len(sides)), layer.epsilon, name=layer.name)]
        elif groups:
            parts = keras.layers.Reshape((math.prod(sides), groups, channels // groups))
            steps = [
                parts,
                Standardization((1, 3), layer.epsilon, name=layer.name),
                keras.layers.Reshape((*sides, channels)),
            ]
        scale, offset = (
            default if weight is None else np.asarray(weight).tolist()
            for weight, default in ((layer.gamma, 1.0), (layer.beta, 0.0))
        )
        steps.append(keras.layers.Rescaling(scale, offset, name=f"{layer.name}_scale"))
        return reduce(lambda result, step: self._uniquely_named(step, result), steps, tensor)

    def _uniquely_named(self, layer: Any, *args: Any, **kwargs: Any) -> Any:
        if id(layer) in self._copies:
            return self._copies[id(layer)](*args, **kwargs)
        if self._is_free(layer.name, layer) and layer.dtype_policy.name == _FLOAT32:
            self._named[layer.name] = layer
            return layer(*args, **kwargs)
        candidates = numbered_names(layer.name)
        name = next(candidate for candidate in candidates if self._is_free(candidate, layer))
        copy = type(layer).from_config(layer.get_config() | {"name": name, "dtype": _FLOAT32})
        result = copy(*args, **kwargs)
        copy.set_weights(layer.get_weights())
        self._named[name] = self._copies[id(layer)] = copy
        return result

    def _is_free(self, name: str, layer: Any) -> bool:
        return self._named.get(name, layer) is layer


def _normalizes_channels(layer: Any, tensor: Any) -> bool:
    """Whether a layer normalizes the last axis, or groups of it in pictures of a known size."""
    if type(layer) is keras.layers.GroupNormalization:
        return layer.axis in (-1, len(tensor.shape) - 1) and None not in tensor.shape[1:]
    is_plain = type(layer) is keras.layers.LayerNormalization and not layer.rms_scaling
    return is_plain and list(layer.axis) in ([-1], [len(tensor.shape) - 1])


def _enlarges_any_size(layer: Any, tensor: Any) -> bool:
    """Whether a layer repeats pixels of any size; TFLite would fix its size."""
    return (
        type(layer) is keras.layers.UpSampling2D
        and None in tensor.shape[1:]
        and layer.interpolation == "nearest"
        and layer.data_format == "channels_last"
        and layer.size[0] == layer.size[1]
    )


def _enlarged(tensor: Any, factor: int, name: str) -> Any:
    copies = keras.layers.Concatenate(name=f"{name}_copies")([tensor] * factor**2)
    return DepthToSpace(factor, name=name)(copies)


def _is_sequential(model: Any) -> bool:
    return isinstance(model, keras.Sequential)


def _is_for_training(layer: Any) -> bool:
    """Whether a layer of Keras returns its input in inference; RandomCrop does not."""
    name, module = type(layer).__name__, type(layer).__module__
    augments = name.startswith(_AUGMENTATION) and name != "RandomCrop"
    return module.split(".")[0] == "keras" and (augments or isinstance(layer, _NOISE))
