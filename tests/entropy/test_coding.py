"""Priors give back every code, whatever it is, for no more bits than they say."""

import math

import numpy as np
import pytest
from helpers.strategies import priors
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from aecodec.arrays import Codes
from aecodec.entropy import coding
from aecodec.entropy.prior import Prior
from aecodec.entropy.range_coder import CONSTRICTION, PYTHON, RangeCoder
from aecodec.entropy.slices import FixedSymbols, decided_slices, in_coding_order
from aecodec.entropy.spatial_context import Grid
from aecodec.errors import FormatError
from aecodec.prior_fitting.table_fitting import fit_prior


def assert_round_trip(
    prior: Prior, codes: Codes, grid: Grid | None = None, coder: RangeCoder = CONSTRICTION
) -> bytes:
    """Codes come back as they were, and cost no more than `bits` says."""
    payload = coding.encode(prior, codes, grid, coder)
    assert (coding.decode(prior, payload, len(codes), grid, coder) == codes).all()
    assert len(payload) <= coding.bits(prior, codes, grid).sum() / 8 + 1 + len(codes) / 4 + 1
    return payload


@settings(max_examples=200)
@given(st.data())
def test_any_codes_come_back_with_any_prior(data: st.DataObject) -> None:
    prior = data.draw(priors())
    near, anywhere = st.integers(-12, 12), st.integers(-32768, 32767)
    shape = (data.draw(st.integers(0, 40)), prior.code_dimension)
    codes = data.draw(hnp.arrays(np.int16, shape, elements=st.one_of(near, near, near, anywhere)))
    assert_round_trip(prior, codes)


@settings(max_examples=100)
@given(priors(), st.tuples(*[st.integers(1, n) for n in (2, 19, 19)]), st.integers(0, 2**32))
def test_any_grid_of_codes_comes_back(prior: Prior, grid: Grid, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = (math.prod(grid), prior.code_dimension)
    codes = rng.normal(0, 9, shape).round().astype(np.int16)
    codes[rng.random(shape) < 0.001] = rng.integers(-32768, 32768)
    assert_round_trip(prior, codes, grid)


@settings(max_examples=50)
@given(priors(), st.integers(1, 600), st.integers(0, 2**32))
def test_known_slices_are_those_that_are_decided_in_turn(
    prior: Prior, count: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.normal(0, 5, (count, prior.code_dimension)).round().astype(np.int16)
    selected = rng.integers(0, prior.priors, count).astype(np.int32)
    symbols = in_coding_order(prior, codes)
    decided = decided_slices(prior, lambda places, rows, first: symbols[places], selected)
    known_slices = FixedSymbols(codes).slices(prior, np.arange(count), selected, None)
    for pair in zip(known_slices, decided, strict=True):
        for known, in_turn in zip(*pair, strict=True):
            np.testing.assert_array_equal(known, in_turn)


def test_both_coders_write_the_same_payload_few_symbols_in_the_order_of_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codes = np.random.default_rng(0).normal(0, 3, (6, 5)).round().astype(np.int16)
    codes[3, 2] = -30_000
    prior, payloads = fit_prior(codes, priors=3, tables=32), set()
    for few in (0, codes.size):
        monkeypatch.setattr(coding, "FEW", few)
        payloads |= {assert_round_trip(prior, codes, coder=c) for c in (CONSTRICTION, PYTHON)}
    assert len(payloads) == 1


def test_a_payload_of_another_length_is_refused() -> None:
    codes = np.random.default_rng(0).normal(0, 3, (40, 5)).round().astype(np.int16)
    prior = fit_prior(codes, priors=2, tables=16)
    payload = coding.encode(prior, codes)
    with pytest.raises(FormatError, match="damaged"):
        coding.decode(prior, payload + b"\0", len(codes))
    with pytest.raises(FormatError, match="too short"):
        coding.decode(prior, payload, 10**9)
