"""Ready-made encoders and decoders for 28x28 grey pictures.

All work is done on a 7x7 grid of 4x4 patches, where a step of training and an inference cost
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


def digits_encoder(code_dimension: int) -> Any:
    """The encoder of the codec `digits`, (28, 28, 1) in 0..1 to (1, 1, K) latents."""
    images = keras.Input((28, 28, 1))
    grid = _analysis(images, width=64, blocks=1, squeezed=32)
    return keras.Model(images, layers.Conv2D(code_dimension, 7)(grid), name="encoder")


def digits_decoder(code_dimension: int) -> Any:
    """The decoder of the codec `digits`, (1, 1, K) latents to (28, 28, 1) in 0..1."""
    codes = keras.Input((1, 1, code_dimension))
    grid = DepthToSpace(7)(layers.Conv2D(7 * 7 * 32, 1, activation="relu6")(codes))
    hidden = _synthesis(grid, width=64, blocks=1)
    patches = layers.Conv2D(_PATCH * _PATCH, 3, padding="same")(hidden)
    return keras.Model(codes, DepthToSpace(_PATCH)(patches), name="decoder")


def _analysis(images: Any, width: int, blocks: int, squeezed: int) -> Any:
    """Images to a grid of one vector of `squeezed` numbers for each patch."""
    hidden = layers.Conv2D(width, 2 * _PATCH, strides=_PATCH, padding="same", activation="relu6")(
        images
    )
    for number in range(blocks):
        hidden = _residual_block(hidden, width, f"{BRANCH}{number}")
    return layers.Conv2D(squeezed, 1, activation="relu6")(hidden)


def _synthesis(grid: Any, width: int, blocks: int) -> Any:
    hidden = layers.Conv2D(width, 3, padding="same", activation="relu6")(grid)
    for number in range(blocks):
        hidden = _residual_block(hidden, width, f"{BRANCH}{number}")
    return hidden


def _residual_block(inputs: Any, width: int, name: str) -> Any:
    hidden = layers.Conv2D(width, 3, padding="same", activation="relu6")(inputs)
    hidden = layers.Conv2D(width, 3, padding="same", name=name)(hidden)
    return layers.ReLU(6)(layers.Add()([inputs, hidden]))


def _with_channels(image_shape: tuple[int, ...]) -> tuple[int, int, int]:
    height, width, channels = (*image_shape, 1)[:3]
    if len(image_shape) not in (2, 3) or height % _PATCH or width % _PATCH:
        raise ModelError(
            f"image_shape {image_shape}: (height, width) or (height, width, channels), "
            f"sides in multiples of {_PATCH}"
        )
    return height, width, channels
