"""Tables that NumPy computes are the results of LiteRT's reference kernels."""

from typing import Any

import numpy as np
import pytest
from helpers.networks.random_models import Maker

from aecodec.network.check import check_model
from aecodec.network.lowering import Lowering
from aecodec.network.operators import OPERATORS
from aecodec.network.plan import Kind
from aecodec.tflite.reference import results_of_int8

FUNCTIONS: dict[str, dict[str, Any]] = {
    "RELU": {},
    "RELU_N1_TO_1": {},
    "RELU6": {},
    "LEAKY_RELU": {"kind": "LeakyReluOptions", "alpha": 0.2},
    "QUANTIZE": {"kind": "QuantizeOptions"},
}


def model_of(name: str, seed: int) -> bytes:
    """A model of one operator on 256 elements, with random scales and zero points."""
    maker = Maker(np.random.default_rng(seed))
    options = dict(FUNCTIONS[name])
    if "alpha" in options:
        options["alpha"] = float(maker.rng.choice([-0.5, 0.0, 0.01, 0.2, 0.3, 1.5]))
    entry, exit_ = maker.variable((1, 256)), maker.variable((1, 256))
    maker.operator(name, [entry], [exit_], **options)
    return maker.model(entry, exit_)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_tables_are_those_of_the_reference_kernels(name: str) -> None:
    for seed in range(60):
        content = model_of(name, seed)
        model = check_model(content)
        low = Lowering(content, model, is_any_size=False)
        operator = model.operators[0]
        OPERATORS[operator.code].lower(low, operator)
        plan = low.finish()
        assert plan.operators[-1].kind == Kind.TABLE
        assert (plan.data[0] == results_of_int8(content, [0])).all(), seed
