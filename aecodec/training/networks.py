"""Ready-made encoders and decoders of small tiles.

All work is done on a grid of 4x4 patches, where a step of training and an inference cost
least: the encoder looks at overlapping 8x8 patches, the decoder lays its 4x4 patches side by side.
Every layer is one that int8 TFLite, TensorFlow Lite Micro and a resized batch can run. What lies
between two layers has passed a ReLU6, so that int8's 255 steps have a range known in training.
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import layers

from aecodec.errors import ModelError
from aecodec.training.int8_twin import BRANCH
from aecodec.training.layers import DepthToSpace

_PATCH = 4


def mnist_encoder(
    image_shape: tuple[int, ...] = (28, 28), code_shape: tuple[int, ...] = (50,)
) -> Any:
    """A small encoder, of Keras's own layers alone.

    Args:
        image_shape: (height, width) or (height, width, channels), sides in multiples of 4.
        code_shape: shape of the compressed representation; (50,) means 50 numbers.

    Returns:
        A Keras model from images in 0..1 to latents.

    >>> mnist_encoder((28, 28), (50,)).output_shape
    (None, 50)
    """
    images = keras.Input(image_shape)
    planes = layers.Reshape(_with_channels(image_shape))(images)
    grid = _analysis(planes, width=32, blocks=1, squeezed=16)
    size = math.prod(code_shape)
    latents = layers.Dense(size)(layers.Flatten()(grid))
    return keras.Model(images, layers.Reshape(code_shape)(latents), name="encoder")


def mnist_decoder(
    code_shape: tuple[int, ...] = (50,), image_shape: tuple[int, ...] = (28, 28)
) -> Any:
    """The decoder that goes with :func:`mnist_encoder`.

    Args:
        code_shape: shape of the compressed representation.
        image_shape: (height, width) or (height, width, channels), sides in multiples of 4.

    Returns:
        A Keras model from latents to images in 0..1.

    >>> mnist_decoder((50,), (28, 28)).output_shape
    (None, 28, 28)
    """
    height, width, channels = _with_channels(image_shape)
    codes = keras.Input(code_shape)
    grid = (height // _PATCH, width // _PATCH, 16)
    patches = layers.Dense(grid[0] * grid[1] * grid[2])(layers.Flatten()(codes))
    hidden = _synthesis(layers.Reshape(grid)(patches), width=32, blocks=1)
    planes = layers.Conv2DTranspose(channels, _PATCH, strides=_PATCH)(hidden)
    return keras.Model(codes, layers.Reshape(image_shape)(planes), name="decoder")


def tile_pair(tile_shape: tuple[int, int, int], code_dimension: int) -> tuple[Any, Any]:
    """An encoder and a decoder of whole tiles, as those of the codec `digits`.

    Args:
        tile_shape: (side, side, channels), the side a multiple of 4.
        code_dimension: K.

    Returns:
        A Keras model from (side, side, C) in 0..1 to (1, 1, K) latents, and one back.

    Raises:
        ModelError: another shape.

    >>> encoder, decoder = tile_pair((28, 28, 1), 148)
    >>> encoder.output_shape, decoder.output_shape
    ((None, 1, 1, 148), (None, 28, 28, 1))
    """
    height, width, channels = _with_channels(tile_shape)
    if height != width:
        raise ModelError(f"tiles of {width}x{height}: these networks take square ones")
    grid = height // _PATCH
    return _tile_encoder(tile_shape, grid, code_dimension), _tile_decoder(
        code_dimension, grid, channels
    )


def _tile_encoder(tile_shape: tuple[int, int, int], grid: int, code_dimension: int) -> Any:
    images = keras.Input(tile_shape)
    hidden = _analysis(images, width=64, blocks=1, squeezed=32)
    return keras.Model(images, layers.Conv2D(code_dimension, grid)(hidden), name="encoder")


def _tile_decoder(code_dimension: int, grid: int, channels: int) -> Any:
    codes = keras.Input((1, 1, code_dimension))
    patches = layers.Conv2D(grid**2 * 32, 1, activation="relu6")(codes)
    hidden = _synthesis(DepthToSpace(grid)(patches), width=64, blocks=2)
    pixels = layers.Conv2D(_PATCH**2 * channels, 3, padding="same")(hidden)
    return keras.Model(codes, DepthToSpace(_PATCH)(pixels), name="decoder")


def _analysis(images: Any, width: int, blocks: int, squeezed: int) -> Any:
    """Images to a grid of one vector of `squeezed` numbers for each patch."""
    hidden = layers.Conv2D(width, 2 * _PATCH, strides=_PATCH, padding="same", activation="relu6")(
        images
    )
    for number in range(blocks):
        hidden = residual_block(hidden, width, number)
    return layers.Conv2D(squeezed, 1, activation="relu6")(hidden)


def _synthesis(grid: Any, width: int, blocks: int) -> Any:
    hidden = layers.Conv2D(width, 3, padding="same", activation="relu6")(grid)
    for number in range(blocks):
        hidden = residual_block(hidden, width, number)
    return hidden


def residual_block(inputs: Any, width: int, number: int) -> Any:
    """What comes in, between 0 and 6, and a learned difference, between 0 and 6 again."""
    hidden = layers.Conv2D(width, 3, padding="same", activation="relu6")(inputs)
    hidden = layers.Conv2D(width, 3, padding="same", name=f"{BRANCH}{number}")(hidden)
    return layers.ReLU(6)(layers.Add()([inputs, hidden]))


def _with_channels(image_shape: tuple[int, ...]) -> tuple[int, int, int]:
    height, width, channels = (*image_shape, 1)[:3]
    if len(image_shape) not in (2, 3) or height % _PATCH or width % _PATCH:
        raise ModelError(
            f"image_shape {image_shape}: (height, width) or (height, width, channels), "
            f"sides in multiples of {_PATCH}"
        )
    return height, width, channels
