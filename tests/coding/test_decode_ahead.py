"""Decoding ahead: latents are read only after their segments are decoded."""

import threading
import time
from concurrent.futures import Future
from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aecodec.coding.decode_ahead import DecodedAhead, decode_ahead
from aecodec.coding.payload import SEGMENT_SIDE, Message, split_into_segments
from aecodec.entropy.spatial_context import Grid
from aecodec.errors import FormatError


@settings(max_examples=50)
@given(st.tuples(*[st.integers(1, 300)] * 3), st.data())
def test_latents_are_decoded_before_they_are_read(grid: Grid, data: st.DataObject) -> None:
    places = tuple(data.draw(_slices(length)) for length in grid)
    whole = np.zeros(grid, np.int8)
    awaited = [Message(segment, b"") for segment in split_into_segments(grid)]

    def fill(message: Message) -> None:
        whole[message.segment.places] = 1

    with decode_ahead(whole, awaited, fill) as latents:
        assert latents.shape == grid
        assert latents[places].all()


@settings(max_examples=50)
@given(st.tuples(*[st.integers(1, 300)] * 3), st.data())
def test_a_damaged_segment_raises_where_it_is_read(grid: Grid, data: st.DataObject) -> None:
    places = tuple(data.draw(_slices(length)) for length in grid)
    segments, whole = split_into_segments(grid), np.zeros(grid, np.int8)
    filled: list[Future[None]] = [Future() for _ in segments]
    damaged = data.draw(st.integers(0, len(segments) - 1))
    for future in filled:
        if future is filled[damaged]:
            future.set_exception(FormatError("damaged"))
        else:
            future.set_result(None)
    whole[segments[damaged].places] = 1
    with pytest.raises(FormatError) if whole[places].any() else nullcontext():
        DecodedAhead(whole, segments, filled)[places]


@st.composite
def _slices(draw: st.DrawFn, length: int) -> slice:
    start = draw(st.integers(0, length - 1))
    return slice(start, draw(st.integers(start + 1, length)))


def test_no_thread_is_left_after_an_error() -> None:
    grid, before = (1, 2 * SEGMENT_SIDE, 2 * SEGMENT_SIDE), threading.active_count()
    awaited = [Message(segment, b"") for segment in split_into_segments(grid)]
    with (
        pytest.raises(FormatError),
        decode_ahead(np.zeros(grid, np.int8), awaited, lambda message: time.sleep(0.01)),
    ):
        raise FormatError("damaged alpha, say")
    assert threading.active_count() == before
