"""Search for the codes of a picture that fit into a number of bytes.

All steps use integers, so that JavaScript finds the same codes.
"""

from typing import NamedTuple

import numpy as np

from aecodec.base.arrays import Int64, Pixels
from aecodec.preview.payload import Content, Plane, advance, blocks, logits, pack, start
from aecodec.preview.synthesis import analyze, dequantize, synthesize
from aecodec.preview.tables import COSTS, LATENTS, LEVELS, MOST, STEPS

_WEIGHTS = np.array([*np.rint(16 * 2 ** (np.arange(24) / 8)), *2 ** np.arange(7, 16)], np.int64)
"""Squared errors, in squared steps, that 256 bits are worth. With the largest, any picture fits
into a few bytes."""

_TRIED = 12
"""Number of candidates, by their error before the filter, that are decoded and compared."""

_HEAD = 7
"""Bits of the shape and the flag, rounded up."""


class Candidates(NamedTuple):
    """N ways to code a picture: codes (N, 384), their bits in 1/256, squared errors of latents."""

    levels: Int64
    codes: Int64
    bits: Int64
    errors: Int64


def best_payload(pixels: Pixels, shape: int, max_bytes: int) -> bytes:
    """Return the payload of pixels (32, 32, 3) or (32, 32, 4) with the smallest error.

    Its size is at most `max_bytes`, which is 10 or more. If there is alpha, it gets two fifths of
    the bytes, and any bytes that the colours do not need.
    """
    spare = 0
    while True:
        bits = 256 * (8 * (max_bytes - spare) - _HEAD)
        payload = pack(Content(shape, _best_planes(pixels, bits)))
        if len(payload) <= max_bytes:
            return payload
        spare += len(payload) - max_bytes  # the estimate of the bits was too low


def _best_planes(pixels: Pixels, max_bits: int) -> list[Plane]:
    """Choose the plane of the colours and, for pixels (32, 32, 4), the plane of alpha."""
    if pixels.shape[2] == 3:
        return [_best_plane(pixels, max_bits)[0]]
    opacity = np.repeat(pixels[..., 3:], 3, axis=2)
    _, alpha_bits = _best_plane(opacity, max_bits * 2 // 5)
    colours, bits = _best_plane(pixels[..., :3], max_bits - alpha_bits)
    return [colours, _best_plane(opacity, max_bits - bits)[0]]


def _best_plane(pixels: Pixels, max_bits: int) -> tuple[Plane, int]:
    """Return the plane with the smallest error, and its bits.

    The filter is tried on the candidates that fit and have the smallest errors before it.
    """
    candidates = _candidates(analyze(pixels))
    order = np.argsort(candidates.errors, kind="stable")
    fitting = order[candidates.bits[order] <= max_bits][:_TRIED]
    if not len(fitting):
        fitting = np.argsort(candidates.bits, kind="stable")[:1]
    planes = [Plane(int(candidates.levels[at]), candidates.codes[at]) for at in fitting]
    best = np.argmin([_error(plane, pixels) for plane in planes])
    return planes[best], int(candidates.bits[fitting[best]])


def _error(plane: Plane, pixels: Pixels) -> int:
    difference = synthesize(plane.codes, plane.level).astype(np.int64) - pixels
    return int(np.square(difference).sum())


def _candidates(latents: Int64) -> Candidates:
    """Quantize at each level with each weight, one block of latents after another."""
    levels = np.repeat(np.arange(LEVELS), len(_WEIGHTS))
    steps, sums = STEPS[levels][:, None], start(levels)
    worth = np.tile(_WEIGHTS, LEVELS)[:, None] * steps**2
    codes = np.zeros((len(levels), LATENTS), np.int64)
    bits, errors = np.full(len(levels), 3 * 256), np.zeros(len(levels), np.int64)
    for block in blocks():
        values = latents[block]
        nearest = ((2 * abs(values) + 64 * steps) // (128 * steps)).clip(0, MOST)
        half = (nearest + 1) // 2  # few bytes may have room for half of a large latent
        choices = np.sign(values) * np.stack([0 * nearest, half, (nearest - 1).clip(0), nearest])
        cost = _bits(choices, logits(sums, block))
        error = np.square(dequantize(choices, levels[:, None]) - values)
        best = np.argmin(16 * error + worth * cost, axis=0)[None]
        chosen, bit, squares = (
            np.take_along_axis(values, best, 0)[0] for values in (choices, cost, error)
        )
        codes[:, block] = chosen
        bits += bit.sum(1)
        errors += squares.sum(1)
        sums = advance(sums, block, chosen)
    return Candidates(levels, codes, bits, errors)


def _bits(codes: Int64, chances: Int64) -> Int64:
    """Bits, in 1/256, of codes (C, N, K) with logits (N, K, 4)."""
    magnitudes = abs(codes)
    yes, no = COSTS[chances], COSTS[::-1][chances]
    sign = np.where(codes > 0, yes[..., 1], no[..., 1])
    above = yes[..., 2] + (magnitudes - 2) * yes[..., 3] + no[..., 3]
    rest = np.where(magnitudes > 1, above, no[..., 2])
    return np.where(magnitudes, yes[..., 0] + sign + rest, no[..., 0])
