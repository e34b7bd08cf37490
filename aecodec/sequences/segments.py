"""The segments of a file, which are read and decoded separately if the file allows it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_of_file
from aecodec.format.container import Header
from aecodec.format.limits import Limits
from aecodec.imaging.picture import Picture, to_array
from aecodec.sequences.ranges import Ranges


class Segment(NamedTuple):
    """A segment: its frames, rows and columns, and the range of its message in the file."""

    box: tuple[range, range, range]
    start: int
    stop: int


@dataclass(frozen=True)
class SegmentedFile:
    """A file whose segments can be decoded.

    Attributes:
        header: its header.
        shape: (F, H, W, B); alpha is the last of the bands.
        segments: its segments.
        decode: decodes a segment and its message to a picture (f, h, w, B).
    """

    header: Header
    shape: tuple[int, int, int, int]
    segments: Sequence[Segment]
    decode: Callable[[tuple[Segment, bytes]], Picture]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the samples in native byte order."""
        return np.dtype(self.header.samples.type.dtype if self.header.samples else np.uint8)

    @property
    def has_mask(self) -> bool:
        """Whether samples are missing."""
        return bool(self.header.samples and self.header.samples.mask)

    @property
    def segment_bytes(self) -> int:
        """Size of the samples of the first segment."""
        return math.prod(map(len, self.segments[0].box)) * self.shape[3] * self.dtype.itemsize


def segmented(ranges: Ranges, codec: Codec | None = None) -> SegmentedFile:
    """Read the head of a file, or the whole file if it must be decoded as a whole.

    Raises FormatError if it is damaged, and CodecError if its codec is not installed.
    """
    return _whole(ranges.read(0, ranges.size), codec)


def _whole(content: bytes, codec: Codec | None) -> SegmentedFile:
    """A file with one segment, all that it has."""
    decoder = (codec or codec_of_file(content)).decoder
    header, limits = decoder.header(content), Limits()
    width, height = header.size or decoder.spec.tile[::-1]
    bands = header.samples.bands if header.samples else _channels_of(header)

    def decode(_: tuple[Segment, bytes]) -> Picture:
        picture = decoder.decompress_picture(content, limits)
        pixels = to_array(picture).reshape(header.frames, height, width, bands)
        return Picture(pixels, missing=picture.missing)

    box = (range(header.frames), range(height), range(width))
    return SegmentedFile(header, (*map(len, box), bands), [Segment(box, 0, 0)], decode)


def _channels_of(header: Header) -> int:
    """Number of channels of decoded pictures, with alpha."""
    mode = header.picture_mode
    return mode.channels + mode.has_alpha
