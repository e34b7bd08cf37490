"""Probabilities of the decisions about a latent, from the latents before it.

Hidden units sum up the latents so far. From them and a latent's own weights follow the
probabilities that it is not 0, that it is positive, that its magnitude exceeds 1, and that it
exceeds 2, 3 and so on.
"""

import numpy as np

from aecodec.arrays import Float64, Int64
from aecodec.preview.tables import LARGE, tables

_MOST_UNIT = 2047
_MOST_LOGIT = 511


def start(level: int) -> Float64:
    """Return the sums (64,), integers in float64, before the first latent."""
    return tables()["start"][level].astype(np.float64)


def advance(sums: Float64, latent: int, codes: Int64) -> Float64:
    """Return the sums (N, 64) after N values (N,) of a latent."""
    table = tables()
    features = table["features"][abs(codes)][:, None]
    signed, unsigned = table["signed"][latent], table["unsigned"][latent]
    return sums + features * (np.sign(codes)[:, None] * signed + unsigned)


def probabilities(sums: Float64, level: Int64, latent: int) -> Int64:
    """Return probabilities (N, 4) in 1/65536 from sums (N, 64) and levels (N,)."""
    table = tables()
    units = np.floor(sums / 8).clip(0, _MOST_UNIT)
    outputs = units @ table["small_outputs"][latent].T
    if latent < LARGE:
        outputs = np.hstack([outputs, units @ table["large_outputs"][latent].T])
    logits = table["biases"][level, latent].copy()
    logits[:, : outputs.shape[1]] += outputs.astype(np.int64) >> 5
    logits = logits.clip(-_MOST_LOGIT, _MOST_LOGIT)
    values = table["probabilities"][abs(logits)]
    return np.where(logits < 0, 65536 - values, values)
