"""Codes of selected frames of a payload; only the messages that contain them are decoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes
from aecodec.coding.message_coder import Shape
from aecodec.coding.payload import Message, split_payload

Numbers = npt.NDArray[np.intp]
"""Numbers of frames, from 0."""


@dataclass(frozen=True)
class RandomAccess:
    """The messages of a payload for an array of vectors of this shape, along whose first axis
    frames lie.
    """

    messages: list[Message]
    shape: Shape
    frames: int

    @classmethod
    def to(cls, payload: bytes, shape: Shape, frames: int) -> RandomAccess:
        """Find the messages of a payload; raise FormatError if it is too short for this many
        vectors.
        """
        return cls(split_payload(payload, shape), shape, frames)

    def codes(self, numbers: Numbers, width: int, decode: Callable[[int], Codes]) -> Codes:
        """Gather the codes (n, V, K) int16 of frames (n,), in any order, with V vectors each.

        At least one frame is needed. K is `width`; `decode` returns the codes (vectors, K) of a
        message, by its number.
        """
        rows = self._rows_of(numbers)
        codes = np.empty((len(rows), *self.shape[1:], width), np.int16)
        for number, message in enumerate(self.messages):
            span, *places = message.segment.places
            inside = (rows >= span.start) & (rows < span.stop)
            if inside.any():
                part = decode(number).reshape(*message.segment.shape, width)
                codes[(inside, *places)] = part[rows[inside] - span.start]
        return codes.reshape(len(numbers), -1, width)

    def _rows_of(self, numbers: Numbers) -> Numbers:
        """Indices of the frames along the first axis of the array of vectors."""
        rows = self.shape[0] // self.frames
        return (numbers[:, None] * rows + np.arange(rows)).reshape(-1)
