"""Levels: integers to codes and back, the same on every machine."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aecodec.errors import FormatError
from aecodec.levels import DEAD_ZONE, GAIN_UNITS, LEAST_GAIN, LEVEL_UNITS, Level

ALL = np.arange(-128, 128, dtype=np.int8)[:, None]


@st.composite
def levels(draw: st.DrawFn) -> Level:
    """A level of one channel, with a multiple or with a gain."""
    if draw(st.booleans()):
        return Level(0, 1, multiple=2 * draw(st.integers(0, 127)) + 1)
    return Level(0, 1, gains=(draw(st.integers(LEAST_GAIN, 0)),))


def step_of(level: Level) -> float:
    """The quantisation step, in steps of the integers."""
    return 2 ** (-level.gains[0] / GAIN_UNITS) if level.gains else level.multiple


@given(levels())
def test_integers_come_back_within_half_a_step(level: Level) -> None:
    """Or a little more, around 0 where there are gains."""
    back = level.integers(level.codes(ALL))
    half = DEAD_ZONE if level.gains else 0.5
    assert np.abs(back - ALL).max() <= math.floor(step_of(level) * half) + 1


def test_what_is_coded_as_zero() -> None:
    """Every gain: nothing that is within half a step of 0 is missed, nor a whole step is lost."""
    for gain in range(LEAST_GAIN, 1):
        level = Level(0, 1, gains=(gain,))
        steps = np.abs(ALL / step_of(level))
        zeros = level.codes(ALL) == 0
        assert zeros[steps < 0.57].all()
        assert not zeros[steps > 0.59].any()


@given(levels())
def test_codes_of_codes_are_the_same(level: Level) -> None:
    codes = level.codes(ALL)
    inside = np.abs(codes * step_of(level)) < 127  # beyond, integers are clipped
    again = level.codes(level.integers(codes))
    assert (again == codes)[inside].all()


@given(levels(), st.integers(-32768, 32767))
def test_codes_that_no_encoder_makes_are_refused(level: Level, code: int) -> None:
    codes = level.codes(ALL)
    vector = np.array([[code]], np.int16)
    if codes.min() <= code <= codes.max():
        assert -128 <= level.integers(vector)[0, 0] <= 127
    else:
        with pytest.raises(FormatError, match="outside"):
            level.integers(vector)


def test_without_gain_nothing_changes() -> None:
    level = Level(0, 1, gains=(0,))
    assert (level.codes(ALL) == ALL).all()
    assert (level.integers(ALL.astype(np.int16)) == ALL).all()


def test_no_gain_lies_near_a_tie() -> None:
    """So `round(2 ** (15 + gain / 256))` is the same number under every library of mathematics."""
    exact = np.exp2(15 + np.arange(LEAST_GAIN, 1) / GAIN_UNITS)
    assert np.abs(exact - np.floor(exact) - 0.5).min() > 1e-6


def test_levels_between_run_from_one_to_the_other() -> None:
    low, high = Level(0, 2, gains=(-2048, -300)), Level(0, 2, gains=(-1000, 0))
    between = [low.towards(high, n).gains for n in range(LEVEL_UNITS + 1)]
    assert between[0] == low.gains
    assert between[-1] == high.gains
    for channel in zip(*between, strict=True):
        assert list(channel) == sorted(channel)
