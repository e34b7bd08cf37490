"""Options for reading image files."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from aecodec.base.errors import ImageError, Notes, UsageError


class Frames(str, Enum):
    """Which frames of an animation, or pages of a document, to read."""

    FIRST = "first"
    ALL = "all"


@dataclass(eq=False, repr=False)
class ReadOptions:
    """How to read an image file.

    Attributes:
        depth: 8 to scale 16-bit channels to 8 bits; None to reject them.
        max_pixels: limit for the pixels of all frames to read. None for twice the number at which
            Pillow warns: 178,956,970, unless the program has changed Pillow's limit.
        frames: which frames to read.
        names_dropped: whether to warn about metadata that `.aec` files do not keep.
        nodata: value of missing samples, for codecs with bands; None for the value in the file.
        band_axis: axis of the bands in `.npy` and `.npz` files; None for the last axis. In a TIFF
            file, all pages are then bands.
        array: name of the array in an `.npz` file; None for its only array.
        bands: number of bands of the codec, or None. With 1 band, arrays (N, H, W) are frames. With
            ANY_BANDS, pictures remain pictures.

    Raises:
        UsageError: the depth is not 8, or the limit is below 1.
    """

    depth: int | None = None
    max_pixels: int | None = None
    frames: Frames = Frames.FIRST
    names_dropped: bool = True
    nodata: float | None = None
    band_axis: int | None = None
    array: str | None = None
    bands: int | None = None

    def __post_init__(self) -> None:
        if self.depth not in (None, 8):
            raise UsageError(f"depth is {self.depth}: only 8 (bits per channel) is supported")
        if self.max_pixels is not None and self.max_pixels < 1:
            raise UsageError(f"max_pixels is {self.max_pixels}: use at least 1")

    @property
    def pixel_limit(self) -> float:
        """Limit for the number of pixels; infinite if the program has removed Pillow's limit."""
        if self.max_pixels is not None:
            return self.max_pixels
        return float("inf") if Image.MAX_IMAGE_PIXELS is None else 2 * Image.MAX_IMAGE_PIXELS

    def check_pixels(self, size: tuple[int, int], frames: int, pixel_bytes: int = 3) -> None:
        """Raise ImageError if a file has no pixels or too many; n bytes count as n/3 pixels."""
        if min(*size, frames, pixel_bytes) < 1:
            raise ImageError(f"the picture has no pixels ({frames} x {size[0]}x{size[1]})")
        weight = -(-pixel_bytes // 3)
        pixels = size[0] * size[1] * frames * weight
        if pixels > self.pixel_limit:
            count = f"{frames} x " if frames > 1 else ""
            size_text = f" of {pixel_bytes} bytes (counted as {pixels})" if weight > 1 else ""
            raise ImageError(
                f"{count}{size[0]}x{size[1]} pixels{size_text} exceed the limit of "
                f"{self.pixel_limit:.0f}: allow them with compress --max-pixels {pixels}"
            )

    def nodata_for(self, own: float | None, array: npt.NDArray[Any], notes: Notes) -> float | None:
        """The value of missing samples of an array; the file may have its own value.

        A note counts the samples that are no longer missing.
        """
        if self.nodata is None or own is None or own == self.nodata:
            return own if self.nodata is None else self.nodata
        if count := np.count_nonzero(array == own):
            notes.add(
                f"the file marks missing samples with {own:g}, but you set nodata to "
                f"{self.nodata:g}: {count} samples of {own:g} are no longer missing"
            )
        return self.nodata


ONLY_PIXELS = ReadOptions(names_dropped=False)
"""Options for data sets, which need only the pixels."""
