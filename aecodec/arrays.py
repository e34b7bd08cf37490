"""Array types that the packages share."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""Pixels, 0 to 255."""

Latents = npt.NDArray[np.int8]
"""What the int8 encoder network gives and the int8 decoder network takes."""

Codes = npt.NDArray[np.int16]
"""Quantized latents: the symbols that are entropy-coded."""

Int32 = npt.NDArray[np.int32]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

Region = tuple[slice, slice, slice]
"""Slices of frames, rows and columns."""


class LatentSource(Protocol):
    """Int8 latents (F, rows, columns, K): an array, or one that is filled while it is read."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the whole array."""

    def __getitem__(self, region: Region, /) -> Latents:
        """One region of the latents; waits until it is filled."""
