"""An encoder and a decoder that belong together."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Float32
from aecodec.base.errors import ModelError
from aecodec.keras_models.functional import as_functional


class KerasPair:
    """A Keras encoder and decoder in functional form, whose shapes fit each other.

    The encoder maps images in 0..1 to latents. Raises ModelError unless the output of each model
    has the shape of the other model's input.
    """

    def __init__(self, encoder: Any, decoder: Any) -> None:
        self.encoder, self.decoder = as_functional(encoder), as_functional(decoder)
        _check_equal("decoder", self.decoder.output_shape, "encoder", self.encoder.input_shape)
        check_latents(self.encoder, self.decoder)

    @property
    def models(self) -> tuple[Any, Any]:
        return self.encoder, self.decoder

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Shape of an image. Sides are None for models that accept any size."""
        return tuple(self.encoder.input_shape[1:])

    @property
    def code_shape(self) -> tuple[int, ...]:
        return tuple(self.encoder.output_shape[1:])

    @property
    def code_dimension(self) -> int:
        return int(self.code_shape[-1])

    def vectors_of(self, tile_shape: tuple[int, ...]) -> int:
        """Number of code vectors of a tile (height, width, channels)."""
        input_shape = (1, *tile_shape[: len(self.image_shape)])
        return math.prod(self.encoder.compute_output_shape(input_shape)[1:-1])

    def checked(self, x: npt.NDArray[Any]) -> Float32:
        """Convert images (N, *image_shape) in 0..1 to the encoder's input shape and float32.

        Raises ModelError if the shape or the range is wrong, or there are no images.
        """
        if not isinstance(x, np.ndarray) or x.dtype.kind not in "biuf":
            kind = getattr(x, "dtype", type(x).__name__)
            raise ModelError(f"images must be an array of numbers, not {kind}")
        if len(self.image_shape) == 2 and x.ndim == 4 and x.shape[-1] == 1:
            x = x[..., 0]
        sides = [own or side for own, side in zip(self.image_shape, x.shape[1:], strict=False)]
        if x.ndim != 1 + len(self.image_shape) or [*x.shape[1:]] != sides:
            raise ModelError(
                f"the images have the shape {x.shape[1:]}, but the encoder expects "
                f"{self.image_shape}"
            )
        if not np.isfinite(x).all():
            numbers = np.unique(np.nonzero(~np.isfinite(x))[0])
            raise ModelError(
                f"{len(numbers)} of {len(x)} pictures contain NaN or infinity (the first has index "
                f"{numbers[0]}): replace missing pixels, for example with 0"
            )
        if not (len(x) and x.min() >= 0 and x.max() <= 1):
            raise ModelError(
                "images must be a non-empty array of floats in 0..1: divide 8-bit pixels by 255"
            )
        return np.asarray(x, np.float32)


def check_latents(encoder: Any, decoder: Any) -> None:
    _check_equal("encoder", encoder.output_shape, "decoder", decoder.input_shape)


def _check_equal(source: str, returned: Any, target: str, taken: Any) -> None:
    if returned != taken:
        raise ModelError(
            f"the {source} returns {returned[1:]}, but the {target} expects {taken[1:]}: the two "
            "shapes must be equal"
        )
