"""Competing priors give back every code, whatever it is, for no more than they say."""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import aecodec.rangecoder
from aecodec.competition import _two_cheapest, choose, costs_under, integer_cost
from aecodec.context import AroundWeights, Context, ContextPass
from aecodec.errors import CodecError, FormatError
from aecodec.fitting import fit_prior, to_frequencies
from aecodec.neighbours import (
    DIAGONAL,
    KINDS,
    LED,
    STRAIGHT,
    TRENDS,
    Codes,
    Grid,
    Part,
    Surroundings,
    parts_of,
)
from aecodec.prior import Prior
from aecodec.rangecoder import PythonDecoder, PythonEncoder


def any_context(rng: np.random.Generator, count: int, channels: int) -> Context:
    """Any context network of 0 to 12 units."""
    units = int(rng.integers(0, 13))
    any_int8 = functools.partial(rng.integers, -128, 128)
    return Context(
        order=rng.permutation(channels),
        input_shift=rng.integers(0, 8, channels),
        reach=np.sort(rng.integers(0, channels + 2, units)),
        weights=any_int8((channels, units)),
        unit_shift=rng.integers(0, 12, units),
        bias=any_int8((count, units)),
        output_weights=any_int8((channels, units, 2)),
        output_shift=rng.integers(4, 16, (channels, 2)),
        around=AroundWeights(
            any_int8(channels),
            any_int8((KINDS, channels, units)),
            any_int8((KINDS, units)),
            any_int8((KINDS, led := min(channels, LED), TRENDS, led)),
            rng.integers(4, 16, (KINDS, led)),
        )
        if rng.integers(0, 2)
        else None,
    )


