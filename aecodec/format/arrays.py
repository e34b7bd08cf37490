"""The block of an `.aec` file that describes samples of any number of bands.

Files of codecs with bands contain this block. It records the type and the layout of the source
array, and everything unusual: own limits, missing samples, repeated samples.
"""

from enum import IntEnum
from typing import Any, NamedTuple

MAX_BANDS, MAX_CODEC_BANDS = 256, 32
"""Maximum number of bands in a file, and in a codec with bands."""

ANY_BANDS = 0
"""Stands for the number of bands of a codec that accepts pictures and any number of bands."""

MAX_RANGE = 65535
"""Largest difference of the limits of integer samples."""

Limit = tuple[float, float]
"""(low, high) of the samples of a band."""

Repetition = tuple[int, int, int]
"""(factor, y, x): blocks of factor x factor equal samples begin at row y and column x."""


class SampleType(IntEnum):
    """Type of the samples. Only the codec `samples` has the types from UINT32."""

    UINT8 = 0
    INT8 = 1
    UINT16 = 2
    INT16 = 3
    INT32 = 4
    FLOAT16 = 5
    FLOAT32 = 6
    UINT32 = 7
    INT64 = 8
    UINT64 = 9
    FLOAT64 = 10

    @classmethod
    def of(cls, dtype: str) -> "SampleType":
        """The type with a name of NumPy, such as "int16"; KeyError for unsupported types."""
        return cls[dtype.upper()]

    @property
    def dtype(self) -> str:
        return self.name.lower()

    @property
    def size(self) -> int:
        return (1, 1, 2, 2, 4, 2, 4, 4, 8, 8, 8)[self]

    @property
    def is_float(self) -> bool:
        return self.name.startswith("FLOAT")


BAND_TYPES = tuple(kind for kind in SampleType if kind <= SampleType.FLOAT32)


class Layout(IntEnum):
    """Axes of the source array: frames F, rows H, columns W and bands B."""

    HW = 0
    HWB = 1
    FHW = 2
    FHWB = 3
    BHW = 4
    FBHW = 5

    @property
    def has_frames(self) -> bool:
        """Whether the array has an axis of frames; without it, there is one frame."""
        return self.name.startswith("F")

    @property
    def has_bands(self) -> bool:
        """Whether the array has an axis of bands; without it, there is one band."""
        return "B" in self.name

    def apply(self, array: Any) -> Any:
        """Convert a NumPy array (F, H, W, B) to this layout. The result is a view."""
        if self in (Layout.BHW, Layout.FBHW):
            array = array.transpose(0, 3, 1, 2)
        elif not self.has_bands:
            array = array[..., 0]
        return array if self.has_frames else array[0]

    def undo(self, array: Any) -> Any:
        """Convert a NumPy array of this layout to (F, H, W, B). The result is a view."""
        array = array if self.has_frames else array[None]
        if self in (Layout.BHW, Layout.FBHW):
            return array.transpose(0, 2, 3, 1)
        return array if self.has_bands else array[..., None]


LAYOUTS = {
    (False, False): Layout.HW,
    (False, True): Layout.HWB,
    (True, False): Layout.FHW,
    (True, True): Layout.FHWB,
}
"""Usual layouts of arrays with and without frames, with and without bands."""


class Samples(NamedTuple):
    """The samples of a file: their type, and the layout and byte order of the source array.

    `limits` (low, high) of each band are None if the codec's limits apply. `repetition` is (factor,
    y, x) of each band, or None if no band repeats samples. `mask` is the zlib stream of the mask of
    missing samples, or empty; the mask has one plane for all bands, or one per band.
    """

    type: SampleType
    layout: Layout
    bands: int = 1
    is_big_endian: bool = False
    limits: tuple[Limit, ...] | None = None
    nodata: float | None = None
    repetition: tuple[Repetition, ...] | None = None
    mask: bytes = b""
    mask_planes: int = 0

    @property
    def dtype(self) -> str:
        """The NumPy type of the source, with its byte order."""
        kind = self.type.dtype[0]
        return f"{'>' if self.is_big_endian else '<'}{kind}{self.type.size}"
