"""The first bytes of a file, with which its segments are decoded one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ctypes import byref, c_char_p, c_size_t, c_uint32, c_void_p
from itertools import product
from weakref import finalize

import numpy as np

from aecodec.format.samples import SampleType
from aecodec.imaging.picture import Picture
from aecodec.native import structures
from aecodec.native.codec import NativeCodec
from aecodec.native.headers import header_of
from aecodec.native.library import LIBRARY, address_of
from aecodec.native.status import check

Box = tuple[range, range, range]
"""Frames, rows and columns."""

_FIRST = 1 << 12
"""Bytes to begin with."""

_SIDE = 256
"""Largest side of a segment, whose frames have this many squared pixels together."""


class FileHead:
    """The head of a file without a base and with one refinement. Several threads may use it.

    Attributes:
        header: the header of the file, with its size and without its refinement.
        shape: (F, H, W, B), as coded; alpha is the last of the bands.
    """

    def __init__(self, content: bytes, handle: c_void_p) -> None:
        self._handle, info = handle, structures.FileInfo()
        finalize(self, LIBRARY.aecodec_head_close, handle)
        LIBRARY.aecodec_head_info(handle, byref(info))
        info.refinements = 0  # whose description needs the whole file
        self.header = header = header_of(content, info)
        mode = header.mode
        bands = header.samples.bands if header.samples else mode.channels + mode.has_alpha
        self.shape = (header.frames, info.height, info.width, bands)

    @classmethod
    def open(
        cls, codec: NativeCodec, read: Callable[[int, int], bytes], size: int
    ) -> FileHead | None:
        """Read the head of a file with a number of bytes; None if it must be decoded as a whole.

        `read` returns the bytes from an offset up to another. Raises FormatError if the file is
        damaged, and CodecError if another codec made it.
        """
        handle, needed, status = c_void_p(), c_size_t(_FIRST), structures.INCOMPLETE
        while status == structures.INCOMPLETE:
            content = read(0, min(needed.value, size))
            given = codec.handle, content, len(content), size
            status = LIBRARY.aecodec_head_open(*given, byref(handle), byref(needed))
        if status == structures.NO_WINDOWS:
            return None
        check(status)
        return cls(content, handle)

    def segments(self) -> Iterator[tuple[Box, int, int]]:
        """Yield the boxes of all segments, and the ranges of their messages in the file."""
        frames, height, width, _ = self.shape
        together = _SIDE**2 // (min(height, _SIDE) * min(width, _SIDE))
        sides = ((frames, together), (height, _SIDE), (width, _SIDE))
        boxes = product(*(_cut(length, side) for length, side in sides))
        whole, count = _region((range(frames), range(height), range(width))), c_uint32()
        check(LIBRARY.aecodec_window_plan(self._handle, byref(whole), None, byref(count)))
        parts = (structures.Part * count.value)()
        check(LIBRARY.aecodec_window_plan(self._handle, byref(whole), parts, byref(count)))
        for (these, rows, columns), part in zip(boxes, parts, strict=True):
            yield (these, rows, columns), part.at, part.at + part.size

    def decode(self, box: Box, message: bytes) -> Picture:
        """Decode a segment; FormatError if its message is damaged."""
        samples, shape, missing = self.header.samples, tuple(map(len, box)), None
        dtype = (samples.type if samples else SampleType.UINT8).dtype
        pixels = np.empty((*shape, self.shape[3]), dtype)
        if samples and samples.mask:
            missing = np.empty((*shape, samples.mask_planes), np.bool_)
        check(
            LIBRARY.aecodec_window_decode(
                self._handle,
                byref(_region(box)),
                byref(c_char_p(message)),
                None,
                address_of(pixels),
                None if missing is None else address_of(missing),
            )
        )
        return Picture(pixels, missing=missing)


def _cut(length: int, side: int) -> list[range]:
    """The parts of an axis."""
    return [range(start, min(start + side, length)) for start in range(0, length, side)]


def _region(box: Box) -> structures.Region:
    return structures.Region(*(number for side in box for number in (side.start, len(side))))
