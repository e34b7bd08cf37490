"""Message coders encode the latents of a segment to a message, and decode messages to codes."""

import math
from typing import NamedTuple, Protocol

from aecodec.arrays import Codes, Latents
from aecodec.entropy.spatial_context import Grid

Shape = tuple[int, ...]
"""Shape of an array of vectors: (N,) without neighbours, or (planes, rows, columns)."""


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
