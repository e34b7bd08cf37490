"""Codes that are worth their bits: no dearer than rounded ones, and the very ones in the file."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aecodec
from aecodec import Codec, metrics, segments
from aecodec.fitting import fit_prior
from aecodec.images import Pixels, from_array
from aecodec.levels import FACTOR_BITS
from aecodec.neighbours import Codes, Grid
from aecodec.prior import Prior
from aecodec.thrift import Thrifty, rounded

STEP = 1 << FACTOR_BITS
ONES = np.ones(3, np.int32)
A_BIT = 10 / 128
"""What a bit may add to the squared error, in squared steps."""

WORTH_A_DB = 0.18
"""The share of a file that a decibel less saves anyhow, at the next coarser level."""


@pytest.fixture(scope="module")
def prior() -> Prior:
    codes = np.random.default_rng(0).laplace(0, [0.3, 1, 4], (2500, 3)).round()
    return fit_prior(codes.astype(np.int16), priors=1, tables=64)


def cost(prior: Prior, latents: np.ndarray, codes: Codes) -> float:
    """Squared error in steps, and bits at what they are worth."""
    return float(np.square(latents - codes).sum() + A_BIT * prior.bits(codes).sum())


@given(st.integers(0, 1000), st.sampled_from([0.3, 1.0, 5.0, 200.0]))
def test_no_code_would_be_better_one_nearer_to_0(prior: Prior, seed: int, width: float) -> None:
    scaled = np.random.default_rng(seed).laplace(0, width * STEP, (20, 3)).astype(np.int32)
    latents, codes = scaled / STEP, Thrifty(scaled, ONES).settled(prior, None)
    least, simply = cost(prior, latents, codes), np.rint(latents).astype(np.int16)
    assert least <= cost(prior, latents, simply) + 0.01
    assert (np.abs(codes) <= np.abs(simply)).all()
    for place in zip(*np.nonzero(codes == simply), strict=True):
        other = codes.copy()
        other[place] -= np.sign(codes[place])
        assert cost(prior, latents, other) >= least - 0.01


@given(st.integers(0, 1000), st.sampled_from([(1, 5, 7), (2, 1, 3), (1, 20, 20)]))
def test_messages_hold_the_settled_codes(prior: Prior, seed: int, grid: Grid) -> None:
    shape = (math.prod(grid), 3)
    scaled = np.random.default_rng(seed).normal(0, 2 * STEP, shape).astype(np.int32)
    message = prior.message(Thrifty(scaled, ONES), grid)
    assert (
        prior.decode(message, shape[0], grid) == Thrifty(scaled, ONES).settled(prior, grid)
    ).all()


def test_a_photograph_takes_fewer_bytes_for_its_quality(photo: Codec, photograph: Pixels) -> None:
    picture = from_array(photograph[:256, :320])
    encoding = photo.encoder.encode(picture, photo.encoder.header(picture))
    file, level = encoding.file(), photo.spec.level()
    assert (photo.decoder.codes(file) == photo.encoder.codes(picture.pixels)).all()
    kept = encoding.kept()
    assert (photo.decoder.pixels(encoding.header, kept)[0] == aecodec.decompress(file)).all()
    simply = segments.encode(photo.folder.prior(), partial(rounded, level), encoding.integers)
    errors = [
        metrics.mse(picture.pixels[0], photo.decoder.pixels(encoding.header, each)[0])
        for each in (kept, level.rounded(encoding.integers))
    ]
    lost = 10 * math.log10(errors[0] / errors[1])
    assert 0 < lost < 1
    assert len(file) < len(simply) * (1 - WORTH_A_DB * lost)
