"""The segments of a file, which are read and decoded separately if the file allows it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_with_id
from aecodec.format.container import Header
from aecodec.format.limits import Limits
from aecodec.imaging.picture import Picture, to_array
from aecodec.native.headers import read_beginning
from aecodec.native.heads import Box, FileHead
from aecodec.native.structures import BEGINNING
from aecodec.sequences.ranges import Ranges


class Segment(NamedTuple):
    """A segment: its frames, rows and columns, and the range of its message in the file."""

    box: Box
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
    decode: Callable[[Segment, bytes], Picture]

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
    beginning = read_beginning(ranges.read(0, min(BEGINNING, ranges.size)))
    codec = codec or codec_with_id(bytes(beginning.id))
    head = FileHead.open(codec.folder.native, ranges.read, ranges.size)
    if head is None:
        return _whole(ranges.read(0, ranges.size), codec)
    channels = _channels_of(head)

    def decode(segment: Segment, message: bytes) -> Picture:
        piece = head.decode(segment.box, message)
        return replace(piece, pixels=piece.pixels[..., channels])

    segments = [Segment(*segment) for segment in head.segments()]
    bands = range(head.shape[3])[channels] if isinstance(channels, slice) else channels
    return SegmentedFile(head.header, (*head.shape[:3], len(bands)), segments, decode)


def _channels_of(head: FileHead) -> slice | list[int]:
    """The coded channels of the channels that pictures have; grey ones may be shown as RGB."""
    return [0, 0, 0, *range(1, head.shape[3])] if head.header.as_rgb else slice(None)


def _whole(content: bytes, codec: Codec) -> SegmentedFile:
    """A file with one segment, all that it has."""
    decoder, limits = codec.decoder, Limits()
    header = decoder.header(content)
    width, height = header.size or decoder.spec.tile[::-1]
    mode = header.picture_mode
    bands = header.samples.bands if header.samples else mode.channels + mode.has_alpha

    def decode(_: Segment, __: bytes) -> Picture:
        picture = decoder.decompress_picture(content, limits)
        pixels = to_array(picture).reshape(header.frames, height, width, bands)
        return Picture(pixels, missing=picture.missing)

    box, shape = (range(header.frames), range(height), range(width)), (header.frames, height, width)
    return SegmentedFile(header, (*shape, bands), [Segment(box, 0, 0)], decode)
