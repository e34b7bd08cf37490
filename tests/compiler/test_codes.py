"""Searches and lookups of codes in C choose what the integers of their tables say."""

import shutil

import numpy as np
import pytest
from helpers.c.network import FEW, CNetwork
from helpers.networks.random_models import Maker
from hypothesis import given, settings
from hypothesis import strategies as st

from aecodec.compiler.codes import Lookup, Search
from aecodec.compiler.network_plan import network_plan

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")


def outputs(
    channels: int, inputs: np.ndarray, kernels: str, **codes: Lookup | Search
) -> np.ndarray:
    make = Maker(np.random.default_rng(1))
    entry = make.variable([1, 1, 8, channels])
    model = make.single("RESHAPE", [entry, make.integers([1, 1, 8, channels])], like=entry)
    status, result = CNetwork(network_plan(model, **codes), kernels).run(
        inputs[None].astype(np.int8)
    )
    assert status == 0
    return result[0]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1 << 30), st.sampled_from(FEW))
def test_codes_are_searched_and_looked_up(seed: int, kernels: str) -> None:
    rng = np.random.default_rng(seed)
    channels, count, width = rng.integers(1, (34, 60, 4))
    vectors = rng.integers(-128, 128, (8, channels))
    weights = rng.integers(-3, 4, (count, channels)) * rng.choice([1, 900])
    biases, digits = rng.integers(-99, 99, count), rng.integers(-128, 128, (count, width))
    codes = outputs(channels, vectors, kernels, after=Search.of(weights, biases, digits))
    scores = vectors @ weights.T + biases
    assert (codes == digits[scores.argmax(axis=1)]).all()  # the first of several

    worth, table = rng.integers(-3, 4, width), rng.integers(-128, 128, (count, channels))
    lookup = Lookup.of(table, np.array([7]), worth)
    rows = np.clip(codes.astype(int) @ worth + 7, 0, count - 1)
    assert (outputs(channels, codes, kernels, before=lookup) == table[rows]).all()

    table, offsets = rng.integers(-128, 128, 256 * channels), 256 * np.arange(channels) + 128
    lookup = Lookup.of(table[:, None], offsets, np.ones(channels))
    assert (outputs(channels, vectors, kernels, after=lookup) == table[vectors + offsets]).all()
