"""Random fully convolutional pairs of Keras models, of many kinds of layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from helpers.networks.pairs import Pair
from keras import layers as L  # noqa: N812 - in a long table
from keras import ops

from aecodec.keras_models.layers import DepthToSpace, SpaceToDepth

Tensor, Random = Any, np.random.Generator
SAME = {"padding": "same"}


def _window(rng: Random) -> tuple[int, int]:
    return tuple(rng.integers(1, 6, 2).tolist())


def _two(tensor: Tensor, rng: Random) -> list[Tensor]:
    """A tensor, and a convolution of it with as many channels."""
    return [tensor, L.Conv2D(tensor.shape[-1], _window(rng), **SAME)(tensor)]


def _bordered(tensor: Tensor, rng: Random, mode: str) -> Tensor:
    border = ops.pad(tensor, [[0, 0], [1, 1], [2, 2], [0, 0]], mode)
    return L.Conv2D(6, (3, 5))(border)


KINDS: dict[str, Callable[[Tensor, Random], Tensor]] = {
    "convolution": lambda t, r: L.Conv2D(8, _window(r), **SAME)(t),
    "1x1 convolution": lambda t, r: L.Conv2D(int(r.integers(4, 12)), 1)(t),
    "dilated convolution": lambda t, r: L.Conv2D(8, 3, dilation_rate=(2, 3), **SAME)(t),
    "grouped convolution": lambda t, r: L.Conv2D(8, 3, groups=2, **SAME)(L.Conv2D(6, 1)(t)),
    "valid convolution": lambda t, r: L.Conv2D(8, (3, 5))(L.ZeroPadding2D((1, 2))(t)),
    "depthwise convolution": lambda t, r: L.DepthwiseConv2D(_window(r), **SAME)(t),
    "dilated depthwise": lambda t, r: L.DepthwiseConv2D(3, dilation_rate=2, **SAME)(t),
    "separable convolution": lambda t, r: L.SeparableConv2D(8, 3, **SAME)(t),
    "dense": lambda t, r: L.Dense(8, "relu")(t),
    "batch normalization": lambda t, r: L.BatchNormalization()(t),
    "residual": lambda t, r: L.Add()(_two(t, r)),
    "difference": lambda t, r: L.Subtract()(_two(t, r)),
    "average": lambda t, r: L.Average()(_two(t, r)),
    "maximum": lambda t, r: L.Maximum()(_two(t, r)),
    "minimum": lambda t, r: L.Minimum()(_two(t, r)),
    "gate": lambda t, r: L.Multiply()([t, ops.sigmoid(L.Conv2D(t.shape[-1], 3, **SAME)(t))]),
    "concatenation": lambda t, r: L.Concatenate()(_two(t, r)),
    "maximum pooling": lambda t, r: L.MaxPooling2D(_window(r), 1, "same")(t),
    "average pooling": lambda t, r: L.AveragePooling2D(_window(r), 1, "same")(t),
    "border of zeros": lambda t, r: _bordered(t, r, "constant"),
    "reflection": lambda t, r: _bordered(t, r, "reflect"),
    "cropping": lambda t, r: L.Cropping2D(((1, 2), (0, 3)))(L.ZeroPadding2D(((2, 1), (3, 0)))(t)),
    "PReLU": lambda t, r: L.PReLU(shared_axes=(1, 2), alpha_initializer="uniform")(t),
    "leaky": lambda t, r: L.LeakyReLU(0.2)(t),
    "rescaling": lambda t, r: L.Rescaling(0.5, 0.1)(t),
    "dropout": lambda t, r: L.Dropout(0.2)(L.GaussianNoise(0.1)(t)),
    "softmax": lambda t, r: L.Softmax()(t),
    "channel slice": lambda t, r: L.Conv2D(8, 3, **SAME)(t)[..., 2:7],
    "split": lambda t, r: L.Add()(ops.split(L.Conv2D(8, 3, **SAME)(t), 2, axis=-1)),
    "channel mean": lambda t, r: L.Multiply()([t, ops.mean(t, -1, keepdims=True)]),
    **{
        name: lambda t, r, name=name: L.Activation(name)(t)
        for name in ("relu", "relu6", "elu", "silu", "gelu", "tanh", "sigmoid", "hard_silu", "mish")
    },
}  # fmt: skip
"""Layers after which a picture has the same size."""

DOWN: dict[str, Callable[[Tensor, Random, int], Tensor]] = {
    "strided": lambda t, r, f: L.Conv2D(8, _window(r), f, "same")(t),
    "strided, valid": lambda t, r, f: L.Conv2D(8, f, f)(t),
    "strided, padded": lambda t, r, f: L.Conv2D(8, f + 2, f)(L.ZeroPadding2D(1)(t)),
    "strided depthwise": lambda t, r, f: L.DepthwiseConv2D(3, f, "same")(t),
    "strided separable": lambda t, r, f: L.SeparableConv2D(8, 3, f, "same")(t),
    "pooled maximum": lambda t, r, f: L.MaxPooling2D(f)(t),
    "pooled average": lambda t, r, f: L.AveragePooling2D(f, f, "same")(t),
    "pooled windows": lambda t, r, f: L.MaxPooling2D(3, f, "same")(t),
    "space to depth": lambda t, r, f: L.Conv2D(8, 1)(SpaceToDepth(f)(t)),
}
UP: dict[str, Callable[[Tensor, Random, int], Tensor]] = {
    "transposed": lambda t, r, f: L.Conv2DTranspose(8, _window(r), f, "same")(t),
    "transposed, valid": lambda t, r, f: L.Conv2DTranspose(8, f, f)(t),
    "transposed, cropped": lambda t, r, f: L.Cropping2D(1)(L.Conv2DTranspose(8, f + 2, f)(t)),
    "nearest": lambda t, r, f: L.UpSampling2D(f)(t),
    "bilinear": lambda t, r, f: L.UpSampling2D(f, interpolation="bilinear")(t),
    "depth to space": lambda t, r, f: DepthToSpace(f)(L.Conv2D(4 * f * f, 3, **SAME)(t)),
}


def _spread(entry: Tensor, tensor: Tensor, samples: np.ndarray, width: float) -> keras.Model:
    """A model whose outputs for the samples have the mean 0 and this standard deviation."""
    outputs = np.asarray(keras.Model(entry, tensor)(samples))
    scale = width / max(outputs.std(), 1e-6)
    return keras.Model(entry, L.Rescaling(scale, -outputs.mean() * scale)(tensor))


def random_pair(seed: int) -> tuple[str, Pair]:
    """The names of the layers, and a pair for any size; its tiles have 2 to 12 pixels."""
    rng, names = np.random.default_rng(seed), list[str]()
    keras.utils.set_random_seed(seed)
    channels, latents = int(rng.choice([1, 3])), int(rng.integers(3, 9))
    factors = [[2], [2, 2], [4], [3], [2, 3], [2, 2, 2]][rng.integers(6)]

    def drawn(kinds: Any) -> Any:
        names.append(str(rng.choice(list(kinds))))
        return kinds[names[-1]]

    images, codes = keras.Input((None, None, channels)), keras.Input((None, None, latents))
    tensor = L.Conv2D(6, 3, **SAME)(images)  # inputs of concatenations share a scale
    for factor in factors:
        tensor = drawn(DOWN)(drawn(KINDS)(tensor, rng), rng, factor)
    tensor = L.Conv2D(latents, 3, **SAME)(drawn(KINDS)(tensor, rng))
    pictures = rng.random((2, 48, 48, channels), np.float32)
    encoder = _spread(images, tensor, pictures, 12)
    names.append("|")
    tensor = codes
    for factor in factors[::-1]:
        tensor = drawn(KINDS)(drawn(UP)(drawn(KINDS)(tensor, rng), rng, factor), rng)
    decoder = _spread(
        codes, L.Conv2D(channels, 3, **SAME)(tensor), np.asarray(encoder(pictures)), 1
    )
    pixels = keras.Model(codes, L.Activation("sigmoid")(decoder.output))
    return ", ".join(names), (encoder, pixels)
