"""The context network is exact: BLAS and plain integers find the same tables."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from helpers.strategies import any_context
from hypothesis import given
from hypothesis import strategies as st

from aecodec.entropy.context_network import ContextNetwork, ContextState, SpatialWeights
from aecodec.entropy.prior import Prior
from aecodec.entropy.spatial_context import (
    GRADIENTS,
    KINDS,
    PREDICTED_CHANNELS,
    SpatialContext,
)
from aecodec.errors import CodecError


class OneVector(NamedTuple):
    """What a context network may know of a vector; lists are empty without neighbours."""

    prior: int
    offset: list[int]
    codes: list[int]
    kind: int
    gradients: list[list[int]]
    activity: list[int]


def in_plain_integers(network: ContextNetwork, vector: OneVector) -> list[list[int]]:
    """The moves of one vector's tables, as docs/FORMAT.md has them, without NumPy's sums."""
    inputs: list[int] = []
    moves = []
    spatial = network.spatial if vector.gradients else None
    for place, channel in enumerate(network.order.tolist()):
        units = []
        for unit in np.flatnonzero(network.degree <= place):
            total = sum(
                inputs[i] * int(network.weights[i, unit]) for i in range(network.degree[unit])
            )
            bias = int(network.bias[vector.prior, unit])
            if spatial:
                for i, known in enumerate(network.order):
                    quarter = (vector.activity[known] << int(network.input_shift[i])) >> 2
                    total += min(quarter, 127) * int(spatial.weights[vector.kind, i, unit])
                bias += int(spatial.bias[vector.kind, unit])
            units.append((total >> int(network.unit_shift[unit])) + bias)
        row = []
        for output in range(2):
            weights = network.output_weights[place, :, output].tolist()
            shift = int(network.output_shift[place, output])
            total = sum(min(max(h, 0), 127) * w for h, w in zip(units, weights, strict=False))
            row.append((total + (1 << shift >> 1)) >> shift)
        if spatial:
            row[0] += moved_by_gradients(network, spatial, vector, place)
        moves.append(row)
        inputs.append(input_of(network, vector, place, channel))
    return moves


def moved_by_gradients(
    network: ContextNetwork, spatial: SpatialWeights, vector: OneVector, place: int
) -> int:
    if place >= PREDICTED_CHANNELS:
        return 0
    total = 0
    for weights, gradients in zip(
        spatial.gradient_weights[vector.kind, place].tolist(), vector.gradients, strict=True
    ):
        for gradient_weights, gradient, shift in zip(
            weights, gradients, network.input_shift.tolist(), strict=False
        ):
            total += gradient_weights * min(max(gradient << shift, -511), 511)
    shift = int(spatial.gradient_shift[vector.kind, place])
    return (total + (1 << shift >> 1)) >> shift


def input_of(network: ContextNetwork, vector: OneVector, place: int, channel: int) -> int:
    shift = int(network.input_shift[place])
    if network.spatial:
        distance = min(max(vector.codes[channel], -128), 127) - int(network.spatial.centre[place])
        return min(abs(distance) << shift, 127)
    return min(max((vector.codes[channel] - vector.offset[channel]) << shift, -127), 127)


@given(
    st.integers(0, 2**32),
    st.integers(1, 3),
    st.integers(1, 6) | st.just(PREDICTED_CHANNELS + 2),
    st.sampled_from([200, 32768]),
)
def test_a_context_network_is_exact(seed: int, count: int, channels: int, largest: int) -> None:
    """BLAS and plain integers agree, and so do a vector alone and many at once."""
    rng = np.random.default_rng(seed)
    network = any_context(rng, count, channels)
    selected = rng.integers(0, count, 5).astype(np.int32)
    offset = rng.integers(-300, 300, (5, channels)).astype(np.int32)
    codes = rng.integers(-largest, largest, (5, channels)).astype(np.int16)
    kind = int(rng.integers(0, KINDS))
    gradients = rng.integers(-510, 511, (5, GRADIENTS, min(channels, PREDICTED_CHANNELS))).astype(
        np.int16
    )
    activity = rng.integers(0, 1021, (5, channels)).astype(np.int16)
    spatial = SpatialContext(kind, gradients, activity) if rng.integers(0, 2) else None
    unmoved, result = np.zeros((2, channels, 1), np.int32), []
    state = ContextState(network, 5, selected, offset.T[network.order], unmoved, spatial)
    for step in network.steps:
        result.extend(np.moveaxis(state.tables(step), 0, -1).tolist())
        state.update(step, codes.T[network.order[step.places]])
    for n in range(5):
        near = (gradients[n].tolist(), activity[n].tolist()) if spatial else ([], [])
        vector = OneVector(selected[n], offset[n].tolist(), codes[n].tolist(), kind, *near)
        assert [at_place[n] for at_place in result] == in_plain_integers(network, vector)


def spatial_weights_of(channels: int, units: int) -> SpatialWeights:
    return SpatialWeights(
        centre=np.zeros(channels),
        weights=np.zeros((KINDS, channels, units)),
        bias=np.zeros((KINDS, units)),
        gradient_weights=np.zeros((KINDS, channels, GRADIENTS, channels)),
        gradient_shift=np.zeros((KINDS, channels)),
    )


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
        {
            "spatial": replace(
                spatial_weights_of(4, units=3), gradient_weights=np.zeros((KINDS, 2, 4))
            )
        },
        {"spatial": replace(spatial_weights_of(4, units=3), gradient_shift=np.zeros((KINDS, 3)))},
        {
            "spatial": replace(
                spatial_weights_of(4, units=3), gradient_shift=np.full((KINDS, 4), 25)
            )
        },
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
    }
    sound["spatial"] = spatial_weights_of(4, units=3)
    network = ContextNetwork(**sound)
    with pytest.raises(CodecError):
        ContextNetwork(**{**sound, **change})
    bank = np.full((8, 2), 32768)
    fitting = Prior(bank, 0, np.zeros((2, 4)), np.zeros((2, 4)), [32768, 32768], network)
    with pytest.raises(CodecError, match="does not fit its prior tables"):
        replace(fitting, table=np.zeros((2, 3)), offset=np.zeros((2, 3)))
    with pytest.raises(CodecError, match="does not fit its prior tables"):
        replace(fitting, bank=bank[:7])
