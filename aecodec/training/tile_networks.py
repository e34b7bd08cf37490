"""Ready-made encoders and decoders for small tiles.

All layers work on a grid of 4x4 patches, where training and inference are fastest. Values between
layers pass a ReLU6, so that training knows the range of the 255 steps of int8.
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import layers

from aecodec.base.errors import ModelError
from aecodec.keras_models.layers import DepthToSpace
from aecodec.keras_models.roles import Role, set_role

_PATCH = 4


def mnist_encoder(
    image_shape: tuple[int, ...] = (28, 28), code_shape: tuple[int, ...] = (50,)
) -> Any:
    """A small encoder made of Keras's own layers, from images in 0..1 to latents.

    The image shape is (height, width) or (height, width, channels), with sides that are multiples
    of 4; the code shape (50,) means 50 numbers. Raises ModelError for other image shapes.
    """
    images = keras.Input(image_shape)
    planes = layers.Reshape(_with_channels(image_shape))(images)
    grid = _analysis(planes, width=32, squeezed=16)
    latents = layers.Dense(math.prod(code_shape))(layers.Flatten()(grid))
    return keras.Model(images, layers.Reshape(code_shape)(latents), name="encoder")


def mnist_decoder(
    code_shape: tuple[int, ...] = (50,), image_shape: tuple[int, ...] = (28, 28)
) -> Any:
    """The decoder of :func:`mnist_encoder`, from latents to images in 0..1."""
    height, width, channels = _with_channels(image_shape)
    codes = keras.Input(code_shape)
    grid = (height // _PATCH, width // _PATCH, 16)
    patches = layers.Dense(math.prod(grid))(layers.Flatten()(codes))
    hidden = _synthesis(layers.Reshape(grid)(patches), width=32, blocks=1)
    planes = layers.Conv2DTranspose(channels, _PATCH, strides=_PATCH)(hidden)
    return keras.Model(codes, layers.Reshape(image_shape)(planes), name="decoder")


def tile_pair(tile_shape: tuple[int, int, int], code_dimension: int) -> tuple[Any, Any]:
    """An encoder and a decoder for whole tiles, as in the codec `digits`.

    The tile shape is (side, side, channels). The Keras models map (side, side, C) in 0..1 to
    latents (1, 1, K), and back. Raises ModelError if the tile is not square, or its side is not a
    multiple of 4.
    """
    height, width, channels = _with_channels(tile_shape)
    if height != width:
        raise ModelError(f"tiles have {width}x{height} pixels: these networks need square tiles")
    grid, images = height // _PATCH, keras.Input(tile_shape)
    hidden = _analysis(images, width=64, squeezed=32)
    encoder = keras.Model(images, layers.Conv2D(code_dimension, grid)(hidden), name="encoder")
    codes = keras.Input((1, 1, code_dimension))
    patches = layers.Conv2D(grid**2 * 32, 1, activation="relu6")(codes)
    hidden = _synthesis(DepthToSpace(grid)(patches), width=64, blocks=2)
    pixels = layers.Conv2D(_PATCH**2 * channels, 3, padding="same")(hidden)
    return encoder, keras.Model(codes, DepthToSpace(_PATCH)(pixels), name="decoder")


def _analysis(images: Any, width: int, squeezed: int) -> Any:
    hidden = layers.Conv2D(width, 2 * _PATCH, strides=_PATCH, padding="same", activation="relu6")(
        images
    )
    return layers.Conv2D(squeezed, 1, activation="relu6")(residual_block(hidden, width, 0))


def _synthesis(grid: Any, width: int, blocks: int) -> Any:
    hidden = layers.Conv2D(width, 3, padding="same", activation="relu6")(grid)
    for number in range(blocks):
        hidden = residual_block(hidden, width, number)
    return hidden


def residual_block(inputs: Any, width: int, number: int) -> Any:
    """Add a learned difference to inputs (N, h, w, width) in 0..6; the outputs are also in 0..6."""
    hidden = layers.Conv2D(width, 3, padding="same", activation="relu6")(inputs)
    branch_end = layers.Conv2D(width, 3, padding="same", name=f"branch{number}")
    difference = branch_end(hidden)
    set_role(branch_end, Role.BRANCH_END)
    return layers.ReLU(6)(layers.Add()([inputs, difference]))


def _with_channels(image_shape: tuple[int, ...]) -> tuple[int, int, int]:
    height, width, channels = (*image_shape, 1)[:3]
    if len(image_shape) not in (2, 3) or height % _PATCH or width % _PATCH:
        raise ModelError(
            f"image_shape {image_shape}: use (height, width) or (height, width, channels), with "
            f"sides that are multiples of {_PATCH}"
        )
    return height, width, channels
