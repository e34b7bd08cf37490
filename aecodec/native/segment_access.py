"""The first bytes of a file, which are needed to decode its segments one by one."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import byref, c_size_t, c_void_p
from typing import NamedTuple
from weakref import finalize

import numpy as np

from aecodec.format.arrays import SampleType
from aecodec.imaging.picture import Picture
from aecodec.native import structures
from aecodec.native.codec import NativeCodec
from aecodec.native.headers import header_of
from aecodec.native.library import LIBRARY, address_of
from aecodec.native.status import check

_FIRST = 1 << 12


class Segment(NamedTuple):
    """A segment: its frames, rows and columns, and the range of its message in the file."""

    box: tuple[range, range, range]
    start: int = 0
    stop: int = 0
    number: int = 0


class FileHead:
    """The head of a file without a base and with one refinement. Several threads may use it.

    `header`: the header, with the size, without refinements. `shape`: (F, H, W, B) of the array,
    with alpha last. `grid`: frames, rows and columns of segments. `segments`: in the order of the
    file, in which columns change first.
    """

    def __init__(self, content: bytes, handle: c_void_p) -> None:
        self._handle, info = handle, structures.FileInfo()
        finalize(self, LIBRARY.aecodec_head_close, handle)
        LIBRARY.aecodec_head_info(handle, byref(info))
        info.refinements = 0  # whose description needs the whole file
        self.header = header = header_of(content, info)
        mode = header.mode
        self._coded = header.samples.bands if header.samples else mode.channels + mode.has_alpha
        self._shown = list(range(self._coded))
        if header.as_rgb:
            self._shown[:1] = [0, 0, 0]
        self.shape = (header.frames, info.height, info.width, len(self._shown))
        self.segments = self._segments()
        axes = zip(*(segment.box for segment in self.segments), strict=True)
        self.grid = tuple(list(dict.fromkeys(ranges)) for ranges in axes)

    @classmethod
    def open(
        cls, codec: NativeCodec, read: Callable[[int, int], bytes], size: int
    ) -> FileHead | None:
        """Read the head of a file; None if it must be decoded as a whole. Or FormatError."""
        handle, needed, status = c_void_p(), c_size_t(_FIRST), structures.INCOMPLETE
        while status == structures.INCOMPLETE:
            content = read(0, min(needed.value, size))
            source = codec.handle, content, len(content), size
            status = LIBRARY.aecodec_head_open(*source, byref(handle), byref(needed))
        if status == structures.NO_WINDOWS:
            return None
        check(status)
        return cls(content, handle)

    def _segments(self) -> list[Segment]:
        region, part, segments = structures.Region(), structures.Part(), list[Segment]()
        results = byref(region), byref(part)
        while LIBRARY.aecodec_head_segment(self._handle, len(segments), *results) == structures.OK:
            sides = (
                (region.frame, region.frames),
                (region.row, region.rows),
                (region.column, region.columns),
            )
            frames, rows, columns = (range(start, start + size) for start, size in sides)
            stop, number = part.at + part.size, len(segments)
            segments.append(Segment((frames, rows, columns), part.at, stop, number))
        return segments

    def decode(self, segment: Segment, message: bytes) -> Picture:
        """Decode a segment to (f, h, w, B); FormatError if its message is damaged."""
        samples, shape, missing = self.header.samples, tuple(map(len, segment.box)), None
        dtype = (samples.type if samples else SampleType.UINT8).dtype
        pixels = np.empty((*shape, self._coded), dtype)
        if samples and samples.mask:
            missing = np.empty((*shape, samples.mask_planes), np.bool_)
        mask = None if missing is None else address_of(missing)
        arguments = self._handle, segment.number, message, address_of(pixels), mask
        check(LIBRARY.aecodec_head_decode(*arguments))
        return Picture(pixels[..., self._shown] if self.header.as_rgb else pixels, missing=missing)
