"""The cheapest of competing priors is selected; tables that do not fit together are refused."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.strategies import any_context

from aecodec.entropy.prior import Prior, integer_costs
from aecodec.entropy.prior_selection import costs_with, select, two_cheapest
from aecodec.errors import CodecError
from aecodec.prior_fitting.table_fitting import fit_prior, to_frequencies


def test_the_cheapest_prior_is_selected() -> None:
    flat, sharp = to_frequencies(np.ones(4)), to_frequencies(np.array([1, 900, 1, 1.0]))
    prior = Prior(
        np.stack([flat, sharp]), -1, np.array([[0], [1]]), np.zeros((2, 1)), [32768, 32768]
    )
    assert select(prior, np.array([[0], [1], [-1]], np.int16)).tolist() == [1, 0, 0]


def test_with_context_the_cheaper_of_two_priors_is_selected() -> None:
    rng = np.random.default_rng(0)
    codes = rng.normal(0, 3, (300, 6)).round().astype(np.int16)
    prior = fit_prior(codes, priors=4, tables=64)
    prior = replace(prior, context=any_context(rng, 4, 6))
    cost = {p: costs_with(prior, codes, np.full(300, p, np.int32)) for p in range(4)}
    selected = select(prior, codes)
    candidates, alone = two_cheapest(prior, codes)
    is_close = alone[1] - alone[0] < 4 * 256
    assert 0.1 < is_close.mean() < 0.9
    for n, (first, second) in enumerate(candidates.T):
        is_second = is_close[n] and cost[second][n] < cost[first][n]
        assert selected[n] == (second if is_second else first)


def test_costs_never_lie_near_a_tie() -> None:
    """Every machine rounds to the same 1/256 bit, whatever the last digit of its logarithm."""
    exact = 256 * (16 - np.log2(np.arange(1, 65536, dtype=np.longdouble)))
    assert np.abs(exact - np.floor(exact) - 0.5).min() > 1e-9
    assert (integer_costs(np.arange(1, 65536)) == np.rint(exact)).all()


@pytest.mark.parametrize(
    "change",
    [
        {"bank": np.array([[1, 2, 3]])},
        {"bank": np.array([[1, 65535, 0]])},  # no escape
        {"bank": np.array([[1, 0, 1, 65534]])},  # a gap
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
