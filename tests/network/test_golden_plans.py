"""Plans of version 1 keep their bytes, and what they compute, whoever makes and runs them."""

import hashlib
import re
import shutil

import numpy as np
import pytest
from helpers.c.network import CNetwork, all_kernels
from helpers.networks.random_models import LAYERS, Maker

from aecodec.network.convert import network_plan

PLANS = "0d470cd9f42c44a35229d42922c845af"
OUTPUTS = "dceffe7a5463f33a7e9e8fec1397ed00"
LAYERS_OF_ALL_KINDS = """
    CONV_2D, CONV_2D of 3 by 3, DEPTHWISE_CONV_2D, ADD, MUL, MAXIMUM, MINIMUM, RELU, DEPTH_TO_SPACE,
    SPACE_TO_DEPTH, CONCATENATION, GATHER, PAD, MAX_POOL_2D, AVERAGE_POOL_2D, MEAN, STRIDED_SLICE,
    RESIZE_NEAREST_NEIGHBOR, RESIZE_BILINEAR, SQUARED_DIFFERENCE, PRELU, MIRROR_PAD, SOFTMAX,
    BATCH_MATMUL, GATHER of the best score, GATHER by digits
"""
OF_ANY_SIZE = "DEPTH_TO_SPACE, SPACE_TO_DEPTH, PAD, PRELU, RESIZE_NEAREST_NEIGHBOR"


def plans() -> list[bytes]:
    """A plan of each layer, with every kind of operator; later layers do not belong here."""
    return [
        network_plan(LAYERS[name](Maker()), is_any_size=names is OF_ANY_SIZE)
        for names in (LAYERS_OF_ALL_KINDS, OF_ANY_SIZE)
        for name in re.split(r",\s+", names.strip())
    ]


def digest(parts: list[bytes]) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()[:32]


def test_plans_have_the_bytes_that_they_had() -> None:
    assert digest(plans()) == PLANS


def inputs_of(plan: bytes) -> np.ndarray:
    """An input that is always the same."""
    words = np.frombuffer(plan, "<u4")
    rows, columns, entry = words[[6, 7, 10]]
    shape = (rows or 12, columns or 12, words[16 + 8 * entry + 2])
    numbers = np.arange(np.prod(shape)) * 37 % 256 - 128
    return numbers.astype(np.int8).reshape(shape)


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")
@pytest.mark.parametrize("kernels", all_kernels())
def test_plans_compute_what_they_computed(kernels: str) -> None:
    outputs = []
    for plan in plans():
        status, output = CNetwork(plan, kernels).run(inputs_of(plan))
        assert status == 0
        outputs.append(output.tobytes())
    assert digest(outputs) == OUTPUTS
