"""Tables and codes are the same integers whatever computes the sums, for any weights."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.codecs import exactness
from helpers.networks.extreme_networks import (
    STYLES,
    extreme_network,
    extreme_vectors,
    moves_in_int64,
    moves_of,
)

from aecodec.entropy.context_network import MAX_ACTIVATION, MAX_GRADIENT, MAX_UNITS
from aecodec.entropy.spatial_context import GRADIENTS, PREDICTED_CHANNELS

EXACT = 1 << 24
"""Up to here float32 holds every integer."""

VECTORS = 40


def test_the_limits_keep_every_sum_within_what_float32_holds() -> None:
    assert MAX_UNITS * MAX_ACTIVATION * 128 < EXACT
    assert GRADIENTS * PREDICTED_CHANNELS * MAX_GRADIENT * 128 < EXACT
    assert np.float32(EXACT) + np.float32(1) == EXACT


@pytest.mark.parametrize("spatial", [False, True])
@pytest.mark.parametrize(("inner", "outer"), [*zip(STYLES, STYLES, strict=True), STYLES[1::-1]])
def test_the_largest_networks_are_exact(inner: str, outer: str, spatial: bool) -> None:
    """One vector, few and many, in one step and in several: each is another product for BLAS."""
    rng = np.random.default_rng([STYLES.index(inner), STYLES.index(outer)])
    network = extreme_network(rng, inner, outer, spatial=spatial)
    vectors = extreme_vectors(rng, network, VECTORS)
    expected, largest = moves_in_int64(network, vectors)
    if {inner, outer} <= {"lowest", "highest"}:
        assert 0.75 * EXACT < largest < EXACT
    for count in (1, 3, VECTORS):
        for at_once in (True, False):
            found = moves_of(network, vectors.first(count), at_once=at_once)
            assert (found == expected[..., :count]).all()


@cache
def here() -> dict[str, Any]:
    """The report of this machine, left to itself."""
    return report({})


def report(environment: Mapping[str, str], threads: int = 1) -> dict[str, Any]:
    """The report of a process of its own."""
    command = [sys.executable, str(Path(exactness.__file__)), str(threads)]
    done = subprocess.run(
        command, env={**os.environ, **environment}, check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)


def test_numpy_without_its_dispatch_finds_the_same_integers() -> None:
    from numpy._core._multiarray_umath import __cpu_dispatch__

    features = [each for each in __cpu_dispatch__ if each in here()["features"]]
    if not features:
        pytest.skip("this processor has nothing that NumPy would dispatch to")
    other = report({"NPY_DISABLE_CPU_FEATURES": " ".join(features)})
    assert not set(other["features"]) & set(features)
    assert other["digest"] == here()["digest"]
