"""Decoding files, or codes, to pictures."""

from __future__ import annotations

import math
from ctypes import byref, c_char, c_void_p, string_at
from typing import Any
from weakref import finalize

import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Codes, Pixels
from aecodec.base.parallel import Workers
from aecodec.format.arrays import Layout, SampleType
from aecodec.format.container import Header
from aecodec.format.limits import Limits
from aecodec.imaging.picture import Picture
from aecodec.native import structures
from aecodec.native.codec import NativeCodec
from aecodec.native.execution import loops_of
from aecodec.native.library import LIBRARY, address_of
from aecodec.native.limits import check_limits, structure_of
from aecodec.native.status import check, error_of

_TILES = 4096
"""Minimum number of tiles in a window of a large picture."""

_ABOVE_LIMITS = range(structures.TOO_MANY_FRAMES, structures.TOO_MUCH_WORK + 1)


def decompress(
    codec: NativeCodec, data: bytes, header: Header, limits: Limits, workers: Workers
) -> Picture:
    """Decompress a file, which has a header, with its codec's network.

    Raises FormatError if the file is damaged, CodecError if a different codec made it or the
    network is absent, LimitError, UsageError if it lacks the requested base, and AecodecError.
    """
    loops, chosen = loops_of(workers), structure_of(limits)
    function, content = LIBRARY.aecodec_decompress, _empty(codec, header)
    if isinstance(content, structures.Samples):
        function = LIBRARY.aecodec_decompress_samples
    status = function(codec.handle, data, len(data), chosen, loops.reference, byref(content))
    _explain_limits(status, codec, data, limits)
    loops.check(status)
    return _picture_of(content, header)


def check_file(codec: NativeCodec, data: bytes, limits: Limits, workers: Workers) -> None:
    """Check a file like :func:`decompress`, but without the network if it has no refinements."""
    loops = loops_of(workers)
    chosen = structure_of(limits)
    status = LIBRARY.aecodec_check(codec.handle, data, len(data), chosen, loops.reference)
    _explain_limits(status, codec, data, limits)
    loops.check(status)


def _explain_limits(status: int, codec: NativeCodec, data: bytes, limits: Limits) -> None:
    """Raise the LimitError that names an option, if a file claims more than the limits."""
    if status in _ABOVE_LIMITS:
        check_limits(codec, data, limits)


