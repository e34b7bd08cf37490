"""The payload of a file: its code vectors, in one or more messages.

Vectors without neighbours form one message. Pictures, whose vectors have neighbours, are cut into
square segments with a message each, which bounds memory for pictures of any size and uses all
cores. A segment's context ends at its borders, which costs few bits.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np

from aecodec.arrays import Codes, Latents
from aecodec.errors import FormatError
from aecodec.format.binary import join_messages, split_messages
from aecodec.parallel import Workers

Grid = tuple[int, int, int]
"""(pictures, rows, columns) of code vectors; vectors are numbered in this order."""

Shape = tuple[int, ...]
"""Shape of an array of vectors: (N,) without neighbours, or (planes, rows, columns)."""


class Level(Protocol):
    """A level; see :class:`aecodec.codec_files.levels.Level`."""

    @property
    def code_dimension(self) -> int: ...


class Segment(NamedTuple):
    """The vectors of one message, as their slices in an array of vectors (*Shape)."""

    places: tuple[slice, ...]

    @property
    def shape(self) -> Shape:
        """Number of vectors along each axis."""
        return tuple(place.stop - place.start for place in self.places)

    @property
    def vectors(self) -> int:
        return math.prod(self.shape)

    @property
    def grid(self) -> Grid | None:
        """The shape; None if the vectors have no neighbours."""
        if len(self.places) == 1:
            return None
        planes, rows, columns = self.shape
        return planes, rows, columns


class MessageCoder(Protocol):
    """Codes the vectors of segments at one level. Several threads may share it."""

    def encode(self, latents: Latents, segment: Segment) -> tuple[bytes, Codes]:
        """Quantize and encode int8 latents (*segment.shape, channels of all levels) of a segment.

        Returns the message, and its codes (N, K).
        """

    def decide(self, latents: Latents, segment: Segment) -> Codes:
        """Quantize latents to the codes (N, K) that :meth:`encode` codes."""

    def decode(self, message: bytes, segment: Segment) -> Codes:
        """Decode a message to exactly the codes (N, K) that were encoded.

        Raises FormatError if no encoder writes this message for this segment.
        """

    def dequantize_into(self, codes: Codes, latents: Latents) -> None:
        """Dequantize codes (N, K) into an array of N vectors with the channels of all levels.

        Raises FormatError if no encoder produces these codes.
        """


VECTORS_PER_BYTE = 4
"""A message has at least one byte per 4 vectors."""

GRID_VECTORS_PER_BYTE = 64
"""A message with vectors in a grid has at least one byte per 64 vectors, because vectors of flat
pictures cost almost nothing."""


def check_length(message: bytes, count: int, grid: Grid | None) -> None:
    """Raise FormatError if a message is too short for this many vectors.

    It is called before memory is allocated.
    """
    if len(message) < -(-count // (GRID_VECTORS_PER_BYTE if grid else VECTORS_PER_BYTE)):
        raise FormatError(
            f"damaged: a message of {len(message)} bytes is too short for {count} code vectors"
        )


SEGMENT_SIDE = 128
"""Side of a segment in code vectors."""


class Message(NamedTuple):
    segment: Segment
    data: bytes


def split_into_segments(shape: Shape, side: int = SEGMENT_SIDE) -> list[Segment]:
    """Cut an array of vectors into segments with sides up to `side`, row by row.

    Small pictures are not cut; a segment contains as many of them as fit.

    >>> [segment.shape for segment in split_into_segments((1, 100, 300))]
    [(1, 100, 128), (1, 100, 128), (1, 100, 44)]
    >>> [segment.shape for segment in split_into_segments((600, 5, 7))]
    [(468, 5, 7), (132, 5, 7)]
    >>> split_into_segments((100_000,))[0].shape
    (100000,)
    """
    if len(shape) == 1:
        return [Segment((slice(0, shape[0]),))]
    pictures, rows, columns = shape
    vectors = min(rows, side) * min(columns, side)
    return [
        Segment((frames, down, across))
        for frames in _runs(pictures, max(1, side**2 // vectors))
        for down in _runs(rows, side)
        for across in _runs(columns, side)
    ]


def _runs(count: int, length: int) -> list[slice]:
    return [slice(start, min(start + length, count)) for start in range(0, count, length)]


def encode_segments(
    coder: MessageCoder, latents: Latents, workers: Workers = Workers()
) -> Iterator[tuple[Message, Codes]]:
    """Quantize and encode latents, and yield messages and codes (n, K).

    The latents have the shape (*Shape, channels of all levels).
    """

    def encode(segment: Segment) -> tuple[Message, Codes]:
        data, codes = coder.encode(latents[segment.places], segment)
        return Message(segment, data), codes

    return workers.map(encode, split_into_segments(latents.shape[:-1]))


def encode_payload(coder: MessageCoder, latents: Latents, workers: Workers = Workers()) -> bytes:
    """Quantize and encode latents to a payload; see :func:`encode_segments`."""
    return join_messages([message.data for message, _ in encode_segments(coder, latents, workers)])


def decide_codes(
    coder: MessageCoder, latents: Latents, workers: Workers = Workers()
) -> Iterator[tuple[Segment, Codes]]:
    """Quantize latents to the codes (n, K) of each segment, without encoding them."""

    def decide(segment: Segment) -> tuple[Segment, Codes]:
        return segment, coder.decide(latents[segment.places], segment)

    return workers.map(decide, split_into_segments(latents.shape[:-1]))


def codes_of(coder: MessageCoder, level: Level, latents: Latents) -> Codes:
    """Quantize latents (*Shape, channels) to the codes (N, K) of a file at a level."""
    return join_codes(decide_codes(coder, latents), latents.shape[:-1], level)


def split_payload(payload: bytes, shape: Shape) -> list[Message]:
    """Split a payload for an array of vectors of this shape into the messages of its segments.

    Raises FormatError if it is too short for this many vectors. Nothing has been allocated.
    """
    segments = split_into_segments(shape)
    messages = list(map(Message, segments, split_messages(payload, len(segments))))
    for segment, data in messages:
        check_length(data, segment.vectors, segment.grid)
    return messages


def join_codes(parts: Iterator[tuple[Segment, Codes]], shape: Shape, level: Level) -> Codes:
    """Join the codes of all segments to (N, K), in the order of the array of vectors."""
    codes = np.empty((*shape, level.code_dimension), np.int16)
    for segment, part in parts:
        codes[segment.places] = part.reshape(*segment.shape, -1)
    return codes.reshape(-1, codes.shape[-1])
