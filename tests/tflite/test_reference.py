"""LiteRT's reference kernels, as they are run here."""

import numpy as np
from helpers.networks.random_models import Maker

from aecodec.tflite.reference import reference_transform


def test_sums_of_int8_are_sums() -> None:
    """The reference kernel alone takes -1 for 255."""
    rng = np.random.default_rng(0)
    make = Maker(rng)
    entry, output = make.tensor([1, 3, 4, 5], None, [0.1], -7), make.tensor([1], None, [0.3], 11)
    make.operator("SUM", [entry, make.integers([1, 2])], output, "Reducer", keepDims=False)
    values = rng.integers(-128, 128, (1, 3, 4, 5)).astype(np.int8)
    sums = (values + 7.0).sum(axis=(1, 2)) / 3 + 11
    result = reference_transform(make.model(entry, output))(values)
    assert (values < 0).any()
    assert np.abs(result - np.clip(sums, -128, 127)).max() <= 1
