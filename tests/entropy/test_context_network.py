"""The context network is exact: BLAS and plain integers find the same tables."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from helpers.strategies import any_context
from hypothesis import given
from hypothesis import strategies as st

from aecodec.entropy.context_network import (
    MAX_ACTIVATION,
    MAX_GRADIENT,
    MAX_UNITS,
    ContextNetwork,
    ContextState,
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

Int64 = npt.NDArray[np.int64]


class Vectors(NamedTuple):
    """What a context network may know of N vectors, channels in the order of coding.

    Attributes:
        selected: (N,) priors.
        offset: (K, N) offsets of these priors.
        codes: (K, N) codes.
        spatial: spatial context, its channels in their own order.
    """

    selected: npt.NDArray[np.int32]
    offset: npt.NDArray[np.int32]
    codes: npt.NDArray[np.int16]
    spatial: SpatialContext | None


@given(
    st.integers(0, 2**32),
    st.integers(1, 3),
    st.integers(1, 6) | st.just(PREDICTED_CHANNELS + 2),
    st.integers(0, 12) | st.just(MAX_UNITS),
    st.sampled_from([200, 32768]),
)
def test_a_context_network_is_exact(
    seed: int, count: int, channels: int, units: int, largest: int
) -> None:
    """With and without neighbours; in one step as an encoder does, and in several."""
    rng = np.random.default_rng(seed)
    size = int(rng.choice([1, 5, 40]))  # each is another product for BLAS
    network = any_context(rng, count, channels, units=units)
    gradients = rng.integers(-510, 511, (size, GRADIENTS, min(channels, PREDICTED_CHANNELS)))
    activity = rng.integers(0, 1021, (size, channels))
    spatial = SpatialContext(
        int(rng.integers(0, KINDS)), gradients.astype(np.int16), activity.astype(np.int16)
    )
    vectors = Vectors(
        rng.integers(0, count, size).astype(np.int32),
        rng.integers(-300, 300, (channels, size)).astype(np.int32),
        rng.integers(-largest, largest, (channels, size)).astype(np.int16),
        spatial if rng.integers(0, 2) else None,
    )
    expected = moves_in_int64(network, vectors)
    for at_once in (True, False):
        np.testing.assert_array_equal(moves_of(network, vectors, at_once=at_once), expected)


@pytest.mark.parametrize("size", [1, 5, 40])
@pytest.mark.parametrize("weight", [-128, 127])
def test_the_largest_sums_are_exact(size: int, weight: int) -> None:
    drawn = any_context(np.random.default_rng(1), 1, 2, units=MAX_UNITS)
    network = replace(
        drawn,
        degree=0 * drawn.degree,
        bias=np.full_like(drawn.bias, MAX_ACTIVATION),
        output_weights=np.full_like(drawn.output_weights, weight),
        spatial=None,
    )
    codes = np.zeros((2, size), np.int16)
    vectors = Vectors(np.zeros(size, np.int32), codes.astype(np.int32), codes, None)
    assert 0.9 * EXACT < abs(MAX_UNITS * MAX_ACTIVATION * weight) < EXACT
    expected = moves_in_int64(network, vectors)
    np.testing.assert_array_equal(moves_of(network, vectors, at_once=True), expected)


def moves_of(network: ContextNetwork, vectors: Vectors, *, at_once: bool) -> Int64:
    """How far the network moves tables and selects shapes, (2, K, N), as aecodec finds it.

    Args:
        network: the network.
        vectors: N vectors.
        at_once: in one step, as an encoder does; otherwise slice after slice, as a decoder does.
    """
    unmoved = np.zeros((2, len(network.order), 1), np.int32)
    state = ContextState(
        network,
        len(vectors.selected),
        vectors.selected,
        vectors.offset,
        unmoved,
        vectors.spatial,
    )
    if at_once:
        state.update(network.one_step, vectors.codes)
        return state.tables(network.one_step).astype(np.int64)
    moves = []
    for step in network.steps:
        moves.append(state.tables(step).astype(np.int64))
        state.update(step, vectors.codes[step.places])
    return np.concatenate(moves, axis=1)


def moves_in_int64(network: ContextNetwork, vectors: Vectors) -> Int64:
    """The same after docs/FORMAT.md, section 4, in 64-bit integers.

    NumPy multiplies matrices of integers without BLAS.
    """
    channels, degree = len(network.order), network.degree.astype(np.int64)
    place = np.arange(channels)
    reads = place[:, None] < degree
    sums = (network.weights * reads).astype(np.int64).T @ _inputs(network, vectors)
    bias = network.bias[vectors.selected].T.astype(np.int64)
    if network.spatial and vectors.spatial:
        kind = vectors.spatial.kind
        sums += network.spatial.weights[kind].astype(np.int64).T @ _activities(
            network, vectors.spatial
        )
        bias += network.spatial.bias[kind].astype(np.int64)[:, None]
    hidden = ((sums >> network.unit_shift[:, None].astype(np.int64)) + bias).clip(0, MAX_ACTIVATION)
    known = (degree <= place[:, None])[..., None]
    outer = (network.output_weights * known).astype(np.int64).transpose(2, 0, 1) @ hidden
    moves = _shifted(outer, network.output_shift.T[..., None])
    if network.spatial and vectors.spatial:
        predicted = _predicted(network, network.spatial, vectors.spatial)
        shift = network.spatial.gradient_shift[vectors.spatial.kind, :, None]
        moves[0, :PREDICTED_CHANNELS] += _shifted(predicted, shift)
    return moves


def _inputs(network: ContextNetwork, vectors: Vectors) -> Int64:
    shift, codes = network.input_shift[:, None].astype(np.int64), vectors.codes.astype(np.int64)
    if network.spatial:
        distance = np.abs(codes.clip(-128, 127) - network.spatial.centre[:, None].astype(np.int64))
        return np.minimum(distance << shift, MAX_ACTIVATION)
    return ((codes - vectors.offset) << shift).clip(-MAX_ACTIVATION, MAX_ACTIVATION)


def _activities(network: ContextNetwork, spatial: SpatialContext) -> Int64:
    in_order = spatial.activity[:, network.order].T.astype(np.int64)
    shifted = in_order << network.input_shift[:, None].astype(np.int64)
    return np.minimum(shifted >> 2, MAX_ACTIVATION)


def _predicted(network: ContextNetwork, weights: SpatialWeights, spatial: SpatialContext) -> Int64:
    shift = network.input_shift[:PREDICTED_CHANNELS].astype(np.int64)
    read = (spatial.gradients.astype(np.int64) << shift).clip(-MAX_GRADIENT, MAX_GRADIENT)
    matrix = weights.gradient_weights[spatial.kind].astype(np.int64)
    return matrix.reshape(len(matrix), -1) @ read.reshape(len(read), -1).T


def _shifted(sums: Int64, shift: npt.NDArray[np.uint8]) -> Int64:
    """Shift to the right, with rounding."""
    wide = shift.astype(np.int64)
    return (sums + ((1 << wide) >> 1)) >> wide


def test_the_limits_keep_every_sum_within_what_float32_holds() -> None:
    assert MAX_UNITS * MAX_ACTIVATION * 128 < EXACT
    assert GRADIENTS * PREDICTED_CHANNELS * MAX_GRADIENT * 128 < EXACT
    assert np.float32(EXACT) + np.float32(1) == EXACT


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
