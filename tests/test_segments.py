"""Payloads of any number of messages give back every code."""

from __future__ import annotations

import functools
import math
import threading
import time
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aecodec.arriving import Arriving, arriving
from aecodec.context import AroundWeights, Context
from aecodec.errors import FormatError
from aecodec.fitting import fit_prior
from aecodec.levels import Level
from aecodec.neighbours import Codes, Grid
from aecodec.prior import Prior
from aecodec.segments import SIDE, Message, Shape, encode, messages, segments_of
from aecodec.thrift import rounded

EVERY = Level(0, 3)
GRIDS = [(1, 1, 1), (3, 5, 7), (1, SIDE, SIDE), (2, SIDE + 1, 3), (1, 2, 3 * SIDE), (3000, 2, 3)]


@pytest.fixture(scope="module", params=["alone", "among neighbours"])
def prior(request: pytest.FixtureRequest) -> Prior:
    fitted = fit_prior(some_codes((1, 50, 50)), priors=4, tables=64)
    return replace(fitted, context=some_context()) if request.param != "alone" else fitted


def some_context() -> Context:
    """Any network of 4 units that looks around a vector of 3 channels, under 4 priors."""
    integers = functools.partial(np.random.default_rng(0).integers, -50, 50)
    return Context(
        order=[2, 0, 1],
        input_shift=[3, 3, 3],
        reach=[0, 0, 1, 2],
        weights=integers((3, 4)),
        unit_shift=[6] * 4,
        bias=integers((4, 4)),
        output_weights=integers((3, 4, 2)),
        output_shift=np.full((3, 2), 9),
        around=AroundWeights(
            integers(3),
            integers((2, 3, 4)),
            integers((2, 4)),
            integers((2, 3, 4, 3)),
            np.full((2, 3), 9),
        ),
    )


def some_codes(grid: Grid) -> Codes:
    rng = np.random.default_rng(math.prod(grid))
    return rng.normal(0, 2, (math.prod(grid), 3)).round().astype(np.int16)


@pytest.mark.parametrize("grid", GRIDS)
def test_round_trip(prior: Prior, grid: Grid) -> None:
    codes = some_codes(grid)
    assert_round_trip(prior, codes, grid)


def assert_round_trip(prior: Prior, codes: Codes, shape: Shape) -> bytes:
    payload = encode(
        prior, functools.partial(rounded, EVERY), codes.astype(np.int8).reshape(*shape, -1)
    )
    whole = codes.reshape(*shape, -1)
    for message in messages(payload, shape):
        found = message.codes(prior)
        assert (found == whole[message.segment.places].reshape(found.shape)).all()
    return payload


@settings(max_examples=50)
@given(st.tuples(*[st.integers(1, 300)] * 3))
def test_segments_cover_every_vector_once(grid: Grid) -> None:
    seen = np.zeros(grid, np.uint8)
    for segment in segments_of(grid):
        seen[segment.places] += 1
        assert seen[segment.places].size == segment.vectors == math.prod(segment.grid) <= SIDE**2
    assert (seen == 1).all()


def test_vectors_that_stand_alone_are_one_message(prior: Prior) -> None:
    codes = some_codes((1, 200, 200))
    assert assert_round_trip(prior, codes, (len(codes),)) == prior.encode(codes)


@pytest.mark.parametrize("length", [0, 1, 5, -40, -20])
def test_a_message_cut_short_is_refused(prior: Prior, length: int) -> None:
    grid = (1, 2, 2 * SIDE + 1)
    payload = assert_round_trip(prior, some_codes(grid), grid)
    with pytest.raises(FormatError):
        [message.codes(prior) for message in messages(payload[:length], grid)]


@settings(max_examples=50)
@given(st.tuples(*[st.integers(1, 300)] * 3), st.data())
def test_what_is_taken_has_arrived(grid: Grid, data: st.DataObject) -> None:
    places = tuple(data.draw(_slices(length)) for length in grid)
    whole = np.zeros(grid, np.int8)
    awaited = [Message(segment, b"") for segment in segments_of(grid)]

    def fill(message: Message) -> None:
        whole[message.segment.places] = 1

    with arriving(whole, awaited, fill) as integers:
        assert integers.shape == grid
        assert integers[places].all()


@settings(max_examples=50)
@given(st.tuples(*[st.integers(1, 300)] * 3), st.data())
def test_what_is_damaged_is_missed_where_it_is_taken(grid: Grid, data: st.DataObject) -> None:
    places = tuple(data.draw(_slices(length)) for length in grid)
    segments, whole = segments_of(grid), np.zeros(grid, np.int8)
    filled: list[Future[None]] = [Future() for _ in segments]
    damaged = data.draw(st.integers(0, len(segments) - 1))
    for future in filled:
        if future is filled[damaged]:
            future.set_exception(FormatError("damaged"))
        else:
            future.set_result(None)
    whole[segments[damaged].places] = 1
    with pytest.raises(FormatError) if whole[places].any() else nullcontext():
        Arriving(whole, segments, filled)[places]


@st.composite
def _slices(draw: st.DrawFn, length: int) -> slice:
    start = draw(st.integers(0, length - 1))
    return slice(start, draw(st.integers(start + 1, length)))


def test_nothing_goes_on_after_an_error() -> None:
    grid, before = (1, 2 * SIDE, 2 * SIDE), threading.active_count()
    awaited = [Message(segment, b"") for segment in segments_of(grid)]
    with (
        pytest.raises(FormatError),
        arriving(np.zeros(grid, np.int8), awaited, lambda message: time.sleep(0.01)),
    ):
        raise FormatError("damaged alpha, say")
    assert threading.active_count() == before
