"""The block of an `.aec` file that describes samples of any number of bands.

Files of codecs with bands have it. It states the type and the layout of the source array, and how
samples outside of the usual are restored: own limits, missing samples, repeated samples.
"""

import math
import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from aecodec.errors import FormatError
from aecodec.format.binary import Reader

MAX_BANDS = 32
MAX_RANGE = 65535
"""Largest difference of the limits of integer samples."""

MAX_FACTOR = 16
"""Largest factor by which a band may repeat its samples along each side."""

Limit = tuple[float, float]
"""(low, high) of the samples of a band."""

Repetition = tuple[int, int, int]
"""(factor, y, x): blocks of factor x factor equal samples begin at row y and column x."""

NOT_REPEATED: Repetition = (1, 0, 0)

_TYPE_BITS, _LAYOUT_BITS = 0b0000_0111, 0b0000_0111
_BANDS_SHIFT = 3
_HAS_LIMITS = 0b0000_1000
_HAS_NODATA = 0b0001_0000
_HAS_MASK = 0b0010_0000
_HAS_REPETITION = 0b0100_0000
_IS_BIG_ENDIAN = 0b1000_0000


class SampleType(IntEnum):
    """Type of the samples. The value is the three low bits of the block's first byte.

    >>> SampleType.INT16.dtype, SampleType.INT16.size
    ('int16', 2)
    """

    UINT8 = 0
    INT8 = 1
    UINT16 = 2
    INT16 = 3
    INT32 = 4
    FLOAT16 = 5
    FLOAT32 = 6

    @classmethod
    def of(cls, dtype: str) -> "SampleType":
        """The type with a name of NumPy, such as "int16"; KeyError if there is none."""
        return cls[dtype.upper()]

    @property
    def dtype(self) -> str:
        """Name of the NumPy type."""
        return self.name.lower()

    @property
    def size(self) -> int:
        """Size of a sample in bytes."""
        return struct.calcsize(self._code)

    @property
    def is_float(self) -> bool:
        """Whether samples are floating-point numbers."""
        return self >= SampleType.FLOAT16

    def pack(self, values: Sequence[float]) -> bytes:
        """Write numbers, little-endian; raise FormatError if the type cannot hold them."""
        try:
            return struct.pack(f"<{len(values)}{self._code}", *values)
        except (struct.error, OverflowError) as error:
            raise FormatError(f"{values} are not of type {self.dtype}: {error}") from error

    def read(self, reader: Reader, count: int) -> tuple[float, ...]:
        """Read `count` numbers of this type."""
        return struct.unpack(f"<{count}{self._code}", reader.take(count * self.size))

    @property
    def _code(self) -> str:
        return "BbHhief"[self]


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


