"""The context network is exact: BLAS and plain integers find the same tables."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.networks.extreme_networks import (
    STYLES,
    Vectors,
    extreme_network,
    extreme_vectors,
    moves_in_int64,
    moves_of,
)
from helpers.strategies import any_context
from hypothesis import given
from hypothesis import strategies as st

from aecodec.entropy.context_network import (
    MAX_ACTIVATION,
    MAX_GRADIENT,
    MAX_UNITS,
    ContextNetwork,
    SpatialWeights,
)
from aecodec.entropy.prior import Prior
from aecodec.entropy.spatial_context import (
    GRADIENTS,
    KINDS,
    PREDICTED_CHANNELS,
    SpatialContext,
)
from aecodec.errors import CodecError

EXACT = 1 << 24
"""Up to here float32 holds every integer."""

VECTORS = 40


@given(
    st.integers(0, 2**32),
    st.integers(1, 3),
    st.integers(1, 6) | st.just(PREDICTED_CHANNELS + 2),
    st.sampled_from([200, 32768]),
)
def test_a_context_network_is_exact(seed: int, count: int, channels: int, largest: int) -> None:
    """With and without neighbours; in one step as an encoder does, and in several."""
    rng = np.random.default_rng(seed)
    network = any_context(rng, count, channels)
    gradients = rng.integers(-510, 511, (5, GRADIENTS, min(channels, PREDICTED_CHANNELS)))
    activity = rng.integers(0, 1021, (5, channels))
    spatial = SpatialContext(
        int(rng.integers(0, KINDS)), gradients.astype(np.int16), activity.astype(np.int16)
    )
    vectors = Vectors(
        rng.integers(0, count, 5).astype(np.int32),
        rng.integers(-300, 300, (channels, 5)).astype(np.int32),
        rng.integers(-largest, largest, (channels, 5)).astype(np.int16),
        spatial if rng.integers(0, 2) else None,
    )
    expected, _ = moves_in_int64(network, vectors)
    for at_once in (True, False):
        np.testing.assert_array_equal(moves_of(network, vectors, at_once=at_once), expected)


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
