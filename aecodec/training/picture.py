"""A ready-made fully convolutional pair for pictures of any size: a KLT that learns the rest.

Each side has a linear path, which starts as the Karhunen-Loève transform of 16x16 blocks, and a
convolutional network beside it, which starts at nothing. So the pair is a transform codec from the
first step on, and training can only improve it.

The encoder's network and its pixels meet before one last linear layer, both between 0 and 6, so
that int8 rounds a latent once. The decoder's two paths meet as pixels, where a rounding is small.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

from aecodec.errors import ModelError
from aecodec.training.layers import DepthToSpace, SpaceToDepth
from aecodec.training.networks import residual_block
from aecodec.training.optimizer import SLOW
from aecodec.training.unit_variance import start_alike

STRIDE = 16
_CEILING = 6.0
_LATENTS, _LINEAR, _LEARNED = "latents", f"{SLOW}pixels", f"{SLOW}difference"
_STEP_PER_ROOT_LAMBDA = math.sqrt(6 / math.log(2))
"""Where the rate's slope meets the distortion's, at high rates: lambda = step^2 ln(2) / 6."""

_STARTING_TILES = 200
_FINEST_PIXELS, _FINEST_LATENTS = 0.03, 0.3
"""Deviations that tell something: of pixels in 0..6, a 255th or so; of latents, part of a step."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Stage:
    """Layers at one distance between neighbours.

    Attributes:
        width: channels.
        blocks: residual blocks.
    """

    width: int
    blocks: int


SMALL = (Stage(64, 1), Stage(96, 1), Stage(128, 1))
LARGE = (Stage(48, 1), Stage(128, 1), Stage(192, 2))
"""At every 4th, 8th and 16th pixel."""


def picture_pair(
    tile_shape: tuple[int, int, int], code_dimension: int, stages: tuple[Stage, ...] = SMALL
) -> tuple[Any, Any]:
    """An encoder and a decoder for pictures of any size, a code vector for 16x16 pixels.

    Args:
        tile_shape: (height, width, channels), sides in multiples of 16; they matter in training.
        code_dimension: K.
        stages: three, the finest grid first.

    Returns:
        A Keras model from (H, W, C) in 0..1 to (H / 16, W / 16, K) latents, and one back.

    Raises:
        ModelError: other sides.

    >>> encoder, decoder = picture_pair((64, 64, 3), 96)
    >>> encoder.output_shape, decoder.output_shape
    ((None, None, None, 96), (None, None, None, 3))
    """
    height, width, channels = tile_shape
    if height % STRIDE or width % STRIDE:
        raise ModelError(f"tiles of {width}x{height}: these networks take multiples of {STRIDE}")
    return _encoder(channels, code_dimension, stages), _decoder(code_dimension, channels, stages)


def _encoder(channels: int, code_dimension: int, stages: tuple[Stage, ...]) -> Any:
    images = keras.Input((None, None, channels))
    finest, *coarser = stages
    numbers, pixels = itertools.count(), layers.Rescaling(_CEILING)(images)
    hidden = layers.Conv2D(finest.width, 3, padding="same", activation="relu6")(
        SpaceToDepth(4)(pixels)
    )
    hidden = _blocks(hidden, finest, numbers)
    for stage in coarser:
        hidden = layers.Conv2D(stage.width, 4, strides=2, padding="same", activation="relu6")(
            hidden
        )
        hidden = _blocks(hidden, stage, numbers)
    both = layers.Concatenate()([SpaceToDepth(STRIDE)(pixels), hidden])
    latents = layers.Conv2D(code_dimension, 1, name=_LATENTS)(both)
    return keras.Model(images, latents, name="encoder")


def _decoder(code_dimension: int, channels: int, stages: tuple[Stage, ...]) -> Any:
    codes, numbers = keras.Input((None, None, code_dimension)), itertools.count()
    *finer, coarsest = stages
    hidden = layers.Conv2D(coarsest.width, 3, padding="same", activation="relu6")(codes)
    hidden = _blocks(hidden, coarsest, numbers)
    for stage in reversed(finer):
        hidden = layers.Conv2D(4 * stage.width, 3, padding="same", activation="relu6")(hidden)
        hidden = _blocks(DepthToSpace(2)(hidden), stage, numbers)
    learned = layers.Conv2D(
        16 * channels, 3, padding="same", kernel_initializer="zeros", name=_LEARNED
    )(hidden)
    linear = layers.Conv2D(STRIDE**2 * channels, 1, name=_LINEAR)(codes)
    pixels = layers.Add()([DepthToSpace(4)(learned), DepthToSpace(STRIDE)(linear)])
    return keras.Model(codes, pixels, name="decoder")


def _blocks(hidden: Any, stage: Stage, numbers: Iterator[int]) -> Any:
    for _ in range(stage.blocks):
        hidden = residual_block(hidden, stage.width, next(numbers))
    return hidden


def start_from_klt(
    encoder: Any, decoder: Any, tiles: Floats, channels: list[int], rate_weights: list[float]
) -> None:
    """Give the linear paths the KLT of blocks, and let the networks beside them start alike.

    Its steps suit the middle of the rate weights.

    Args:
        encoder: as :func:`picture_pair` makes it.
        decoder: likewise.
        tiles: (N, h, w, C) floats in 0..1, sides in multiples of 16.
        channels: of the code, which all levels share: [K].
        rate_weights: lambda of each level, in squared error a bit.
    """
    step = _STEP_PER_ROOT_LAMBDA * math.sqrt(np.exp(np.log(rate_weights).mean()))
    _give_klt(encoder.get_layer(_LATENTS), decoder.get_layer(_LINEAR), tiles, channels[0], step)
    some = tiles[:_STARTING_TILES]
    start_alike(encoder, some, _FINEST_PIXELS, but={_LATENTS})
    start_alike(decoder, np.rint(encoder(some)), _FINEST_LATENTS, but={_LINEAR, _LEARNED})


def _give_klt(latents: Any, linear: Any, tiles: Floats, most: int, step: float) -> None:
    blocks = np.asarray(SpaceToDepth(STRIDE)(tiles)).reshape(-1, STRIDE**2 * tiles.shape[-1])
    mean = blocks.mean(axis=0)
    _, _, basis = np.linalg.svd(np.cov(blocks - mean, rowvar=False), hermitian=True)
    kept = basis[:most]
    kernel = np.zeros(latents.kernel.shape, np.float32)
    kernel[0, 0, : kept.shape[1], : len(kept)] = kept.T / step / _CEILING
    latents.set_weights([kernel, -mean @ kernel[0, 0, : kept.shape[1]] * _CEILING])
    inverse = np.zeros(linear.kernel.shape, np.float32)
    inverse[0, 0, : len(kept)] = kept * step
    linear.set_weights([inverse, mean])
