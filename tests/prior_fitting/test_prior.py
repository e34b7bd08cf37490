"""Priors: tables that do not fit together are refused, and sections keep what is coded."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from helpers.strategies import priors
from hypothesis import given, settings
from hypothesis import strategies as st

from aecodec import load_codec
from aecodec.errors import CodecError
from aecodec.prior_fitting.choices import choices
from aecodec.prior_fitting.context_network import (
    GRADIENTS,
    KINDS,
    ContextNetwork,
    SpatialWeights,
)
from aecodec.prior_fitting.level_section import level_section, prior_in, prior_of
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


@pytest.mark.parametrize(
    "change",
    [
        {"bank": np.array([[1, 2, 3]])},
        {"bank": np.array([[1, 65535, 0]])},  # no escape
        {"bank": np.array([[1, 0, 1, 65534]])},  # a gap
        {"bank": np.tile([1, 65535], (257, 1))},
        {"bank": np.array([[1] * 256 + [65280]])},
        {"offset": np.array([[128]])},
        {"index": [1, 2]},
        {"table": np.array([[7]])},
    ],
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


def spatial_weights_of(channels: int, units: int) -> SpatialWeights:
    return SpatialWeights(
        centre=np.zeros(channels),
        weights=np.zeros((KINDS, channels, units)),
        bias=np.zeros((KINDS, units)),
        gradient_weights=np.zeros((KINDS, channels, GRADIENTS, channels)),
        gradient_shift=np.zeros((KINDS, channels)),
    )


SPATIAL = spatial_weights_of(4, units=3)


@pytest.mark.parametrize(
    "change",
    [
        {"order": [0, 0, 1, 2]},
        {"input_shift": [0, 0, 0, 8]},
        {"degree": [4, 1, 0]},
        {"bias": np.zeros((2, 4))},
        {"output_weights": np.zeros((4, 3))},
        {"spatial": spatial_weights_of(4, units=2)},
        {"spatial": spatial_weights_of(5, units=3)},
        {"spatial": replace(SPATIAL, gradient_weights=np.zeros((KINDS, 2, 4)))},
        {"spatial": replace(SPATIAL, gradient_shift=np.zeros((KINDS, 3)))},
        {"spatial": replace(SPATIAL, gradient_shift=np.full((KINDS, 4), 25))},
    ],
)
def test_a_context_network_that_does_not_fit_is_refused(change: dict[str, object]) -> None:
    sound = {
        "order": [3, 0, 1, 2],
        "input_shift": np.zeros(4),
        "degree": [0, 1, 4],
        "weights": np.zeros((4, 3)),
        "unit_shift": np.zeros(3),
        "bias": np.zeros((2, 3)),
        "output_weights": np.zeros((4, 3, 2)),
        "output_shift": np.zeros((4, 2)),
        "spatial": SPATIAL,
    }
    network = ContextNetwork(**sound)
    with pytest.raises(CodecError):
        ContextNetwork(**{**sound, **change})
    bank = np.full((8, 2), 32768)
    fitting = Prior(bank, 0, np.zeros((2, 4)), np.zeros((2, 4)), [32768, 32768], network)
    with pytest.raises(CodecError, match="does not fit its prior tables"):
        replace(fitting, table=np.zeros((2, 3)), offset=np.zeros((2, 3)))
    with pytest.raises(CodecError, match="does not fit its prior tables"):
        replace(fitting, bank=bank[:7])
