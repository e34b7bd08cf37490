"""Plans of version 1 keep their bytes; test_kernels checks what they compute."""

import hashlib
import re

from helpers.networks.random_models import LAYERS, Maker

from aecodec.compiler.network_plan import network_plan

PLANS = "c38eb718c050f4d7a6824326da4e3206"
LAYERS_OF_ALL_KINDS = """
    CONV_2D, CONV_2D of 3 by 3, DEPTHWISE_CONV_2D, ADD, MUL, MAXIMUM, MINIMUM, RELU, DEPTH_TO_SPACE,
    SPACE_TO_DEPTH, CONCATENATION, GATHER, PAD, MAX_POOL_2D, AVERAGE_POOL_2D, MEAN, STRIDED_SLICE,
    RESIZE_NEAREST_NEIGHBOR, RESIZE_BILINEAR, SQUARED_DIFFERENCE, PRELU, MIRROR_PAD, SOFTMAX,
    BATCH_MATMUL
"""
OF_ANY_SIZE = "DEPTH_TO_SPACE, SPACE_TO_DEPTH, PAD, PRELU, RESIZE_NEAREST_NEIGHBOR"


def plans() -> list[bytes]:
    """A plan of each layer, with every kind of operator; later layers do not belong here."""
    return [
        network_plan(LAYERS[name](Maker()), is_any_size=names is OF_ANY_SIZE)
        for names in (LAYERS_OF_ALL_KINDS, OF_ANY_SIZE)
        for name in re.split(r",\s+", names.strip())
    ]


def test_plans_have_the_bytes_that_they_had() -> None:
    assert hashlib.sha256(b"".join(plans())).hexdigest()[:32] == PLANS
