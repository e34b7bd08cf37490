"""The search for the best codes of a picture that fit into a number of bytes."""

from operator import attrgetter
from typing import NamedTuple

import numpy as np

from aecodec.base.arrays import Float64, Int64, Pixels
from aecodec.preview.payload import Content, Plane, advance, pack, probabilities, start
from aecodec.preview.synthesis import COLOURS, decoded, dequantize, synthesize
from aecodec.preview.tables import LATENTS, LEVELS, MOST, tables

_WEIGHTS = np.array([*np.geomspace(0.03, 0.5, 9), *np.geomspace(1, 100, 6), 1e6])
"""Squared errors, in squared steps, that one bit is worth in the first round. With the largest
value, any picture fits into a few bytes."""

_NARROW = np.geomspace(0.62, 1.6, 24)
"""Weights of later rounds, relative to the best weight so far."""

_JITTER = np.random.default_rng(1).lognormal(0, 0.3, (LATENTS, 256))
"""Factors that vary the weights from latent to latent, so that candidates fill the bytes."""

_TRIED = 12
"""Number of candidates, by their error before the filter, that are decoded and compared."""

_ROUNDS = 4
_HEAD = 6.2
"""Bits of the two flags and the shape."""

_ALPHA_SHARE = 0.4


class Candidates(NamedTuple):
    """N ways to code a picture: their bits, weights of a bit, and squared errors of latents."""

    levels: Int64
    weights: Float64
    codes: Int64
    bits: Float64
    errors: Float64


class Choice(NamedTuple):
    """A way to code a picture, the weight that led to it, and the sum of its squared errors."""

    error: float
    bits: float
    weight: float
    plane: Plane


_ERROR = attrgetter("error")


def best_payload(pixels: Pixels, shape: int, max_bytes: int) -> bytes:
    """Return the payload of pixels (32, 32, 3) or (32, 32, 4) with the smallest error.

    Its size is at most `max_bytes`, which is 10 or more. If there is alpha, it gets two fifths of
    the bytes, and any bytes that the colours do not need.
    """
    spare = 0
    while True:
        bits = 8.0 * max_bytes - _HEAD - spare
        payload = pack(Content(shape, _best_planes(pixels, bits)))
        if len(payload) <= max_bytes:
            return payload
        spare += 8 * (len(payload) - max_bytes)  # the estimate of the bits was too low


def _best_planes(pixels: Pixels, max_bits: float) -> list[Plane]:
    """Choose the plane of the colours and, for pixels (32, 32, 4), the plane of alpha."""
    if pixels.shape[2] == 3:
        return [_best_plane(pixels, max_bits).plane]
    opacity = np.repeat(pixels[..., 3:], 3, axis=2)
    alpha = _best_plane(opacity, _ALPHA_SHARE * max_bits)
    colours = _best_plane(pixels[..., :3], max_bits - alpha.bits)
    return [colours.plane, _best_plane(opacity, max_bits - colours.bits).plane]


def _best_plane(pixels: Pixels, max_bits: float) -> Choice:
    """Search in rounds, each without the details that the filter added in the round before."""
    target = pixels.astype(np.float64)
    levels, weights = np.repeat(np.arange(LEVELS), len(_WEIGHTS)), np.tile(_WEIGHTS, LEVELS)
    choices: list[Choice] = []
    for _ in range(_ROUNDS):
        candidates = _candidates(_latents(target), levels, weights)
        choices.append(_best_choice(candidates, pixels, max_bits))
        plane = choices[-1].plane
        before, after = decoded(plane.codes, plane.level)
        target = pixels - (after.astype(np.float64) - before)
        best = min(choices, key=_ERROR)
        near = np.arange(max(0, best.plane.level - 1), min(LEVELS, best.plane.level + 2))
        levels, weights = np.repeat(near, len(_NARROW)), np.tile(best.weight * _NARROW, len(near))
    return best


def _best_choice(candidates: Candidates, pixels: Pixels, max_bits: float) -> Choice:
    order = np.argsort(candidates.errors)
    fitting = order[candidates.bits[order] <= max_bits][:_TRIED]
    if not len(fitting):
        fitting = np.argsort(candidates.bits)[:1]
    return min((_choice(candidates, index, pixels) for index in fitting), key=_ERROR)


def _choice(candidates: Candidates, index: int, pixels: Pixels) -> Choice:
    plane = Plane(int(candidates.levels[index]), candidates.codes[index])
    difference = synthesize(plane.codes, plane.level).astype(np.float64) - pixels
    return Choice(
        float(np.square(difference).sum()),
        float(candidates.bits[index]),
        candidates.weights[index],
        plane,
    )


def _latents(pixels: Float64) -> Float64:
    """Transform pixels (32, 32, 3) to latents (400,)."""
    table = tables()
    planes = np.einsum("yxc,kc->kyx", pixels - 128.0, COLOURS / 2**12)
    cosines = table["cosines"] / 2**14
    grid = cosines @ planes @ cosines.T
    coefficients = grid[tuple(table["positions"].T)] - table["means"] / 16
    latents: Float64 = table["transform"] @ coefficients / 128
    return latents


def _candidates(latents: Float64, levels: Int64, weights: Float64) -> Candidates:
    """Quantize at N levels with N weights, one latent after another."""
    steps = tables()["steps"][levels]
    rows = np.arange(len(levels))
    sums = np.stack([start(level) for level in levels])
    codes = np.zeros((len(levels), LATENTS), np.int64)
    bits, errors = np.full(len(levels), 3.0), np.zeros(len(levels))
    for latent, value in enumerate(latents):
        chances = probabilities(sums, levels, latent)
        costs = -np.log2(np.stack([65536 - chances, chances]) / 65536)  # of 0 and of 1
        if 2 * abs(value) < steps.min():
            bits += costs[0, :, 0]
            errors += value**2
            continue
        nearest = np.rint(abs(value) / steps).clip(1, MOST).astype(np.int64)
        half = (nearest + 1) // 2  # few bytes may have room for half of a large latent
        choices = np.stack([0 * nearest, half, (nearest - 1).clip(1), nearest])
        choices *= int(np.sign(value))
        cost = _bits(choices, costs)
        error = np.square(dequantize(choices, levels) / 64 - value)
        jittered = weights * _JITTER[latent, rows]
        best = np.argmin(error / steps**2 + jittered * cost, axis=0)
        codes[:, latent] = choices[best, rows]
        bits += cost[best, rows]
        errors += error[best, rows]
        sums = advance(sums, latent, codes[:, latent])
    return Candidates(levels, weights, codes, bits, errors)


def _bits(codes: Int64, costs: Float64) -> Float64:
    """Bits (K, N) of codes (K, N); `costs` (2, N, 4) are the bits of each decision."""
    magnitudes = abs(codes)
    no, yes = costs[..., None, :, :]
    sign = np.where(codes > 0, yes[..., 1], no[..., 1])
    above = yes[..., 2] + (magnitudes - 2) * yes[..., 3] + no[..., 3]
    rest = np.where(magnitudes > 1, above, no[..., 2])
    return np.where(magnitudes, yes[..., 0] + sign + rest, no[..., 0])
