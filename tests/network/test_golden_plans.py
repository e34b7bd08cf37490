"""Plans of version 1 keep their bytes, and what they compute, whoever makes and runs them."""

from __future__ import annotations

import hashlib
import shutil

import numpy as np
import pytest
from helpers.c_network import KERNELS, CNetwork, has_kernels

from fuzz.plans import plans

PLANS = "ec293d635cc282809a5fb2c406b4952a"
OUTPUTS = "45f2b23f167cc8d84b512bf996176f87"


def digest(parts: list[bytes]) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()[:32]


def test_plans_have_the_bytes_that_they_had() -> None:
    assert digest([plan for _, plan in plans()]) == PLANS


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")
@pytest.mark.parametrize("kernels", list(filter(has_kernels, KERNELS)))
def test_plans_compute_what_they_computed(kernels: str) -> None:
    outputs = []
    for _, plan in plans():
        channels = int(np.frombuffer(plan, "<u4")[16 + 2])
        side = 12 if channels == 8 else 4
        inputs = (np.arange(side * side * channels) * 37 % 256 - 128).astype(np.int8)
        status, output = CNetwork(plan, kernels).run(inputs.reshape(side, side, channels))
        assert status == 0
        outputs.append(output.tobytes())
    assert digest(outputs) == OUTPUTS
