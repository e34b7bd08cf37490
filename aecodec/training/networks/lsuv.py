"""Layer-sequential unit-variance initialization (LSUV) of convolutions.

Neighbouring pixels are nearly equal, and so are their sums with random kernels. A network would
start with many copies of its simplest feature, and with outputs that int8 cannot distinguish.
Therefore, the kernel of the first layer decorrelates its inputs, and the outputs of each layer are
scaled to a standard deviation of 1 (D. Mishkin and J. Matas, "All you need is a good init", 2016).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

import keras
import numpy as np

from aecodec.arrays import Float32
from aecodec.keras_models.functional import inputs_of
from aecodec.keras_models.roles import Role, role_of

_MEAN, _DEVIATION = 1.0, 1.0
"""Mean and deviation of outputs before a ReLU6, with which most are neither 0 nor 6."""

_BRANCH_DEVIATION = 0.1
"""Initial deviation of residual branches."""

_SMALLEST_DEVIATION = 1e-6


def initialize(
    model: Any,
    inputs: Float32,
    finest: float,
    excluded: Collection[Role] = (),
    correlated: Mapping[str, float] = MappingProxyType({}),
) -> None:
    """Scale the weights of a model's convolutions for learning, with typical inputs (N, ...).

    `finest` is the least standard deviation of the first layer's inputs that carries information.
    Layers with `excluded` roles do not change. `correlated` names other layers whose inputs are
    pixels, with the least deviations that carry information.

    >>> from keras import Input, Model, layers
    >>> x = Input((8, 8, 2))
    >>> model = Model(x, layers.Conv2D(3, 1)(x))
    >>> initialize(model, np.random.default_rng(0).normal(size=(4, 8, 8, 2)), finest=0.1)
    >>> outputs = model(np.random.default_rng(0).normal(size=(4, 8, 8, 2))).numpy()
    >>> outputs.mean().round(3).item(), outputs.std().round(3).item()
    (1.0, 1.0)
    """
    convolutions = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D) and role_of(layer) not in excluded
    ]
    first, *_ = convolutions
    least = {first.name: finest, **correlated}
    for layer in convolutions:
        if layer.name in least:
            _decorrelate(layer, inputs_of(layer, model, inputs), least[layer.name])
        _scale(layer, inputs_of(layer, model, inputs))


def _decorrelate(layer: Any, inputs: Any, finest: float) -> None:
    """Apply a kernel to the principal components of its inputs, scaled to a deviation of 1."""
    kernel, bias = layer.get_weights()
    vectors = np.reshape(inputs, (-1, kernel.shape[2]))
    variances, components = np.linalg.eigh(np.cov(vectors, rowvar=False))
    components = components / np.sqrt(np.maximum(variances, 0) + finest**2)
    layer.set_weights([np.einsum("pc,hwco->hwpo", components, kernel), bias])


def _scale(layer: Any, inputs: Any) -> None:
    kernel, _ = layer.get_weights()
    outputs = np.asarray(layer.convolution_op(inputs, layer.kernel))
    all_but_last = tuple(range(outputs.ndim - 1))
    ends_branch = role_of(layer) is Role.BRANCH_END
    deviation, mean = (_BRANCH_DEVIATION, 0.0) if ends_branch else (_DEVIATION, _MEAN)
    scale = deviation / (outputs.std(all_but_last) + _SMALLEST_DEVIATION)
    layer.set_weights([kernel * scale, mean - outputs.mean(all_but_last) * scale])