def parts_for(codec: NativeCodec, workers: Workers, width: int, height: int) -> int:
    """The minimum number of windows, so that each thread gets a part of a large picture."""
    facts = codec.facts
    tiles = width * height // (facts.tile_width * facts.tile_height)
    return min(2 * workers.thread_count, tiles // _TILES)


class Decoding:
    """Decodes any frames of a file or of codes, in one thread; it frees the handle."""

    def __init__(self, codec: NativeCodec, handle: c_void_p, kept: object = None) -> None:
        self._codec, self._handle, self._kept = codec, handle, kept

    def __del__(self) -> None:
        LIBRARY.aecodec_decoding_free(self._handle)

    @classmethod
    def of_file(
        cls, codec: NativeCodec, data: bytes, limits: Limits = Limits(), parts: int = 0
    ) -> Decoding:
        """Begin to decode a file, in at least `parts` windows; errors as for :func:`decompress`."""
        handle, chosen = c_void_p(), structure_of(limits)
        begin, size = LIBRARY.aecodec_decoding_begin, len(data)
        status = begin(codec.handle, data, size, chosen, parts, byref(handle))
        _explain_limits(status, codec, data, limits)
        check(status)
        return cls(codec, handle, data)

    @classmethod
    def of_codes(
        cls, codec: NativeCodec, level: int, codes: Codes, shape: tuple[int, int, int]
    ) -> Decoding:
        """Begin to decode codes (vectors, K), at a level in sixteenths, of pictures (F, H, W).

        Raises FormatError for impossible codes, ImageError or UsageError for a wrong size or
        number.
        """
        narrow = np.ascontiguousarray(codes, np.int8)
        if not np.array_equal(narrow, codes):
            raise error_of(structures.CODE_RANGE)
        native = structures.Codes(address_of(narrow), *narrow.shape)
        frames, height, width = shape
        size = structures.Image(width, height, codec.facts.channels, frames)
        handle, begin = c_void_p(), LIBRARY.aecodec_decoding_begin_codes
        check(begin(codec.handle, level, byref(size), byref(native), 0, byref(handle)))
        return cls(codec, handle)

    def select(self, first: int, frames: int) -> None:
        """Select the frames for all later calls; at the beginning, all frames are selected."""
        check(LIBRARY.aecodec_decoding_select(self._handle, first, frames))

    def codes(self, workers: Workers) -> Codes:
        """The codes (vectors, K) of the selected frames; UsageError if the file has no base."""
        loops, codes = loops_of(workers), structures.Codes()
        loops.check(LIBRARY.aecodec_decoding_codes(self._handle, loops.reference, byref(codes)))
        content = string_at(codes.codes, codes.vectors * codes.dimension)
        return np.frombuffer(content, np.int8).reshape(-1, codes.dimension)

    def run(self, workers: Workers) -> None:
        """Run the codec's network on the selected frames; CodecError if it is absent."""
        loops = loops_of(workers)
        loops.check(LIBRARY.aecodec_decoding_run(self._handle, loops.reference))

    def picture(self, header: Header, workers: Workers) -> Picture:
        """The selected frames after :meth:`run`, with the metadata of a header."""
        finish, content = LIBRARY.aecodec_decoding_finish, _empty(self._codec, header)
        if isinstance(content, structures.Samples):
            finish = LIBRARY.aecodec_decoding_finish_samples
        loops = loops_of(workers)
        loops.check(finish(self._handle, loops.reference, byref(content)))
        return _picture_of(content, header)

    def channels(self, workers: Workers) -> Pixels:
        """The pixels (F, H, W, C) of codes after :meth:`run`."""
        loops, image = loops_of(workers), structures.Image()
        loops.check(LIBRARY.aecodec_decoding_finish(self._handle, loops.reference, byref(image)))
        return _pixels_of(image)


def _empty(codec: NativeCodec, header: Header) -> structures.Image | structures.Samples:
    """An empty structure for a decoded file of a codec."""
    has_samples = codec.facts.phases or header.samples
    return structures.Samples() if has_samples else structures.Image()


def _picture_of(content: structures.Image | structures.Samples, header: Header) -> Picture:
    """A picture that takes over the memory of the decoded structure."""
    if isinstance(content, structures.Samples):
        return _samples_of(content, header)
    pixels = _pixels_of(content)
    if content.channels in (1, 3):
        return Picture(pixels, None, header.metadata, header.origin)
    return Picture(pixels[..., :-1], pixels[..., -1], header.metadata, header.origin)


def _pixels_of(image: structures.Image) -> Pixels:
    shape = (image.frames, image.height, image.width, image.channels)
    return owned(image.pixels, shape, np.uint8)


def _samples_of(samples: structures.Samples, header: Header) -> Picture:
    shape = (samples.frames, samples.height, samples.width)
    kind, missing = SampleType(samples.type), None
    if samples.missing:
        missing = owned(samples.missing, (*shape, samples.mask_planes), np.bool_)
    number = float if kind.is_float else int
    return Picture(
        owned(samples.samples, (*shape, samples.bands), kind.dtype),
        None,
        header.metadata,
        header.origin,
        missing,
        number(samples.nodata) if samples.has_nodata else None,
        Layout(samples.layout),
        bool(samples.is_big_endian),
    )


def owned(address: int, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """An array of the library's numbers; their memory is freed with the last array that uses it."""
    memory: Any = (c_char * (math.prod(shape) * np.dtype(dtype).itemsize)).from_address(address)
    finalize(memory, LIBRARY.aecodec_free, address)
    return np.frombuffer(memory, dtype).reshape(shape)
