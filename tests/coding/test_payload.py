"""Payloads of any number of messages give back every code."""

import functools
import math
from dataclasses import replace

import numpy as np
import pytest
from helpers.strategies import some_context
from hypothesis import given, settings
from hypothesis import strategies as st

from aecodec.arrays import Codes
from aecodec.coding.levels import Level
from aecodec.coding.payload import (
    SEGMENT_SIDE,
    Shape,
    encode_payload,
    split_into_segments,
    split_payload,
)
from aecodec.coding.prior_coder import PriorCoder, nearest_symbols
from aecodec.entropy import coding
from aecodec.entropy.prior import Prior
from aecodec.entropy.spatial_context import Grid
from aecodec.errors import FormatError
from aecodec.prior_fitting.table_fitting import fit_prior

EVERY = Level(0, 3)
GRIDS = [
    (1, 1, 1),
    (3, 5, 7),
    (1, SEGMENT_SIDE, SEGMENT_SIDE),
    (2, SEGMENT_SIDE + 1, 3),
    (1, 2, 3 * SEGMENT_SIDE),
    (3000, 2, 3),
]


@pytest.fixture(scope="module", params=["without neighbours", "with neighbours"])
def prior(request: pytest.FixtureRequest) -> Prior:
    fitted = fit_prior(some_codes((1, 50, 50)), priors=4, tables=64)
    return replace(fitted, context=some_context()) if request.param == "with neighbours" else fitted


def some_codes(grid: Grid) -> Codes:
    rng = np.random.default_rng(math.prod(grid))
    return rng.normal(0, 2, (math.prod(grid), 3)).round().astype(np.int16)


@pytest.mark.parametrize("grid", GRIDS)
def test_every_code_comes_back(prior: Prior, grid: Grid) -> None:
    codes = some_codes(grid)
    assert_round_trip(prior, codes, grid)


def assert_round_trip(prior: Prior, codes: Codes, shape: Shape) -> bytes:
    latents = codes.astype(np.int8).reshape(*shape, -1)
    coder = PriorCoder(prior, EVERY, functools.partial(nearest_symbols, EVERY))
    payload = encode_payload(coder, latents)
    whole = codes.reshape(*shape, -1)
    for message in split_payload(payload, shape):
        decoded = coder.decode(message.data, message.segment)
        assert (decoded == whole[message.segment.places].reshape(decoded.shape)).all()
    return payload


@settings(max_examples=50)
@given(st.tuples(*[st.integers(1, 300)] * 3))
def test_segments_cover_every_vector_once(grid: Grid) -> None:
    seen = np.zeros(grid, np.uint8)
    for segment in split_into_segments(grid):
        seen[segment.places] += 1
        assert (
            seen[segment.places].size
            == segment.vectors
            == math.prod(segment.grid)
            <= SEGMENT_SIDE**2
        )
    assert (seen == 1).all()


def test_vectors_without_neighbours_are_one_message(prior: Prior) -> None:
    codes = some_codes((1, 200, 200))
    assert assert_round_trip(prior, codes, (len(codes),)) == coding.encode(prior, codes)


@pytest.mark.parametrize("length", [0, 1, 5, -40, -20])
def test_a_message_cut_short_is_refused(prior: Prior, length: int) -> None:
    grid = (1, 2, 2 * SEGMENT_SIDE + 1)
    payload = assert_round_trip(prior, some_codes(grid), grid)
    coder = PriorCoder(prior, EVERY, functools.partial(nearest_symbols, EVERY))
    with pytest.raises(FormatError):
        [coder.decode(*message[::-1]) for message in split_payload(payload[:length], grid)]