class Samples(NamedTuple):
    """The samples of a file.

    Attributes:
        type: type of the samples.
        layout: axes of the source array.
        bands: number of bands, 1 to 32.
        is_big_endian: whether the source was big-endian.
        limits: (low, high) of each band in the type, or None for the codec's limits.
        nodata: value of missing samples in the type, or None.
        repetition: (factor, y, x) of each band, or None if no band repeats samples.
        mask: zlib stream of the mask of missing samples, or empty.
        mask_planes: planes of the mask: 1 for all bands together, or the number of bands.

    >>> Samples(SampleType.INT16, Layout.HWB, bands=6, nodata=-9999).pack().hex(" ")
    '13 29 f1 d8'
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
        """The NumPy type of the source, with its byte order.

        >>> Samples(SampleType.INT16, Layout.HW, is_big_endian=True).dtype
        '>i2'
        """
        kind = self.type.dtype[0]
        return f"{'>' if self.is_big_endian else '<'}{kind}{self.type.size}"

    def pack(self) -> bytes:
        """Write the content of the block; raise FormatError if a value is out of range."""
        self._check()
        first = (
            self.type
            | _HAS_LIMITS * (self.limits is not None)
            | _HAS_NODATA * (self.nodata is not None)
            | _HAS_MASK * bool(self.mask)
            | _HAS_REPETITION * (self.repetition is not None)
            | _IS_BIG_ENDIAN * self.is_big_endian
        )
        content = bytes([first, self.layout | self.bands - 1 << _BANDS_SHIFT])
        content += self.type.pack([limit for pair in self.limits or () for limit in pair])
        content += self.type.pack([] if self.nodata is None else [self.nodata])
        for factor, y, x in self.repetition or ():
            content += bytes([factor, 16 * y + x])
        return content + (bytes([self.mask_planes]) + self.mask if self.mask else b"")

    def _check(self) -> None:
        if not 1 <= self.bands <= MAX_BANDS:
            raise FormatError(f"{self.bands} bands: a file can hold 1 to {MAX_BANDS}")
        if not self.layout.has_bands and self.bands != 1:
            raise FormatError(f"damaged: {self.bands} bands in an array without an axis for them")
        for low, high in self.limits or ():
            _check_limit(self.type, low, high)
        for factor, y, x in self.repetition or ():
            if not (1 <= factor <= MAX_FACTOR and 0 <= y < factor and 0 <= x < factor):
                raise FormatError("damaged: the repetition of a band is out of range")
        if self.mask and self.mask_planes not in (1, self.bands):
            raise FormatError(f"damaged: a mask with {self.mask_planes} planes")

    def check_frames(self, frames: int) -> None:
        """Raise FormatError if the layout cannot hold this number of frames."""
        if frames != 1 and not self.layout.has_frames:
            raise FormatError(f"damaged: {frames} frames in an array without an axis for them")


def _check_limit(kind: SampleType, low: float, high: float) -> None:
    is_valid = math.isfinite(low) and math.isfinite(high) and low < high
    if not is_valid or (not kind.is_float and high - low > MAX_RANGE):
        raise FormatError(f"damaged: samples cannot have the limits {low:g} and {high:g}")


def unpack_samples(content: bytes) -> Samples:
    """Read the content of the block; raise FormatError if it is damaged.

    >>> samples = Samples(SampleType.FLOAT32, Layout.BHW, bands=2, limits=((0.0, 1.5), (-1.0, 4.0)))
    >>> unpack_samples(samples.pack()) == samples
    True
    """
    reader = Reader(content)
    first, second = reader.take(2)
    if first & _TYPE_BITS not in list(SampleType) or second & _LAYOUT_BITS not in list(Layout):
        raise FormatError("damaged: an unknown type or layout of samples")
    kind, bands = SampleType(first & _TYPE_BITS), (second >> _BANDS_SHIFT) + 1
    samples = Samples(
        type=kind,
        layout=Layout(second & _LAYOUT_BITS),
        bands=bands,
        is_big_endian=bool(first & _IS_BIG_ENDIAN),
        limits=_read_limits(reader, kind, bands) if first & _HAS_LIMITS else None,
        nodata=_read_nodata(reader, kind) if first & _HAS_NODATA else None,
        repetition=_read_repetition(reader, bands) if first & _HAS_REPETITION else None,
        mask_planes=reader.byte() if first & _HAS_MASK else 0,
        mask=reader.rest(),
    )
    if bool(first & _HAS_MASK) != bool(samples.mask):
        raise FormatError("damaged: the mask does not end where it should")
    samples._check()
    return samples


def _read_nodata(reader: Reader, kind: SampleType) -> float:
    """The value of missing samples; always the same object for NaN, so that samples are equal."""
    value = kind.read(reader, 1)[0]
    return math.nan if math.isnan(value) else value


def _read_limits(reader: Reader, kind: SampleType, bands: int) -> tuple[Limit, ...]:
    values = kind.read(reader, 2 * bands)
    return tuple(zip(values[::2], values[1::2], strict=True))


def _read_repetition(reader: Reader, bands: int) -> tuple[Repetition, ...]:
    pairs = (reader.take(2) for _ in range(bands))
    return tuple((factor, phase >> 4, phase & 15) for factor, phase in pairs)
