"""An encoder and a decoder that belong together."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float32
from aecodec.errors import ModelError
from aecodec.keras_models.functional import as_functional


class KerasPair:
    """A Keras encoder and decoder in functional form, whose shapes fit each other.

    Args:
        encoder: Keras model from images in 0..1 to latents.
        decoder: Keras model from latents to images.

    Raises:
        ModelError: the shapes do not fit: the output of the decoder must have the shape of the
            encoder's input, and the output of the encoder that of the decoder's input.

    >>> import keras
    >>> encoder = keras.Sequential([keras.Input((28,)), keras.layers.Dense(5)])
    >>> decoder = keras.Sequential([keras.Input((5,)), keras.layers.Dense(28)])
    >>> KerasPair(encoder, decoder).code_shape
    (5,)
    """

    def __init__(self, encoder: Any, decoder: Any) -> None:
        self.encoder, self.decoder = as_functional(encoder), as_functional(decoder)
        _check_shapes(self.encoder, self.decoder)

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Shape of one image; sides are None for models that take any size."""
        return tuple(self.encoder.input_shape[1:])

    @property
    def code_shape(self) -> tuple[int, ...]:
        """Shape of the latents of one image."""
        return tuple(self.encoder.output_shape[1:])

    @property
    def code_dimension(self) -> int:
        """K, the number of channels of the latents."""
        return int(self.code_shape[-1])

    def vectors_of(self, tile_shape: tuple[int, ...]) -> int:
        """The number of code vectors of a tile (height, width, channels)."""
        input_shape = (1, *tile_shape[: len(self.image_shape)])
        return math.prod(self.encoder.compute_output_shape(input_shape)[1:-1])

    def checked(self, x: npt.NDArray[Any]) -> Float32:
        """Images as the encoder takes them, as float32.

        Args:
            x: (N, *image_shape) images in 0..1; a last axis of 1 may be given though the encoder
                takes (height, width).

        Raises:
            ModelError: the shape or the range is another, or there are no images.
        """
        if len(self.image_shape) == 2 and x.ndim == 4 and x.shape[-1] == 1:
            x = x[..., 0]
        if not _matches(x.shape[1:], self.image_shape):
            raise ModelError(f"images of shape {x.shape[1:]}: the encoder takes {self.image_shape}")
        if not (len(x) and x.min() >= 0 and x.max() <= 1):
            raise ModelError("images must be floats in 0..1, and at least one: divide them by 255")
        return np.asarray(x, np.float32)


def _check_shapes(encoder: Any, decoder: Any) -> None:
    """Check that each half gives what the other takes."""
    if encoder.input_shape != decoder.output_shape:
        raise ModelError(
            f"the decoder gives {decoder.output_shape[1:]}, and the encoder takes "
            f"{encoder.input_shape[1:]}: these two shapes must be equal"
        )
    check_latents(encoder, decoder)


def check_latents(encoder: Any, decoder: Any) -> None:
    """Check that a decoder takes what an encoder gives.

    Raises:
        ModelError: the two shapes differ.
    """
    if encoder.output_shape != decoder.input_shape:
        raise ModelError(
            f"the encoder gives {encoder.output_shape[1:]}, and the decoder takes "
            f"{decoder.input_shape[1:]}: these two shapes must be equal"
        )


def _matches(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    """Whether a shape is the expected one, where None stands for any number."""
    return len(shape) == len(expected) and all(
        side in (None, found) for side, found in zip(expected, shape, strict=True)
    )
