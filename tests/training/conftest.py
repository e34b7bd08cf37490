"""Fixtures of the training tests."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from helpers.real_data import load_photograph

from aecodec.base.arrays import Pixels


@pytest.fixture(autouse=True)
def _same_start() -> None:
    """Every test starts from the same seed, whichever ran before."""
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="session")
def x(digits: Pixels) -> np.ndarray:
    """(1797, 28, 28) floats in 0..1."""
    return digits / 255.0


@pytest.fixture(scope="session")
def tiles() -> np.ndarray:
    """(60, 64, 64, 3) floats of a photograph."""
    photograph = load_photograph()[:384, :640] / np.float32(255)
    return photograph.reshape(6, 64, 10, 64, 3).swapaxes(1, 2).reshape(-1, 64, 64, 3)
