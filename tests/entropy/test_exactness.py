"""Tables and codes are the same integers whatever computes the sums, for any weights."""

import numpy as np
import pytest
from helpers.networks.extreme_networks import (
    STYLES,
    extreme_network,
    extreme_vectors,
    moves_in_int64,
    moves_of,
)

from aecodec.entropy.context_network import MAX_ACTIVATION, MAX_GRADIENT, MAX_UNITS
from aecodec.entropy.spatial_context import GRADIENTS, PREDICTED_CHANNELS

EXACT = 1 << 24
"""Up to here float32 holds every integer."""

VECTORS = 40


def test_the_limits_keep_every_sum_within_what_float32_holds() -> None:
    assert MAX_UNITS * MAX_ACTIVATION * 128 < EXACT
    assert GRADIENTS * PREDICTED_CHANNELS * MAX_GRADIENT * 128 < EXACT
    assert np.float32(EXACT) + np.float32(1) == EXACT


@pytest.mark.parametrize("spatial", [False, True])
@pytest.mark.parametrize(("inner", "outer"), [*zip(STYLES, STYLES, strict=True), STYLES[1::-1]])
def test_the_largest_networks_are_exact(inner: str, outer: str, spatial: bool) -> None:
    """One vector, few and many, in one step and in several: each is another product for BLAS."""
    rng = np.random.default_rng([STYLES.index(inner), STYLES.index(outer)])
    network = extreme_network(rng, inner, outer, spatial=spatial)
    vectors = extreme_vectors(rng, network, VECTORS)
    expected, largest = moves_in_int64(network, vectors)
    if {inner, outer} <= {"lowest", "highest"}:
        assert 0.75 * EXACT < largest < EXACT
    for count in (1, 3, VECTORS):
        for at_once in (True, False):
            result = moves_of(network, vectors.first(count), at_once=at_once)
            assert (result == expected[..., :count]).all()
