"""Tables of previews: int8 arrays in a file, one after another, and tables from formulas."""

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from aecodec.base.arrays import Float64, Int64

PATH = Path(__file__).parents[1] / "data" / "preview" / "tables.bin"

SIDE, FREQUENCIES = 32, 21
LATENTS, UNITS, LEVELS, SIGNED, LARGE = 384, 32, 8, 160, 96
"""Latents, hidden units, levels, and latents whose signs and whose magnitudes have context."""

CHANNELS = 20
"""Channels of the filter."""

MOST = 120
"""Largest magnitude of a quantized latent."""

MOST_LOGIT = 767

SHAPES: Mapping[str, tuple[int, ...]] = {
    "start": (LEVELS, UNITS),
    "biases": (LATENTS, 4),
    "signed": (SIGNED, UNITS),
    "unsigned": (LATENTS, UNITS),
    "present": (LATENTS, UNITS),
    "positive": (SIGNED, UNITS),
    "larger": (LARGE, UNITS),
    "first_bias": (LEVELS, CHANNELS),
    "second_bias": (CHANNELS,),
    "third_bias": (CHANNELS,),
    "last_bias": (12,),
    "first": (CHANNELS, 3, 3, 12),
    "second": (CHANNELS, 3, 3, CHANNELS),
    "third": (CHANNELS, 3, 3, CHANNELS),
    "last": (12, 3, 3, CHANNELS),
}
"""Shape of each array, in the order of the file."""

STEPS = np.array([430, 330, 255, 196, 151, 117, 91, 60])
"""Quantization step of each level, coarse to fine."""

CENTROIDS = np.array([0, 4, 14, 24])
"""Addition to the magnitudes 0, 1, 2, and 3 or more, in 1/64 steps."""

FEATURES: Int64 = np.rint(16 * np.log2(1 + np.arange(MOST + 1))).astype(np.int64)
"""Input to the hidden units for each magnitude."""

_LOGITS = np.arange(-MOST_LOGIT, MOST_LOGIT + 1) / 64

PROBABILITIES: Int64 = np.rint(65536 / (1 + 2**-_LOGITS)).astype(np.int64)
"""Probability of a 1, in 1/65536, for each logit from -767."""

COSTS: Int64 = np.rint(256 * np.log2(1 + 2**-_LOGITS)).astype(np.int64)
"""Bits of a 1, in 1/256, for each logit from -767."""


def _cosines() -> Float64:
    """Return the cosine transform (21, 32) in 2^-14."""
    angles = np.outer(np.arange(FREQUENCIES), np.arange(1, 2 * SIDE, 2)) * (math.pi / 2 / SIDE)
    scales = np.where(np.arange(FREQUENCIES), 4096.0, 2048 * math.sqrt(2))[:, None]
    return np.rint(scales * np.cos(angles))


COSINES = _cosines()


def _positions() -> tuple[Int64, ...]:
    """Return plane, row and column of each latent: low frequencies and luma come first."""
    squares = np.square(np.arange(FREQUENCIES))
    ranks = np.multiply.outer([1, 10, 40], squares[:, None] + squares + 1)
    order = np.argsort(ranks, axis=None, kind="stable")[:LATENTS]
    return np.unravel_index(order, ranks.shape)


POSITIONS = _positions()


@cache
def tables() -> Mapping[str, Float64]:
    """Read the tables as float64, which NumPy multiplies exactly."""
    content = np.frombuffer(PATH.read_bytes(), np.int8).astype(np.float64)
    sizes = [math.prod(shape) for shape in SHAPES.values()]
    parts = np.split(content, np.cumsum(sizes)[:-1])
    return {
        name: part.reshape(shape) for (name, shape), part in zip(SHAPES.items(), parts, strict=True)
    }
