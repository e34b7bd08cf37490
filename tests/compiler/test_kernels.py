"""The kernels in C give the integers of LiteRT's reference kernels, for any shapes and scales."""

import shutil

import numpy as np
import pytest
from helpers.c.network import FEW, KERNELS, CNetwork
from helpers.documents import ROOT
from helpers.networks.random_models import LAYERS, Maker, quantized

from aecodec.compiler.model import read_model
from aecodec.compiler.network_plan import network_plan
from aecodec.compiler.reference import reference_transform

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")

INPUTS = 3
CONVERTED = """
    attention bilinear bordered causal convolutions depth elu exponential framed gelu hard_sigmoid
    hard_swish hard_tanh joined leaky_relu mirrored mish normalized pooled relu6 repeated sigmoid
    slopes softmax squareplus taken unit
"""
"""Models that TensorFlow converted from Keras layers, and that C runs."""

MANY = pytest.param(range(120), list(KERNELS), marks=pytest.mark.slow)


def check_integers(model: bytes, kernels: list[str], rng: np.random.Generator) -> None:
    graph = read_model(model)
    shape = graph.tensors[graph.entry].shape
    plan, reference = network_plan(model), reference_transform(model)
    networks = [CNetwork(plan, kind) for kind in kernels]
    assert {network.status for network in networks} == {0}
    for _ in range(INPUTS):
        inputs = rng.integers(-128, 128, shape).astype(np.int8)
        expected = reference(inputs)
        for kind, network in zip(kernels, networks, strict=True):
            status, output = network.run(inputs.reshape(*(1,) * (4 - len(shape)), *shape)[0])
            assert status == 0
            assert (output.ravel() == expected.ravel()).all(), kind


@pytest.mark.parametrize(("seeds", "kernels"), [(range(10), FEW), MANY], ids=["few", "many"])
@pytest.mark.parametrize("name", LAYERS)
def test_c_gives_the_integers_of_the_reference_kernels(
    name: str, seeds: range, kernels: list[str]
) -> None:
    for seed in seeds:
        rng = np.random.default_rng(seed)
        model = LAYERS[name](Maker(rng))
        check_integers(model, kernels, rng)


def test_scales_of_products_are_multiplied_in_float32() -> None:
    make = Maker()
    entry = make.variable([1, 16, 8, 2], ranges=quantized(0.020197965, 0))
    other = make._constant(np.full((1, 1, 2), 51, np.int8), quantized(0.010284241, -128))
    model = make.single("MUL", [entry, other], "Mul", ranges=quantized(0.017127883, 0))
    every = np.arange(-128, 128).astype(np.int8).reshape(1, 16, 8, 2)
    _, output = CNetwork(network_plan(model), FEW[0]).run(every[0])
    assert (output.ravel() == reference_transform(model)(every).ravel()).all()


@pytest.mark.parametrize("name", CONVERTED.split())
def test_converted_layers_give_the_integers_of_the_reference_kernels(name: str) -> None:
    model = (ROOT / "fuzz" / "models" / f"{name}_int8.tflite").read_bytes()
    check_integers(model, FEW, np.random.default_rng(0))
