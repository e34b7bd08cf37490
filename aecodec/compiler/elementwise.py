"""Elementwise operators: tables of 256 results, and sums and products of tensors."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from aecodec.compiler.lowering import (
    Lowering,
    activation_range,
    factor_of,
    flat,
    quantize_multiplier,
    zero_of,
)
from aecodec.compiler.model import Model, Operator, Tensor
from aecodec.compiler.movement import stretched
from aecodec.compiler.plan import Kind, Shape, fixed, four
from aecodec.compiler.reference import results_of_int8

_OF_ONE = """
ABS CEIL COS ELU EXP FLOOR GELU HARD_SWISH LEAKY_RELU LOG LOGISTIC NEG QUANTIZE RELU RELU6
RELU_N1_TO_1 ROUND RSQRT SIGN SIN SQRT SQUARE TANH
"""
_OF_SEVERAL = """
ADD ATAN2 CAST DIV EQUAL FLOOR_DIV FLOOR_MOD GREATER GREATER_EQUAL LESS LESS_EQUAL LOGICAL_AND
LOGICAL_NOT LOGICAL_OR MAXIMUM MINIMUM MUL NOT_EQUAL POW PRELU SELECT SELECT_V2 SQUARED_DIFFERENCE
SUB
"""

FUNCTIONS = frozenset(_OF_ONE.split())
"""Operators with one input whose results are a table of 256 in C."""

ELEMENTWISE = FUNCTIONS.union(_OF_SEVERAL.split())
"""Operators whose result depends only on the elements at one place."""

_ON_ELEMENTS = ELEMENTWISE | {"DEQUANTIZE"}


# Functions of one variable


def lower_function(low: Lowering, operator: Operator) -> None:
    """Tabulate an operator's results for the 256 values of its only variable input."""
    low.check_type(operator.inputs[0])
    tabulate(low, [low.model.operators.index(operator)])


def tabulate(low: Lowering, numbers: list[int]) -> None:
    operators = [low.model.operators[number] for number in numbers]
    variable = next(number for number in operators[0].inputs if not low.tensor(number).is_constant)
    shape, table = low.shape(variable), low.keep(results_of_int8(low.content, numbers))
    low.write(operators[-1], Kind.TABLE, shape, table, inputs=[low.read(variable)])


def functions_of(model: Model) -> list[list[int]]:
    """The numbers of the operators of each elementwise function of a single tensor.

    All other inputs are constants with one element; no other operator reads intermediate results.
    """
    ends = {number for number, tensor in enumerate(model.tensors) if tensor.dtype == np.int8}
    readers: dict[int, set[int]] = {}
    for number, operator in enumerate(model.operators):
        for tensor in operator.inputs:
            readers.setdefault(tensor, set()).add(number)
    while True:
        functions = _functions_between(model, ends | {model.exit})
        apart = {
            tensor
            for function in functions
            for tensor in (model.operators[number].outputs[0] for number in function[:-1])
            if not readers.get(tensor, set()) <= {*function}
        }
        if not apart:
            return functions
        ends |= apart


def _functions_between(model: Model, ends: set[int]) -> list[list[int]]:
    sources: dict[int, tuple[int, list[int]]] = {}  # by output: the input, and the operators
    for number, operator in enumerate(model.operators):
        entries = {at for at in operator.inputs if not _is_single(model.tensors[at])}
        parts = [sources.get(at, (at, [])) if at not in ends else (at, []) for at in entries]
        if operator.name in _ON_ELEMENTS and len({source for source, _ in parts}) == 1:
            inner = {at for _, function in parts for at in function}
            sources[operator.outputs[0]] = parts[0][0], [*sorted(inner), number]
    extended = {at for _, function in sources.values() for at in function[:-1]}
    return [function for _, function in sources.values() if function[-1] not in extended]


def _is_single(tensor: Tensor) -> bool:
    return tensor.is_constant and math.prod(tensor.shape) == 1


# Functions of two tensors


def _scaled(*factors: float) -> list[int]:
    return [number for factor in factors for number in quantize_multiplier(factor)]


def _of_sum(left: float, right: float, output: float, sign: int = 1) -> list[int]:
    twice = 2 * max(left, right)
    first, shift, second, *rest = _scaled(left / twice, right / twice, twice / (output * 2**20))
    return [first, shift, sign * second, *rest]


def _of_squares(left: float, right: float, output: float) -> list[int]:
    twice = 2 * max(left, right)
    return _scaled(left / twice, right / twice, twice * twice / (output * 2**14))


def _of_slopes(value: float, slope: float, output: float) -> list[int]:
    return [*_scaled(value / output), 0, 0, *_scaled(factor_of(value, slope, output))]


PAIRS: dict[str, tuple[Kind, Callable[[float, float, float], list[int]]]] = {
    "ADD": (Kind.SUM, _of_sum),
    "MAXIMUM": (Kind.MAXIMUM, lambda *_: [0] * 6),
    "MINIMUM": (Kind.MINIMUM, lambda *_: [0] * 6),
    "MUL": (Kind.PRODUCT, lambda *scales: [0, 0, 0, 0, *_scaled(factor_of(*scales))]),
    "PRELU": (Kind.PRELU, _of_slopes),
    "SQUARED_DIFFERENCE": (Kind.SQUARED_DIFFERENCE, _of_squares),
    "SUB": (Kind.SUM, partial(_of_sum, sign=-1)),
}
"""The kind of each function of two tensors, and the multipliers and shifts of the scales of both
inputs and of the output: one pair each. docs/PLAN.md lists by how many bits inputs are shifted."""


def lower_pair(low: Lowering, operator: Operator) -> None:
    """Lower a function of two tensors, or of one if the other is a constant with one element."""
    low.check_type(operator.inputs[0])
    tensors = [low.tensor(number) for number in (*operator.inputs, *operator.outputs)]
    if any(map(_is_single, tensors)):
        lower_function(low, operator)
        return
    kind, factors_of = PAIRS[operator.name]
    limits = activation_range(tensors[-1], getattr(operator.options, "fusedActivationFunction", 0))
    factors = factors_of(*(tensor.scale for tensor in tensors))
    parameters = (four(*map(zero_of, tensors)), four(*limits), *factors)
    if any(math.prod(tensor.shape[:-3]) > 1 for tensor in tensors):  # more axes than a plan has
        sides = tensors[-1].shape
        inputs = [stretched(low, number, sides) for number in operator.inputs]
        low.write(operator, kind, flat(math.prod(sides)), *parameters, inputs=inputs)
    else:
        inputs = [low.read(number) for number in operator.inputs]
        low.write(operator, kind, _broadcast(low, operator), *parameters, inputs=inputs)


def _broadcast(low: Lowering, operator: Operator) -> Shape:
    left, right = (low.shape(number) for number in operator.inputs)
    pairs = zip(left.sides, right.sides, strict=True)
    rows, columns = (second if first == fixed(1) else first for first, second in pairs)
    return Shape(rows, columns, max(left.channels, right.channels))
