"""Decode ahead: networks run on the first segments of a picture while later ones are decoded.

Two threads take the segments in their order, so that two cores work before the first network runs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aecodec.arrays import Latents, Region
from aecodec.coding.payload import Message, Segment

if TYPE_CHECKING:
    from concurrent.futures import Future

_THREADS = 2


@dataclass(frozen=True, eq=False, repr=False)
class DecodedAhead:
    """Latents (F, rows, columns, channels) of several segments, filled while they are read.

    Each segment has a future, which is done when its latents are written.
    """

    latents: Latents
    segments: list[Segment]
    filled: list[Future[None]]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.latents.shape

    def __getitem__(self, region: Region) -> Latents:
        """Wait for the segments that overlap a region, and return its latents.

        Raises FormatError if one of these segments is damaged.
        """
        for number in self._with_frames(region[0]):
            pairs = zip(self.segments[number].places, region, strict=True)
            if all(a.start < b.stop and b.start < a.stop for a, b in pairs):
                _raise_error_of(self.filled[number])
        return self.latents[region]

    def _with_frames(self, frames: slice) -> range:
        """Numbers of the segments that contain some of these frames."""
        spans = [segment.places[0] for segment in self.segments]
        first = bisect_right(spans, frames.start, key=lambda span: span.stop)
        return range(first, bisect_right(spans, frames.stop - 1, key=lambda span: span.start))


@contextmanager
def decode_ahead(
    latents: Latents, messages: list[Message], fill: Callable[[Message], None]
) -> Iterator[Latents | DecodedAhead]:
    """Fill latents (F, rows, columns, channels) in threads, which stop at the end of the block.

    `fill` decodes a message and writes its latents. Raises FormatError if the only message is
    damaged. With several messages, reading the latents of a damaged message raises the error.
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
    """Wait, and raise a new error: a shared error would keep the pictures of all readers alive."""
    error = filled.exception()
    if error:
        raise type(error)(*error.args) from error
