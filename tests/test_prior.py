"""Competing priors give back every code, whatever it is, for no more than they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import aecodec.rangecoder
from aecodec.errors import CodecError, FormatError
from aecodec.fitting import fit_prior, to_frequencies
from aecodec.prior import Codes, Prior, integer_cost
from aecodec.rangecoder import PythonDecoder, PythonEncoder


@st.composite
def priors(draw: st.DrawFn) -> Prior:
    """Any prior: 1 to 5 competing, over 1 to 6 channels, of a bank of 1 to 4 tables."""
    count, channels, bank, symbols = (draw(st.integers(1, n)) for n in (5, 6, 4, 9))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    index = to_frequencies(rng.random(count)) if count > 1 else np.zeros(1, np.uint16)
    return Prior(
        bank=np.stack([to_frequencies(rng.random(symbols + 1) ** 8) for _ in range(bank)]),
        first=draw(st.integers(-20, 5)),
        table=rng.integers(0, bank, (count, channels)),
        offset=rng.integers(-300, 300, (count, channels)) // draw(st.sampled_from([1, 50, 301])),
        index=index,
    )


def assert_round_trip(prior: Prior, codes: Codes) -> bytes:
    """Codes come back as they were, from either coder, and cost no more than `bits` says."""
    payload = prior.encode(codes)
    assert (prior.decode(payload, len(codes)) == codes).all()
    assert len(payload) <= prior.bits(codes).sum() / 8 + 1 + len(codes) / 4 + 1
    return payload


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_any_codes_under_any_prior(data: st.DataObject) -> None:
    prior = data.draw(priors())
    near, anywhere = st.integers(-12, 12), st.integers(-32768, 32767)
    shape = (data.draw(st.integers(0, 40)), prior.code_dimension)
    codes = data.draw(hnp.arrays(np.int16, shape, elements=st.one_of(near, near, near, anywhere)))
    assert_round_trip(prior, codes)


def test_both_coders_write_the_same_payload(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = np.random.default_rng(0).normal(0, 3, (200, 5)).round().astype(np.int16)
    codes[7, 2] = 30_000
    prior = fit_prior(codes[:100], priors=3, tables=32)
    compiled = assert_round_trip(prior, codes)
    monkeypatch.setattr(aecodec.rangecoder, "encoder", PythonEncoder)
    monkeypatch.setattr(aecodec.rangecoder, "decoder", PythonDecoder)
    assert assert_round_trip(prior, codes) == compiled


def test_the_cheapest_prior_is_chosen() -> None:
    flat, sharp = to_frequencies(np.ones(4)), to_frequencies(np.array([1, 900, 1, 1.0]))
    prior = Prior(
        np.stack([flat, sharp]), -1, np.array([[0], [1]]), np.zeros((2, 1)), [32768, 32768]
    )
    assert prior.choose(np.array([[0], [1], [-1]], np.int16)).tolist() == [1, 0, 0]


def test_costs_never_lie_near_a_tie() -> None:
    """Rounding to 1/256 bit is the same on every machine, whatever its logarithm's last digit."""
    exact = 256 * (16 - np.log2(np.arange(1, 65536, dtype=np.longdouble)))
    assert np.abs(exact - np.floor(exact) - 0.5).min() > 1e-9
    assert (integer_cost(np.arange(1, 65536)) == np.rint(exact)).all()


def test_fitting_is_deterministic_and_competition_pays() -> None:
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 2, 4000)[:, None]
    codes = np.where(kinds, rng.normal(-6, 1, (4000, 8)), rng.normal(6, 1, (4000, 8)))
    codes = codes.round().astype(np.int16)
    one, two, again = (fit_prior(codes, priors=p, tables=64) for p in (1, 2, 2))
    for name in ("bank", "table", "offset", "index"):
        assert (getattr(two, name) == getattr(again, name)).all()
    assert two.bits(codes).mean() < one.bits(codes).mean() - 5
    assert two.bits(codes).mean() < 8 * np.log2(np.sqrt(2 * np.pi * np.e)) + 2


def test_a_payload_of_another_length_is_refused() -> None:
    codes = np.random.default_rng(0).normal(0, 3, (40, 5)).round().astype(np.int16)
    prior = fit_prior(codes, priors=2, tables=16)
    payload = prior.encode(codes)
    with pytest.raises(FormatError, match="damaged"):
        prior.decode(payload + b"\0", len(codes))
    with pytest.raises(FormatError, match="too short"):
        prior.decode(payload, 10**9)


@pytest.mark.parametrize(
    "change",
    [{"bank": np.array([[1, 2, 3]])}, {"index": [1, 2]}, {"table": np.array([[7]])}],
)
def test_tables_that_do_not_fit_are_refused(change: dict[str, object]) -> None:
    sound = {
        "bank": np.array([[1, 65535]]),
        "first": 0,
        "table": np.zeros((1, 1)),
        "offset": np.zeros((1, 1)),
        "index": [0],
    }
    Prior(**sound)
    with pytest.raises(CodecError):
        Prior(**{**sound, **change})
