"""Segments with random networks, whose residuals are coded."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from aecodec.arrays import Int64
from aecodec.coding.residual_coder import Coding, Missing
from aecodec.coding.residual_context import input_count
from aecodec.coding.residual_network import SHAPE_SIZE, ResidualNetwork, ResidualNetworks

LIMITS = [(0, 255), (-(1 << 15), (1 << 15) - 1), (0, (1 << 16) - 1), (-(1 << 31), (1 << 31) - 1)]
"""Those of 8 and 16 bits, and of 32 bits, which the patterns of floats have too."""


class Part(NamedTuple):
    """A segment: its values (F, B, height, width) and all that their coding needs."""

    coding: Coding
    base: Int64
    values: Int64
    missing: Missing | None


def random_network(rng: Any, band: int, has_base: bool, units: int) -> ResidualNetwork:
    inputs, shape = input_count(band, has_base), rng.integers(0, 1 << 23, SHAPE_SIZE)

    def weights(*sides: int) -> Any:
        return rng.integers(-900, 900, sides).astype(np.int16)

    return ResidualNetwork(
        hidden=weights(units, inputs),
        bias=rng.integers(-1 << 17, 1 << 17, units).astype(np.int32),
        outputs=weights(2, units),
        output_bias=rng.integers(-1 << 20, 1 << 20, 2).astype(np.int32),
        direct=weights(inputs),
        shape=np.sort((1 << 23) + shape).astype(np.int32),
    )


def random_networks(seed: int, bands: int, has_base: bool) -> ResidualNetworks:
    """Networks of some bands, with few units or as many as there may be."""
    rng = np.random.default_rng(seed)
    units = int(rng.choice([1, 7, 16, 33, 64]))
    return ResidualNetworks(
        [random_network(rng, band, has_base, units) for band in range(bands)], has_base
    )


@st.composite
def parts(draw: st.DrawFn) -> Part:
    """Segments whose values are noise, constant, or as far apart as they can be."""
    shape = tuple(draw(st.integers(1, most)) for most in (3, 4, 6, 7))
    bands, seed = shape[1], draw(st.integers(0, 99))
    rng, own = np.random.default_rng(seed), draw(st.integers(min(bands, 3), bands))
    networks = random_networks(seed, own, draw(st.booleans()))
    limits = [draw(st.sampled_from(LIMITS)) for _ in range(bands)]
    steps = st.integers(1, 511) | st.sampled_from([1, (1 << 20) + 1, (1 << 33) - 1])

    def values() -> Int64:
        low, high = np.array(limits, np.int64)[:, :, None, None].swapaxes(0, 1)
        spread = draw(st.sampled_from([0.0, 1e-8, 1e-3, 1.0, 99.0]))
        part = np.clip(rng.uniform(0, 1) + spread * rng.uniform(-1, 1, shape), 0, 1)
        return low + np.rint(part * (high - low)).astype(np.int64)

    return Part(
        Coding(networks, [draw(steps) for _ in range(bands)], limits),
        values() if networks.has_base else np.zeros(shape, np.int64),
        values(),
        draw(st.sampled_from([None, rng.random(shape) < 0.2])),
    )
