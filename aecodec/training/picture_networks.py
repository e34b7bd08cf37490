"""A ready-made fully convolutional pair for pictures of any size, based on a KLT.

Each half has two parallel paths: a linear path, which starts as the Karhunen-Loève transform (KLT)
of 16x16 blocks, and a convolutional network, which starts at zero. The pair is therefore a
transform codec from the first step. In the encoder, the paths are joined before a last linear
layer, so that int8 rounds each latent only once. In the decoder, they are added as pixels, where
rounding errors are small, and a filter for block borders follows, as in video codecs.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
from keras import layers

from aecodec.base.errors import ModelError
from aecodec.keras_models.layers import DepthToSpace, SpaceToDepth
from aecodec.keras_models.roles import Role, set_role
from aecodec.training import initialization
from aecodec.training.tile_networks import residual_block

STRIDE, _FINEST_GRID = 16, 4
"""Distances in pixels between the points of the coarsest and the finest grid."""


@dataclass(frozen=True)
class Stage:
    """Residual blocks with this width, all with the same distance between grid points."""

    width: int
    blocks: int


SMALL = (Stage(64, 1), Stage(96, 1), Stage(128, 1))
LARGE = (Stage(48, 1), Stage(128, 1), Stage(192, 2))
LARGEST = (Stage(96, 2), Stage(192, 2), Stage(320, 3))
"""Stages with a grid point at every 4th, 8th and 16th pixel."""

_FILTER = Stage(64, 1)
"""The filter, on the finest grid, which is coarse enough to turn a step into a slope."""


def picture_pair(
    tile_shape: tuple[int, int, int], code_dimension: int, stages: tuple[Stage, ...] = SMALL
) -> tuple[Any, Any]:
    """Models between pictures (H, W, C) in 0..1 and latents (H / 16, W / 16, K).

    The tile shape is (height, width, channels). The three stages start with the finest grid. Raises
    ModelError if the sides of the tile are not multiples of 16.
    """
    check_sides(tile_shape, STRIDE)
    channels = tile_shape[2]
    return encoder_of(channels, code_dimension, stages), _decoder(code_dimension, channels, stages)


def check_sides(tile_shape: tuple[int, int, int], stride: int) -> None:
    """Raise ModelError unless both sides of tiles (height, width, channels) fit a stride."""
    height, width, _ = tile_shape
    if height % stride or width % stride:
        raise ModelError(
            f"tiles of {width}x{height} pixels do not fit these networks: use sides that are "
            f"multiples of {stride}"
        )


def encoder_of(channels: int, code_dimension: int, stages: Sequence[Stage]) -> Any:
    """An encoder with a stage per grid, from 4x4 pixels, each twice as coarse as the last."""
    images = keras.Input((None, None, channels))
    finest, *coarser = stages
    numbers, pixels = itertools.count(), layers.Rescaling(initialization.CEILING)(images)
    hidden = convolution(finest.width)(SpaceToDepth(_FINEST_GRID)(pixels))
    hidden = blocks_of(hidden, finest, numbers)
    for stage in coarser:
        downsampling = layers.Conv2D(stage.width, 4, 2, padding="same", activation="relu6")
        hidden = blocks_of(downsampling(hidden), stage, numbers)
    stride = _FINEST_GRID << len(coarser)
    joined = layers.Concatenate()([SpaceToDepth(stride)(pixels), hidden])
    latents = layers.Conv2D(code_dimension, 1, name="latents")
    model = keras.Model(images, latents(joined), name="encoder")
    set_role(latents, Role.LATENTS)
    return model


def _decoder(code_dimension: int, channels: int, stages: tuple[Stage, ...]) -> Any:
    codes, numbers = keras.Input((None, None, code_dimension)), itertools.count()
    *finer, coarsest = stages
    hidden = blocks_of(convolution(coarsest.width)(codes), coarsest, numbers)
    for stage in reversed(finer):
        hidden = DepthToSpace(2)(convolution(4 * stage.width)(hidden))
        hidden = blocks_of(hidden, stage, numbers)
    learned = _learned_pixels(hidden, channels, "slow_difference")
    linear = layers.Conv2D(STRIDE**2 * channels, 3, padding="same", name="slow_pixels")
    pixels = layers.Add()([learned, DepthToSpace(STRIDE)(linear(codes))])
    set_role(linear, Role.LINEAR_PIXELS)
    return keras.Model(codes, _filtered(pixels, channels, numbers), name="decoder")


def _filtered(pixels: Any, channels: int, numbers: Iterator[int]) -> Any:
    hidden = convolution(_FILTER.width, name=initialization.FILTER_START)(
        SpaceToDepth(_FINEST_GRID)(pixels)
    )
    hidden = blocks_of(hidden, _FILTER, numbers)
    return layers.Add()([pixels, _learned_pixels(hidden, channels, "slow_correction")])


def _learned_pixels(hidden: Any, channels: int, name: str) -> Any:
    learned = layers.Conv2D(
        _FINEST_GRID**2 * channels, 3, padding="same", kernel_initializer="zeros", name=name
    )
    pixels = DepthToSpace(_FINEST_GRID)(learned(hidden))
    set_role(learned, Role.LEARNED_PIXELS)
    return pixels


def convolution(width: int, name: str | None = None) -> Any:
    return layers.Conv2D(width, 3, padding="same", activation="relu6", name=name)


def blocks_of(hidden: Any, stage: Stage, numbers: Iterator[int]) -> Any:
    for _ in range(stage.blocks):
        hidden = residual_block(hidden, stage.width, next(numbers))
    return hidden


start_from_klt = partial(initialization.start_from_klt, side=STRIDE)
