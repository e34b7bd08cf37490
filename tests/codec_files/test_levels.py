"""Levels quantize and dequantize, the same on every machine."""

import numpy as np
import pytest

from aecodec.base.errors import UsageError
from aecodec.codec_files.levels import GAIN_UNITS, MIN_GAIN, Level
from aecodec.format.container import LEVEL_UNITS

ALL = np.arange(-128, 128, dtype=np.int8)[:, None]


def test_the_dead_zone_is_as_wide_as_stated() -> None:
    """For every gain, latents below 0.57 steps are coded as 0, and those above 0.59 are not."""
    for gain in range(MIN_GAIN, 1):
        level = Level(0, 1, gains=(gain,))
        steps = np.abs(ALL * 2 ** (gain / GAIN_UNITS))
        zeros = level.quantize(ALL) == 0
        assert zeros[steps < 0.57].all()
        assert not zeros[steps > 0.59].any()


def test_factors_are_the_nearest_numbers_and_no_gain_lies_near_a_tie() -> None:
    gains = np.arange(MIN_GAIN, 1)
    exact = np.exp2(15 + gains / GAIN_UNITS)
    assert np.abs(exact - np.floor(exact) - 0.5).min() > 1e-6
    assert (Level(0, len(gains), gains=tuple(gains.tolist())).factors == np.rint(exact)).all()


def test_levels_between_two_are_monotonic() -> None:
    low, high = Level(0, 2, gains=(-2048, -300)), Level(0, 2, gains=(-1000, 0))
    between = [low.interpolate(high, n).gains for n in range(LEVEL_UNITS + 1)]
    assert between[0] == low.gains
    assert between[-1] == high.gains
    for channel in zip(*between, strict=True):
        assert list(channel) == sorted(channel)


def test_arrays_of_other_widths_are_refused() -> None:
    level = Level(1, 3, multiple=3)
    codes = np.array([[1, -2]], np.int16)
    assert level.dequantize(codes).tolist() == [[3, -6]]
    for call in (
        lambda: level.dequantize(codes[:, :1]),
        lambda: level.quantize(np.zeros((4, 3), np.int8)),
        lambda: level.requantize(np.zeros((4, 2), np.int8)),
    ):
        with pytest.raises(UsageError):
            call()
