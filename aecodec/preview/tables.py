"""Tables of the codec `preview`: a file of little-endian arrays, one after another."""

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

PATH = Path(__file__).parents[1] / "data" / "preview" / "tables.bin"

SIDE = 32
LATENTS, UNITS, LEVELS, LARGE = 400, 64, 8, 96
"""Latents of a picture, hidden units, levels, and latents whose magnitudes have context."""

COEFFICIENTS, FREQUENCIES, CHANNELS = 516, 20, 20
"""Coefficients and frequencies of the cosine transform, and channels of the filter."""

MOST = 120
"""Largest magnitude of a quantized latent."""

SHAPES: Mapping[str, tuple[str, tuple[int, ...]]] = {
    "steps": ("<i2", (LEVELS,)),
    "centroids": ("<i2", (LEVELS, 4)),
    "features": ("<i2", (MOST + 1,)),
    "probabilities": ("<u2", (512,)),
    "start": ("<i2", (LEVELS, UNITS)),
    "biases": ("<i2", (LEVELS, LATENTS, 4)),
    "means": ("<i2", (COEFFICIENTS,)),
    "cosines": ("<i2", (FREQUENCIES, SIDE)),
    "first_bias": ("<i2", (LEVELS, CHANNELS)),
    "second_bias": ("<i2", (CHANNELS,)),
    "third_bias": ("<i2", (CHANNELS,)),
    "last_bias": ("<i2", (12,)),
    "signed": ("i1", (LATENTS, UNITS)),
    "unsigned": ("i1", (LATENTS, UNITS)),
    "small_outputs": ("i1", (LATENTS, 2, UNITS)),
    "large_outputs": ("i1", (LARGE, 2, UNITS)),
    "first": ("i1", (CHANNELS, 3, 3, 12)),
    "second": ("i1", (CHANNELS, 3, 3, CHANNELS)),
    "third": ("i1", (CHANNELS, 3, 3, CHANNELS)),
    "last": ("i1", (12, 3, 3, CHANNELS)),
    "positions": ("u1", (COEFFICIENTS, 3)),
    "transform": ("i1", (LATENTS, COEFFICIENTS)),
}
"""Type and shape of each array, in the order of the file."""


@cache
def tables() -> Mapping[str, npt.NDArray[Any]]:
    """Read the tables: int8 as float64, which NumPy multiplies exactly, other types as int64."""
    content, arrays, start = PATH.read_bytes(), {}, 0
    for name, (kind, shape) in SHAPES.items():
        array = np.frombuffer(content, kind, math.prod(shape), start)
        arrays[name] = array.reshape(shape).astype(np.float64 if kind == "i1" else np.int64)
        start += array.nbytes
    return arrays
