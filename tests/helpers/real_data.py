"""Real digits and a photograph, from files of scikit-learn, whose import would take two seconds."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from aecodec.base.arrays import Pixels


def _data_file(name: str) -> Path:
    spec = find_spec("sklearn")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("datasets") / name


def load_photograph() -> Pixels:
    """(427, 640, 3) uint8: a photograph."""
    return np.asarray(Image.open(_data_file("images/china.jpg")))


def load_digits() -> tuple[np.ndarray, np.ndarray]:
    """(1797, 8, 8) float64: handwritten digits with values from 0 to 16, and their labels."""
    table = np.loadtxt(_data_file("data/digits.csv.gz"), delimiter=",")
    return table[:, :-1].reshape(-1, 8, 8), table[:, -1].astype(int)
