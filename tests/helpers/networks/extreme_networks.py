"""Context networks with the largest weights that a codec may have, and what they are in int64."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aecodec.entropy.context_network import (
    MAX_ACTIVATION,
    MAX_GRADIENT,
    MAX_UNITS,
    ContextNetwork,
    ContextState,
    SpatialWeights,
)
from aecodec.entropy.spatial_context import (
    GRADIENTS,
    KINDS,
    PREDICTED_CHANNELS,
    SpatialContext,
)

Int64 = npt.NDArray[np.int64]

PRIORS = 3
SHIFTS = (0, 1, 5, 12, 24)
STYLES = ("lowest", "highest", "ends", "any")
"""Weights of -128 alone, of 127 alone, of both, and of all 256 values."""


@dataclass(frozen=True)
class Vectors:
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

    def first(self, count: int) -> Vectors:
        """The first of the vectors."""
        spatial = self.spatial and self.spatial.select(slice(0, count))
        return Vectors(
            self.selected[:count], self.offset[:, :count], self.codes[:, :count], spatial
        )


def weights_of(style: str, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Weights (shape) int8 in a style."""
    values = {"lowest": [-128], "highest": [127], "ends": [-128, 127]}.get(style)
    return rng.choice(np.arange(-128, 128) if values is None else values, shape).astype(np.int8)


def extreme_network(
    rng: np.random.Generator, inner: str, outer: str, *, spatial: bool
) -> ContextNetwork:
    """A network as large as any may be, with weights in two styles."""
    channels, units = MAX_UNITS // (2 if spatial else 1), MAX_UNITS
    degrees = [0, 1, channels // 2, channels - 1, channels - 1, channels - 1, channels]
    return ContextNetwork(
        order=rng.permutation(channels),
        input_shift=rng.integers(0, 8, channels),
        degree=np.sort(rng.choice(degrees, units)),
        weights=weights_of(inner, rng, (channels, units)),
        unit_shift=rng.choice(SHIFTS, units),
        bias=weights_of("any", rng, (PRIORS, units)),
        output_weights=weights_of(outer, rng, (channels, units, 2)),
        output_shift=rng.choice(SHIFTS, (channels, 2)),
        spatial=SpatialWeights(
            weights_of("any", rng, (channels,)),
            weights_of(inner, rng, (KINDS, channels, units)),
            weights_of("any", rng, (KINDS, units)),
            weights_of(inner, rng, (KINDS, PREDICTED_CHANNELS, GRADIENTS, PREDICTED_CHANNELS)),
            rng.choice(SHIFTS, (KINDS, PREDICTED_CHANNELS)),
        )
        if spatial
        else None,
    )


def extreme_vectors(rng: np.random.Generator, network: ContextNetwork, count: int) -> Vectors:
    """Vectors whose inputs, activities and gradients are as large as any may be, and others."""
    channels = len(network.order)
    codes = rng.choice([-32768, -128, 0, 127, 32767], (channels, count))
    codes[:, 0::4], codes[:, 1::4] = -32768, 32767
    gradients = rng.choice([-510, -3, 509, 510], (count, GRADIENTS, PREDICTED_CHANNELS))
    gradients[0::4], gradients[1::4] = -510, 510
    gradients[2::4] = rng.integers(500, 511, gradients[2::4].shape)  # odd sums, which lose a half
    activity = rng.integers(900, 1021, (count, channels))
    kind = int(rng.integers(0, KINDS))
    return Vectors(
        rng.integers(0, PRIORS, count).astype(np.int32),
        rng.choice([-32768, -1, 0, 32767], (channels, count)).astype(np.int32),
        codes.astype(np.int16),
        SpatialContext(kind, gradients.astype(np.int16), activity.astype(np.int16))
        if network.spatial
        else None,
    )


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


def moves_in_int64(network: ContextNetwork, vectors: Vectors) -> tuple[Int64, int]:
    """The same after docs/FORMAT.md, section 4, in 64-bit integers; and the largest sum.

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
    largest = max(np.abs(sums).max(initial=0), np.abs(outer).max(initial=0))
    if network.spatial and vectors.spatial:
        predicted = _predicted(network, network.spatial, vectors.spatial)
        shift = network.spatial.gradient_shift[vectors.spatial.kind, :, None]
        moves[0, :PREDICTED_CHANNELS] += _shifted(predicted, shift)
        largest = max(largest, np.abs(predicted).max())
    return moves, int(largest)


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
