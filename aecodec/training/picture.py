"""A ready-made fully convolutional pair for pictures of any size: a KLT that learns the rest.

Each side has a linear path, which starts as the Karhunen-Loève transform of 16x16 blocks, and a
convolutional network beside it, which starts at nothing. So the pair is a transform codec from the
first step on, and training can only improve it.

The encoder's network and its pixels meet before one last linear layer, both between 0 and 6, so
that int8 rounds a latent once. The decoder's two paths meet as pixels, where a rounding is small.
"""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

from aecodec.training.layers import DepthToSpace, SpaceToDepth
from aecodec.training.networks import residual_block

STRIDE = 16
_WIDTHS = (64, 96, 128)
_CEILING = 6.0
_LARGEST_CODE = 120
"""Of the training set; int8 leaves a little room for others."""

_LATENTS, _LINEAR = "latents", "linear"
_STEP_PER_ROOT_LAMBDA = math.sqrt(6 / math.log(2))
"""Where the rate's slope meets the distortion's, at high rates: lambda = step^2 ln(2) / 6."""

Floats = npt.NDArray[np.float32]


def picture_pair(tile_shape: tuple[int, int, int], code_dimension: int) -> tuple[Any, Any]:
    """An encoder and a decoder for pictures of any size, a code vector for 16x16 pixels.

    Args:
        tile_shape: (height, width, channels); only the channels matter.
        code_dimension: K.

    Returns:
        A Keras model from (H, W, C) in 0..1 to (H / 16, W / 16, K) latents, and one back.

    >>> encoder, decoder = picture_pair((64, 64, 3), 96)
    >>> encoder.output_shape, decoder.output_shape
    ((None, None, None, 96), (None, None, None, 3))
    """
    channels = tile_shape[2]
    return _encoder(channels, code_dimension), _decoder(code_dimension, channels)


def _encoder(channels: int, code_dimension: int) -> Any:
    images = keras.Input((None, None, channels))
    hidden = images
    for number, (width, stride) in enumerate(zip(_WIDTHS, (4, 2, 2), strict=True)):
        hidden = layers.Conv2D(
            width, 2 * stride, strides=stride, padding="same", activation="relu6"
        )(hidden)
        hidden = residual_block(hidden, width, number)
    pixels = SpaceToDepth(STRIDE)(layers.Rescaling(_CEILING)(images))
    both = layers.Concatenate()([pixels, hidden])
    latents = layers.Conv2D(code_dimension, 1, name=_LATENTS)(both)
    return keras.Model(images, latents, name="encoder")


def _decoder(code_dimension: int, channels: int) -> Any:
    codes = keras.Input((None, None, code_dimension))
    hidden = layers.Conv2D(_WIDTHS[-1], 1, activation="relu6")(codes)
    hidden = residual_block(hidden, _WIDTHS[-1], 0)
    for number, width in enumerate(_WIDTHS[-2::-1], start=1):
        hidden = layers.Conv2D(4 * width, 3, padding="same", activation="relu6")(hidden)
        hidden = residual_block(DepthToSpace(2)(hidden), width, number)
    learned = layers.Conv2D(16 * channels, 3, padding="same", kernel_initializer="zeros")(hidden)
    linear = layers.Conv2D(STRIDE**2 * channels, 1, name=_LINEAR)(codes)
    pixels = layers.Add()([DepthToSpace(4)(learned), DepthToSpace(STRIDE)(linear)])
    return keras.Model(codes, pixels, name="decoder")


def start_from_klt(
    encoder: Any, decoder: Any, tiles: Floats, channels: list[int], rate_weights: list[float]
) -> None:
    """Give the linear paths the KLT of blocks, each level at the step that suits its rate weight.

    Args:
        encoder: as :func:`picture_pair` makes it.
        decoder: likewise.
        tiles: (N, h, w, C) floats in 0..1, sides in multiples of 16.
        channels: of the code, a share a level.
        rate_weights: lambda of each level, in squared error a bit.
    """
    blocks = np.asarray(SpaceToDepth(STRIDE)(tiles)).reshape(-1, STRIDE**2 * tiles.shape[-1])
    mean = blocks.mean(axis=0)
    _, _, basis = np.linalg.svd(np.cov(blocks - mean, rowvar=False), hermitian=True)
    widest = np.abs((blocks - mean) @ basis.T).max(axis=0)
    steps = [
        np.maximum(_STEP_PER_ROOT_LAMBDA * math.sqrt(weight), widest[:k] / _LARGEST_CODE)
        for k, weight in zip(channels, rate_weights, strict=True)
    ]
    to_codes = np.concatenate(
        [basis[:k].T / step for k, step in zip(channels, steps, strict=True)], axis=1
    )
    to_pixels = np.concatenate(
        [basis[:k] * step[:, None] for k, step in zip(channels, steps, strict=True)], axis=0
    )
    latents = encoder.get_layer(_LATENTS)
    kernel = np.zeros(latents.kernel.shape, np.float32)
    kernel[0, 0, : len(to_codes)] = to_codes / _CEILING
    latents.set_weights([kernel, -mean @ to_codes])
    decoder.get_layer(_LINEAR).set_weights([to_pixels[None, None], mean])
