"""Decoding ahead: networks run on the first segments of a picture while later ones are decoded.

Two threads take the segments in their order, so that two cores work before the first network runs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aecodec.arrays import Latents, Region
from aecodec.coding.message_coder import Segment
from aecodec.coding.payload import Message

if TYPE_CHECKING:
    from concurrent.futures import Future

_THREADS = 2


@dataclass(frozen=True)
class DecodedAhead:
    """Latents of several segments, which are filled while they are read.

    Attributes:
        latents: (F, rows, columns, channels), the array that is filled.
        segments: the segments, in their order.
        filled: one future per segment, done when its latents are there.
    """

    latents: Latents
    segments: list[Segment]
    filled: list[Future[None]]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the whole array."""
        return self.latents.shape

    def __getitem__(self, region: Region) -> Latents:
        """Latents of a region, after the segments that overlap it are decoded.

        Raises:
            FormatError: one of these segments is damaged.
        """
        for number in self._with_frames(region[0]):
            if _overlap(self.segments[number].places, region):
                _raise_error_of(self.filled[number])
        return self.latents[region]

    def _with_frames(self, frames: slice) -> range:
        """Numbers of the segments that have some of these frames."""
        first = bisect_right(self.segments, frames.start, key=lambda each: each.places[0].stop)
        stop = bisect_right(self.segments, frames.stop - 1, key=lambda each: each.places[0].start)
        return range(first, stop)


@contextmanager
def decode_ahead(
    latents: Latents, messages: list[Message], fill: Callable[[Message], None]
) -> Iterator[Latents | DecodedAhead]:
    """Fill an array from messages in threads; the end of the block stops it.

    Args:
        latents: (F, rows, columns, channels), to be filled.
        messages: the messages of all segments.
        fill: decodes a message and writes its latents.

    Raises:
        FormatError: there is one message, and it is damaged. With several, the error is raised
            where latents of a damaged one are read.
    """
    if len(messages) == 1:  # nothing to overlap
        fill(messages[0])
        yield latents
        return
    from concurrent.futures import ThreadPoolExecutor

    threads = ThreadPoolExecutor(_THREADS)
    try:
        filled = [threads.submit(fill, message) for message in messages]
        yield DecodedAhead(latents, [message.segment for message in messages], filled)
    finally:
        threads.shutdown(cancel_futures=True)


def _raise_error_of(filled: Future[None]) -> None:
    """Wait, and raise a new error for each reader: a shared one would keep all their pictures."""
    error = filled.exception()
    if error:
        raise type(error)(*error.args) from error


def _overlap(some: tuple[slice, ...], others: tuple[slice, ...]) -> bool:
    pairs = zip(some, others, strict=True)
    return all(one.start < other.stop and other.start < one.stop for one, other in pairs)
