"""Codes of pictures, made up."""

from __future__ import annotations

import numpy as np


def busy_and_even(pictures: int) -> np.ndarray:
    """Codes (pictures, 12, 12, 6) that spread as far as their neighbours and as each other."""
    rng = np.random.default_rng(0)
    coarse = rng.uniform(0.1, 6, (pictures, 3, 3, 1)).repeat(4, axis=1).repeat(4, axis=2)
    return (rng.logistic(0, 0.5, (pictures, 12, 12, 6)) * coarse).round().astype(np.int16)
