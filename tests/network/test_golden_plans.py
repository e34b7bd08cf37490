"""Plans of version 1 keep their bytes, and what they compute, whoever makes and runs them."""

import hashlib
import shutil

import numpy as np
import pytest
from helpers.c.network import CNetwork, all_kernels

from fuzz.plans import plans

PLANS = "ec293d635cc282809a5fb2c406b4952a"
OUTPUTS = "45f2b23f167cc8d84b512bf996176f87"


def digest(parts: list[bytes]) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()[:32]


def test_plans_have_the_bytes_that_they_had() -> None:
    assert digest([plan for _, plan in plans()]) == PLANS


def inputs_of(plan: bytes) -> np.ndarray:
    """An input that is always the same."""
    channels = int(np.frombuffer(plan, "<u4")[16 + 2])
    side = 12 if channels == 8 else 4
    numbers = np.arange(side * side * channels) * 37 % 256 - 128
    return numbers.astype(np.int8).reshape(side, side, channels)


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")
@pytest.mark.parametrize("kernels", all_kernels())
def test_plans_compute_what_they_computed(kernels: str) -> None:
    outputs = []
    for _, plan in plans():
        status, output = CNetwork(plan, kernels).run(inputs_of(plan))
        assert status == 0
        outputs.append(output.tobytes())
    assert digest(outputs) == OUTPUTS
