"""Coding residuals: the bound, and damaged messages and networks."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aecodec.arrays import Int64
from aecodec.coding.residual_coder import Coding, Missing
from aecodec.coding.residual_context import input_count
from aecodec.coding.residual_network import (
    SHAPE_SIZE,
    ResidualNetwork,
    ResidualNetworks,
    unpack_networks,
)
from aecodec.errors import CodecError, FormatError

c = pytest.importorskip("aecodec.engine.c", reason="the core is not installed")
ENGINE = c.CEngine()


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


def decoded(part: Part, message: bytes) -> Int64 | None:
    """The values; None if the message is damaged."""
    try:
        values: Int64 = ENGINE.decode_residuals(part.coding, part.base, message, part.missing)
        return values
    except FormatError:
        return None


@settings(max_examples=12, deadline=None)
@given(part=parts())
def test_the_bound_is_kept(part: Part) -> None:
    message, values = ENGINE.encode_residuals(*part)
    np.testing.assert_array_equal(decoded(part, message), values)
    bound = np.array(part.coding.steps)[:, None, None] // 2
    is_bound = abs(values - part.values) <= bound
    assert np.all(is_bound if part.missing is None else is_bound | part.missing)
    low, high = np.array(part.coding.limits).T[:, :, None, None]
    assert ((low <= values) & (values <= high)).all()


@settings(max_examples=12, deadline=None)
@given(part=parts(), data=st.data())
def test_what_no_encoder_writes_is_rejected(part: Part, data: st.DataObject) -> None:
    message = bytearray(ENGINE.encode_residuals(*part)[0])
    for _ in range(data.draw(st.integers(0, 2)) if message else 0):
        message[data.draw(st.integers(0, len(message) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    damaged = bytes(message[: data.draw(st.integers(0, len(message)))])
    damaged += data.draw(st.sampled_from([b"", b"\0", b"\xff", bytes(9)]))
    values = decoded(part, damaged)
    if values is not None:
        assert ENGINE.encode_residuals(*part._replace(values=values))[0] == damaged


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 99),
    has_base=st.booleans(),
    size=st.just(1 << 20) | st.integers(0, 1 << 14),
    at=st.integers(0, 8) | st.integers(0, 1 << 13),
    content=st.binary(min_size=2, max_size=2),
)
def test_packed_networks_are_read_or_rejected(
    seed: int, has_base: bool, size: int, at: int, content: bytes
) -> None:
    packed = random_networks(seed, 3, has_base).content
    assert unpack_networks(packed).content == packed
    hostile = bytearray(packed[:size])
    hostile[at : at + 2] = content
    sides, limits, zero = (1, 1, 1, 1), np.array([[0, 255]]), np.zeros(1, np.int64)
    arrays = zero + 1, limits, zero, None, zero.copy(), zero
    status, _ = c.core.refine(True, bytes(hostile), *sides, *arrays)
    try:
        unpack_networks(bytes(hostile))
    except CodecError:
        assert status != 0
    else:
        assert status == 0
