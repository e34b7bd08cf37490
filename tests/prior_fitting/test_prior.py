"""Sections of codec files keep all that a prior codes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers.strategies import priors
from hypothesis import given, settings
from hypothesis import strategies as st

from aecodec import load_codec
from aecodec.prior_fitting.level_section import level_section, prior_in, prior_of
from aecodec.prior_fitting.level_tables import choices
from aecodec.prior_fitting.prior import Prior, integer_costs


def test_costs_never_lie_near_a_tie() -> None:
    """Every machine rounds to the same 1/256 bit, whatever the last digit of its logarithm."""
    exact = 256 * (16 - np.log2(np.arange(1, 65536, dtype=np.longdouble)))
    assert np.abs(exact - np.floor(exact) - 0.5).min() > 1e-9
    assert (integer_costs(np.arange(1, 65536)) == np.rint(exact)).all()


@settings(max_examples=50)
@given(priors(), st.tuples(*[st.integers(1, n) for n in (2, 9, 9)]), st.integers(0, 2**32))
def test_a_section_keeps_all_that_is_coded(
    prior: Prior, grid: tuple[int, int, int], seed: int
) -> None:
    content = level_section(prior, 3)
    again = prior_in(content)
    assert level_section(again, 3) == content
    shape = (math.prod(grid), prior.code_dimension)
    codes = np.random.default_rng(seed).normal(0, 9, shape).round().astype(np.int8)
    for one, other in zip(choices(prior, codes, grid), choices(again, codes, grid), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ["digits", "photo"])
def test_the_priors_of_a_codec_make_its_sections(name: str) -> None:
    folder = load_codec(name).folder
    for number in range(1, len(folder.spec.levels) + 1):
        assert level_section(prior_of(folder, number), number) == folder.level_section(number)
