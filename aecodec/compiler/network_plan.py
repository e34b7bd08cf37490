"""Conversion of a TFLite model to a network plan."""

import numpy as np

from aecodec.base.errors import AecodecError, ModelError
from aecodec.compiler.codes import Lookup, Search
from aecodec.compiler.elementwise import ELEMENTWISE, functions_of, tabulate
from aecodec.compiler.lowering import Lowering
from aecodec.compiler.model import Model, Operator, read_model
from aecodec.compiler.operators import OPERATORS
from aecodec.compiler.plan import assign_slots

_NO_KERNEL = "no C kernel supports this operator"


def check_operators(content: bytes) -> None:
    """Raise ModelError if codecs lack an operator of a model, or a model has several graphs."""
    for number, operator in enumerate(read_model(content).operators):
        if operator.name not in OPERATORS.keys() | ELEMENTWISE:
            raise ModelError(f"operator {number}, {operator.name}: {_NO_KERNEL}")


def network_plan(
    content: bytes,
    *,
    is_any_size: bool = False,
    before: Lookup | None = None,
    after: Search | Lookup | None = None,
) -> bytes:
    """Convert an int8 `.tflite` file to a network plan, for `aecodec_network_open`.

    `before` looks up the vectors for the model's input; `after` makes codes of its output. With
    `is_any_size`, the plan accepts pictures of any size, and the network must be fully
    convolutional.

    Raises CodecError if the model is damaged, and ModelError if C lacks an operator or type.
    """
    model = read_model(content)
    low = Lowering(content, model, is_any_size=is_any_size)
    if before:
        low.begin(len(before.worth), before.add_to)
    joined = {parts[-1]: parts for parts in _tables(model)}
    inner = {number for parts in joined.values() for number in parts[:-1]}
    for number, operator in enumerate(model.operators):
        if number in inner:
            continue
        try:
            _lower(low, operator, joined.get(number, [number]))
        except AttributeError as error:
            text = f"operator {number}, {operator.name}: its options are missing"
            raise ModelError(text) from error
        except (AecodecError, ArithmeticError, LookupError, ValueError) as error:
            raise ModelError(f"operator {number}, {operator.name}: {error}") from error
    low.plan.exit = low.read(model.exit)
    if after:
        low.plan.exit = after.add_to(low, low.plan.exit)
    assign_slots(low.plan, *low.size)
    return low.plan.as_bytes()


def _tables(model: Model) -> list[list[int]]:
    """The functions of several operators, which converters leave in float, from int8 to int8."""
    operators = model.operators
    return [
        function
        for function in functions_of(model)
        if operators[function[0]].name == "DEQUANTIZE"
        and model.tensors[operators[function[-1]].outputs[0]].dtype == np.int8
    ]


def _lower(low: Lowering, operator: Operator, parts: list[int]) -> None:
    if len(parts) > 1:
        tabulate(low, parts)
    elif operator.name in OPERATORS:
        OPERATORS[operator.name](low, operator)
    else:
        raise ModelError(_NO_KERNEL)
