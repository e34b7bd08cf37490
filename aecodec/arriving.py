"""Integers of a large picture, of which the first are used while the last are still decoded.

Networks need not wait for the last segment: one thread decodes segments, in their order, while
others run networks on what is there. A second thread would not hasten it, as measured, for a third
of the time the entropy decoder holds Python's lock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aecodec.levels import Int8
from aecodec.segments import Message, Segment

if TYPE_CHECKING:
    from concurrent.futures import Future

    from aecodec.windows import Places


@dataclass(frozen=True)
class Arriving:
    """Integers of several segments.

    Attributes:
        whole: what is filled.
        segments: in their order.
        filled: when each is.
    """

    whole: Int8
    segments: list[Segment]
    filled: list[Future[None]]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the whole."""
        return self.whole.shape

    def __getitem__(self, places: Places) -> Int8:
        """Waits for the segments that have a share in it.

        Raises:
            FormatError: one of them is damaged.
        """
        for number in self._between(places[0]):
            if _overlap(self.segments[number].places, places):
                _raise_error_of(self.filled[number])
        return self.whole[places]

    def _between(self, frames: slice) -> range:
        """The numbers of segments that have these frames."""
        first = bisect_right(self.segments, frames.start, key=lambda each: each.places[0].stop)
        stop = bisect_right(self.segments, frames.stop - 1, key=lambda each: each.places[0].start)
        return range(first, stop)


@contextmanager
def arriving(
    whole: Int8, messages: list[Message], fill: Callable[[Message], None]
) -> Iterator[Int8 | Arriving]:
    """Fill an array in a thread of its own; what is not filled in the end is left.

    Args:
        whole: (F, rows, columns, channels).
        messages: of all its segments.
        fill: puts what a message says in its place.

    Raises:
        FormatError: the message is damaged, and there is but one; else whoever takes the integers
            of a damaged message gets the error.
    """
    if len(messages) == 1:  # nothing to overlap
        fill(messages[0])
        yield whole
        return
    from concurrent.futures import ThreadPoolExecutor

    one = ThreadPoolExecutor(1)
    try:
        filled = [one.submit(fill, message) for message in messages]
        yield Arriving(whole, [message.segment for message in messages], filled)
    finally:
        one.shutdown(cancel_futures=True)


def _raise_error_of(filled: Future[None]) -> None:
    """A new one for each who waits: a shared one would keep all their pictures in memory."""
    error = filled.exception()
    if error:
        raise type(error)(*error.args) from error


def _overlap(some: tuple[slice, ...], others: tuple[slice, ...]) -> bool:
    pairs = zip(some, others, strict=True)
    return all(one.start < other.stop and other.start < one.stop for one, other in pairs)