@st.composite
def priors(draw: st.DrawFn) -> Prior:
    """Any prior: 1 to 5 competing, over 1 to 6 channels, with and without a context network."""
    count, channels, symbols = (draw(st.integers(1, n)) for n in (5, 6, 9))
    bank = draw(st.sampled_from([1, 2, 3, 8, 16, 24]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    index = to_frequencies(rng.random(count)) if count > 1 else np.zeros(1, np.uint16)
    return Prior(
        bank=np.stack([to_frequencies(rng.random(symbols + 1) ** 8) for _ in range(bank)]),
        first=draw(st.integers(-20, 5)),
        table=rng.integers(0, bank, (count, channels)),
        offset=rng.integers(-300, 300, (count, channels)) // draw(st.sampled_from([1, 50, 301])),
        index=index,
        context=any_context(rng, count, channels) if bank % 8 == 0 else None,
    )


def assert_round_trip(prior: Prior, codes: Codes, grid: Grid | None = None) -> bytes:
    """Codes come back as they were, from either coder, and cost no more than `bits` says."""
    payload = prior.encode(codes, grid)
    assert (prior.decode(payload, len(codes), grid) == codes).all()
    assert len(payload) <= prior.bits(codes, grid).sum() / 8 + 1 + len(codes) / 4 + 1
    return payload


@settings(max_examples=300)
@given(st.data())
def test_any_codes_under_any_prior(data: st.DataObject) -> None:
    prior = data.draw(priors())
    near, anywhere = st.integers(-12, 12), st.integers(-32768, 32767)
    shape = (data.draw(st.integers(0, 40)), prior.code_dimension)
    codes = data.draw(hnp.arrays(np.int16, shape, elements=st.one_of(near, near, near, anywhere)))
    assert_round_trip(prior, codes)


@settings(max_examples=200)
@given(priors(), st.tuples(*[st.integers(1, n) for n in (2, 19, 19)]), st.integers(0, 2**32))
def test_any_grid_of_codes(prior: Prior, grid: Grid, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = (math.prod(grid), prior.code_dimension)
    codes = rng.normal(0, 9, shape).round().astype(np.int16)
    codes[rng.random(shape) < 0.001] = rng.integers(-32768, 32768)
    assert_round_trip(prior, codes, grid)


@given(st.tuples(*[st.integers(1, n) for n in (3, 40, 40)]))
def test_the_parts_of_a_grid(grid: Grid) -> None:
    """Each vector is in one part; its neighbours are of its picture, opposite, and known."""
    known: set[int] = set()
    for part in parts_of(grid):
        if part.around is not None:
            assert_opposite(part, grid)
            assert set(part.around[part.around >= 0].tolist()) <= known
        assert not known & set(part.members.tolist())
        known |= set(part.members.tolist())
    assert known == set(range(math.prod(grid)))


def assert_opposite(part: Part, grid: Grid) -> None:
    for number, around in zip(part.members, part.around, strict=True):
        own = np.unravel_index(number, grid)
        places = [np.unravel_index(n, grid) if n >= 0 else None for n in around]
        assert all(place is None or place[0] == own[0] for place in places)
        for one, other in (places[:2], places[2:]):
            if one and other:
                assert one[1] + other[1] == 2 * own[1]
                assert one[2] + other[2] == 2 * own[2]


def test_a_vector_at_the_edge_repeats_what_it_has() -> None:
    codes = np.array([[1], [2], [-4], [8], [-32768], [32]], np.int16)  # 2 rows, 3 columns
    expected = {
        2: ([0, 0, 0, 0], 0),
        1: ([-258, -5, 0, 5], 263),
        3: ([0, -258, 0, 0], 258),
        5: ([-10, -258, 0, 0], 268),
    }
    found = {}
    for part in parts_of((1, 2, 3)):
        around = part.surroundings(codes, np.array([1], np.int16), np.array([0]))
        for n, number in enumerate(part.members):
            found[int(number)] = around and (
                around.kind,
                (around.trends[n, :, 0].tolist(), around.magnitudes[n, 0]),
            )
    assert found.pop(0) is None
    assert found.pop(4) == (DIAGONAL, ([0, -10, 0, 0], 10))
    assert found == {n: (STRAIGHT, each) for n, each in expected.items()}


class OneVector(NamedTuple):
    """What a context network may know of one; trends and magnitudes empty with nothing around."""

    prior: int
    offset: list[int]
    codes: list[int]
    kind: int
    trends: list[list[int]]
    magnitudes: list[int]


def in_plain_integers(network: Context, vector: OneVector) -> list[list[int]]:
    """The moves of one vector's tables, as docs/FORMAT.md has them, without NumPy's sums."""
    inputs: list[int] = []
    moves = []
    around = network.around if vector.trends else None
    for place, channel in enumerate(network.order.tolist()):
        units = []
        for unit in np.flatnonzero(network.reach <= place):
            total = sum(
                inputs[i] * int(network.weights[i, unit]) for i in range(network.reach[unit])
            )
            bias = int(network.bias[vector.prior, unit])
            if around:
                for i, known in enumerate(network.order):
                    quarter = (vector.magnitudes[known] << int(network.input_shift[i])) >> 2
                    total += min(quarter, 127) * int(around.weights[vector.kind, i, unit])
                bias += int(around.bias[vector.kind, unit])
            units.append((total >> int(network.unit_shift[unit])) + bias)
        row = []
        for output in range(2):
            weights = network.output_weights[place, :, output].tolist()
            shift = int(network.output_shift[place, output])
            total = sum(min(max(h, 0), 127) * w for h, w in zip(units, weights, strict=False))
            row.append((total + (1 << shift >> 1)) >> shift)
        if around:
            row[0] += led_by(network, around, vector, place)
        moves.append(row)
        inputs.append(read_of(network, vector, place, channel))
    return moves


def led_by(network: Context, around: AroundWeights, vector: OneVector, place: int) -> int:
    if place >= LED:
        return 0
    total = 0
    for slopes, trends in zip(
        around.slope[vector.kind, place].tolist(), vector.trends, strict=True
    ):
        for slope, trend, shift in zip(slopes, trends, network.input_shift.tolist(), strict=False):
            total += slope * min(max(trend << shift, -511), 511)
    shift = int(around.slope_shift[vector.kind, place])
    return (total + (1 << shift >> 1)) >> shift


def read_of(network: Context, vector: OneVector, place: int, channel: int) -> int:
    shift = int(network.input_shift[place])
    if network.around:
        distance = min(max(vector.codes[channel], -128), 127) - int(network.around.centre[place])
        return min(abs(distance) << shift, 127)
    return min(max((vector.codes[channel] - vector.offset[channel]) << shift, -127), 127)


@given(
    st.integers(0, 2**32),
    st.integers(1, 3),
    st.integers(1, 6) | st.just(LED + 2),
    st.sampled_from([200, 32768]),
)
def test_a_context_network_is_exact(seed: int, count: int, channels: int, largest: int) -> None:
    """BLAS and plain integers agree, and so do a vector alone and many at once."""
    rng = np.random.default_rng(seed)
    network = any_context(rng, count, channels)
    chosen = rng.integers(0, count, 5).astype(np.int32)
    offset = rng.integers(-300, 300, (5, channels)).astype(np.int32)
    codes = rng.integers(-largest, largest, (5, channels)).astype(np.int16)
    kind = int(rng.integers(0, KINDS))
    trends = rng.integers(-510, 511, (5, TRENDS, min(channels, LED))).astype(np.int16)
    magnitudes = rng.integers(0, 1021, (5, channels)).astype(np.int16)
    around = Surroundings(kind, trends, magnitudes) if rng.integers(0, 2) else None
    sweep, found = ContextPass(network, 5, chosen, offset.T[network.order], around), []
    for places in network.slices:
        found.extend(np.stack(sweep.moves(places), axis=-1).tolist())
        sweep.tell(places, codes.T[network.order[places]])
    for n in range(5):
        near = (trends[n].tolist(), magnitudes[n].tolist()) if around else ([], [])
        vector = OneVector(chosen[n], offset[n].tolist(), codes[n].tolist(), kind, *near)
        assert [at_place[n] for at_place in found] == in_plain_integers(network, vector)


def test_with_context_the_cheaper_of_two_priors_is_chosen() -> None:
    rng = np.random.default_rng(0)
    codes = rng.normal(0, 3, (300, 6)).round().astype(np.int16)
    prior = fit_prior(codes, priors=4, tables=64)
    prior = replace(prior, context=any_context(rng, 4, 6))
    cost = {p: costs_under(prior, codes, np.full(300, p, np.int32)) for p in range(4)}
    chosen = choose(prior, codes)
    candidates, alone = _two_cheapest(prior, codes)
    is_close = alone[1] - alone[0] < 4 * 256
    assert 0.1 < is_close.mean() < 0.9
    for n, (first, second) in enumerate(candidates.T):
        is_second = is_close[n] and cost[second][n] < cost[first][n]
        assert chosen[n] == (second if is_second else first)


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
    assert choose(prior, np.array([[0], [1], [-1]], np.int16)).tolist() == [1, 0, 0]


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


def around_of(channels: int, units: int) -> AroundWeights:
    return AroundWeights(
        centre=np.zeros(channels),
        weights=np.zeros((KINDS, channels, units)),
        bias=np.zeros((KINDS, units)),
        slope=np.zeros((KINDS, channels, TRENDS, channels)),
        slope_shift=np.zeros((KINDS, channels)),
    )


@pytest.mark.parametrize(
    "change",
    [
        {"order": [0, 0, 1, 2]},
        {"input_shift": [0, 0, 0, 8]},
        {"reach": [4, 1, 0]},
        {"bias": np.zeros((2, 4))},
        {"output_weights": np.zeros((4, 3))},
        {"around": around_of(4, units=2)},
        {"around": around_of(5, units=3)},
        {"around": replace(around_of(4, units=3), slope=np.zeros((KINDS, 2, 4)))},
        {"around": replace(around_of(4, units=3), slope_shift=np.zeros((KINDS, 3)))},
        {"around": replace(around_of(4, units=3), slope_shift=np.full((KINDS, 4), 25))},
    ],
)
def test_a_context_network_that_does_not_fit_is_refused(change: dict[str, object]) -> None:
    sound = {
        "order": [3, 0, 1, 2],
        "input_shift": np.zeros(4),
        "reach": [0, 1, 4],
        "weights": np.zeros((4, 3)),
        "unit_shift": np.zeros(3),
        "bias": np.zeros((2, 3)),
        "output_weights": np.zeros((4, 3, 2)),
        "output_shift": np.zeros((4, 2)),
    }
    sound["around"] = around_of(4, units=3)
    network = Context(**sound)
    with pytest.raises(CodecError):
        Context(**{**sound, **change})
    bank = np.full((8, 2), 32768)
    fitting = Prior(bank, 0, np.zeros((2, 4)), np.zeros((2, 4)), [32768, 32768], network)
    with pytest.raises(CodecError, match="fits other tables"):
        replace(fitting, table=np.zeros((2, 3)), offset=np.zeros((2, 3)))
    with pytest.raises(CodecError, match="fits other tables"):
        replace(fitting, bank=bank[:7])


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
