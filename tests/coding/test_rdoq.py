"""RDOQ: codes cost no more than rounded ones, and are exactly those in the file."""

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aecodec import Codec, metrics
from aecodec.arrays import Codes, Pixels
from aecodec.coding import payload
from aecodec.coding.levels import FACTOR_BITS, RateWeight
from aecodec.coding.prior_coder import PriorCoder, RdoqSymbols, nearest_symbols
from aecodec.entropy import coding
from aecodec.entropy.prior import Prior
from aecodec.entropy.spatial_context import Grid
from aecodec.imaging.picture import from_array
from aecodec.prior_fitting.table_fitting import fit_prior

STEP = 1 << FACTOR_BITS
ONES = np.ones(3, np.int32)
WEIGHT = RateWeight(5)
LAMBDA = 5 / 128
"""Squared error, in squared steps, that one bit is worth at this weight."""

BYTES_PER_DB = 0.18
"""Share of a file that a coarser level saves per decibel."""


@pytest.fixture(scope="module")
def prior() -> Prior:
    codes = np.random.default_rng(0).laplace(0, [0.3, 1, 4], (2500, 3)).round()
    return fit_prior(codes.astype(np.int16), priors=1, tables=64)


def cost(prior: Prior, latents: np.ndarray, codes: Codes) -> float:
    """Squared error in squared steps plus lambda times bits."""
    return float(np.square(latents - codes).sum() + LAMBDA * coding.bits(prior, codes).sum())


@given(st.integers(0, 1000), st.sampled_from([0.3, 1.0, 5.0, 200.0]))
def test_moving_another_code_towards_0_gains_nothing(prior: Prior, seed: int, width: float) -> None:
    scaled = np.random.default_rng(seed).laplace(0, width * STEP, (20, 3)).astype(np.int32)
    latents, codes = scaled / STEP, coding.decide(prior, RdoqSymbols(scaled, ONES, WEIGHT), None)
    least, simply = cost(prior, latents, codes), np.rint(latents).astype(np.int16)
    assert least <= cost(prior, latents, simply) + 0.01
    assert (np.abs(codes) <= np.abs(simply)).all()
    for place in zip(*np.nonzero(codes == simply), strict=True):
        moved = codes.copy()
        moved[place] -= np.sign(codes[place])
        assert cost(prior, latents, moved) >= least - 0.01


def test_with_masking_bits_weigh_less_in_even_areas(prior: Prior) -> None:
    codes = np.array([[0, 0, 0], [9, 0, 0], [1, -1, 1]], np.int16)
    assert RateWeight(2, 1).of(codes).tolist() == [0, 1, 2]
    assert RateWeight(9, 2).of(codes).tolist() == [0, 0, 1]
    assert RateWeight(9).of(codes).tolist() == [9, 9, 9]


def test_each_vector_is_decided_with_its_own_weight(prior: Prior) -> None:
    scaled = np.random.default_rng(0).laplace(0, STEP, (400, 3)).astype(np.int32)

    def decided(weight: RateWeight) -> Codes:
        return coding.decide(prior, RdoqSymbols(scaled, ONES, weight), None)

    masked = decided(RateWeight(9, 1))
    weights = RateWeight(9, 1).of(np.rint(scaled / STEP).astype(np.int16))
    assert set(weights) == {0, 1, 2, 3}
    for weight in range(4):
        own = weights == weight
        assert (masked[own] == decided(RateWeight(weight))[own]).all()
    assert (masked != decided(RateWeight(9))).any()


@given(st.integers(0, 1000), st.sampled_from([(1, 5, 7), (2, 1, 3), (1, 20, 20)]))
def test_messages_hold_the_decided_codes(prior: Prior, seed: int, grid: Grid) -> None:
    shape = (math.prod(grid), 3)
    scaled = np.random.default_rng(seed).normal(0, 2 * STEP, shape).astype(np.int32)
    message = coding.encode_symbols(prior, RdoqSymbols(scaled, ONES, WEIGHT), grid)
    decided = coding.decide(prior, RdoqSymbols(scaled, ONES, WEIGHT), grid)
    assert (coding.decode(prior, message, shape[0], grid) == decided).all()


def test_a_photograph_takes_fewer_bytes_for_its_quality(photo: Codec, photograph: Pixels) -> None:
    picture = from_array(photograph[:256, :320])
    encoded = photo.encoder.encode(picture, photo.encoder.header(picture))
    file, level = encoded.to_bytes(), photo.spec.level()
    assert (photo.decoder.codes(file) == photo.encoder.codes(picture.pixels)).all()
    kept = encoded.dequantized()
    restored = photo.decoder.reconstruct_pixels(encoded.header, kept)
    assert (restored == photo.decompress_frames(file)).all()
    nearest = PriorCoder(photo.folder.prior(), level, partial(nearest_symbols, level))
    simply = payload.encode_payload(nearest, encoded.latents)
    errors = [
        metrics.mse(picture.pixels[0], photo.decoder.reconstruct_pixels(encoded.header, latents)[0])
        for latents in (kept, level.requantize(encoded.latents))
    ]
    lost = 10 * math.log10(errors[0] / errors[1])
    assert 0 < lost < 1
    assert len(file) < len(simply) * (1 - BYTES_PER_DB * lost)
