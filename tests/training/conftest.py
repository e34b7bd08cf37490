"""Fixtures of the training tests."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from aecodec.arrays import Pixels


@pytest.fixture(autouse=True)
def _same_start() -> None:
    """Every test starts from the same seed, whichever ran before."""
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="session")
def x(digits: Pixels) -> np.ndarray:
    """(1797, 28, 28) floats in 0..1."""
    return digits / 255.0
