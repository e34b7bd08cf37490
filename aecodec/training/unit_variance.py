"""Convolutions that start alike: all that a layer is given counts, and all that it gives varies.

Neighbouring pixels are nearly equal, and so are the sums of them that random kernels make: a
network would begin with many copies of what is easily told, and with outputs that int8 cannot tell
apart. So the first layer's inputs are decorrelated, in its kernel, and each layer's outputs scaled
to a deviation of 1 (D. Mishkin and J. Matas, "All you need is a good init", 2016).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from aecodec.training.int8_twin import is_branch

Floats = npt.NDArray[np.float32]

_MEAN, _DEVIATION = 1.0, 1.0
"""Of outputs before a ReLU6: most are neither 0 nor 6."""

_BRANCH_DEVIATION = 0.1
"""Residual branches begin small."""

_TINY = 1e-6


def start_alike(model: Any, inputs: Floats, finest: float, but: Collection[str] = ()) -> None:
    """Prepare a network's convolutions for learning.

    Args:
        model: a Keras model.
        inputs: (N, ...) that are typical for it.
        finest: the least deviation of the first layer's inputs that tells something.
        but: names of layers that stay as they are.

    >>> from keras import Input, Model, layers
    >>> x = Input((8, 8, 2))
    >>> model = Model(x, layers.Conv2D(3, 1)(x))
    >>> start_alike(model, np.random.default_rng(0).normal(size=(4, 8, 8, 2)), finest=0.1)
    >>> outputs = model(np.random.default_rng(0).normal(size=(4, 8, 8, 2))).numpy()
    >>> outputs.mean().round(3).item(), outputs.std().round(3).item()
    (1.0, 1.0)
    """
    convolutions = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D) and layer.name not in but
    ]
    _decorrelate(convolutions[0], inputs_of(convolutions[0], model, inputs), finest)
    for layer in convolutions:
        _scale(layer, inputs_of(layer, model, inputs))


def inputs_of(layer: Any, model: Any, inputs: Floats) -> Any:
    """What a layer meets when its model meets inputs (N, ...)."""
    return keras.Model(model.inputs[0], layer.input)(inputs)


def _decorrelate(layer: Any, inputs: Any, finest: float) -> None:
    """As if its inputs were their principal components, each of a deviation of 1."""
    kernel, bias = layer.get_weights()
    vectors = np.reshape(inputs, (-1, kernel.shape[2]))
    variances, components = np.linalg.eigh(np.cov(vectors, rowvar=False))
    components = components / np.sqrt(np.maximum(variances, 0) + finest**2)
    layer.set_weights([np.einsum("pc,hwco->hwpo", components, kernel), bias])


def _scale(layer: Any, inputs: Any) -> None:
    kernel, _ = layer.get_weights()
    outputs = np.asarray(layer.convolution_op(inputs, layer.kernel))
    everywhere = tuple(range(outputs.ndim - 1))
    deviation, mean = (_BRANCH_DEVIATION, 0.0) if is_branch(layer) else (_DEVIATION, _MEAN)
    scale = deviation / (outputs.std(everywhere) + _TINY)
    layer.set_weights([kernel * scale, mean - outputs.mean(everywhere) * scale])
