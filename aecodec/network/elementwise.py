"""Elementwise operators: tables of 256 results, or sums and products of tensors."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from aecodec.errors import ModelError
from aecodec.network.arithmetic import (
    Integers,
    activation_range,
    multiply,
    quantize_multiplier,
    zero_of,
)
from aecodec.network.lowering import Lowering, Rule, flat
from aecodec.network.movement import stretched
from aecodec.network.plan import Kind, Shape, four
from aecodec.network.side import Side, fixed
from aecodec.tflite.model import Operator, Type
from aecodec.tflite.reference import results_of_int8

_VALUES = np.arange(-128, 128)

_SUM_SHIFT = 20
"""Bits by which addends are shifted to the left before they are scaled."""

_SQUARE_SHIFT = 7
"""Bits by which the terms of a squared difference are shifted to the left."""


def table(low: Lowering, operator: Operator) -> None:
    """A table of an operator's results for the 256 values of its only variable input."""
    low.check_type(operator.inputs[0])
    tabulate(low, [low.model.operators.index(operator)])


def tabulate(low: Lowering, numbers: list[int]) -> None:
    """A table of the results of these operators of the model, one after the other."""
    operators = [low.model.operators[number] for number in numbers]
    values = results_of_int8(low.content, numbers)
    _write_table(low, operators, values)


def _write_table(low: Lowering, operators: list[Operator], values: npt.NDArray[np.int8]) -> None:
    """Write a table of the results of these operators, one after the other."""
    variable = next(number for number in operators[0].inputs if not low.tensor(number).is_constant)
    shape, table_ = low.shape(variable), low.keep(values)
    low.write_from([low.read(variable)], operators[-1], Kind.TABLE, shape, table_)


def chain_from(low: Lowering, number: int) -> list[int]:
    """The operators from one that gives floats to the one that gives int8 again.

    Converters leave some functions in float: DEQUANTIZE, the function, QUANTIZE. Together they
    are a function of int8.

    Args:
        low: the model and the plan.
        number: number of an operator.

    Returns:
        The numbers of the operators from this one on; only this one if they are no such chain.
    """
    operators, chain = low.model.operators, [number]
    while low.tensor(operators[chain[-1]].outputs[0]).type is not Type.INT8:
        given = operators[chain[-1]].outputs[0]
        readers = [at for at, each in enumerate(operators) if given in each.inputs]
        if len(readers) != 1 or not _is_of_one_variable(low, operators[readers[0]]):
            return [number]
        chain += readers
    return chain


def _is_of_one_variable(low: Lowering, operator: Operator) -> bool:
    """Whether all inputs but one are constants of one element."""
    constants = [low.tensor(number) for number in operator.inputs]
    constants = [each for each in constants if each.is_constant]
    is_scalar = all(each.content.size == 1 for each in constants)
    return is_scalar and len(constants) == len(operator.inputs) - 1


def total(kind: int, *, sign: int = 1) -> Rule:
    """ADD or SUB: the second addend has this sign."""

    def rule(low: Lowering, operator: Operator) -> None:
        options = operator.options(kind, 2)
        assert options
        _pairs(low, operator, Kind.SUM, options.number(0, "b"), _sum_factors(low, operator, sign))

    def results(low: Lowering, operator: Operator) -> Integers:
        factors = _sum_factors(low, operator, sign)
        one, other = (values << _SUM_SHIFT for values in _operands(low, operator))
        return multiply(multiply(one, *factors[:2]) + multiply(other, *factors[2:4]), *factors[4:])

    return _table_or(rule, _table_of(kind, results))


def _sum_factors(low: Lowering, operator: Operator, sign: int) -> list[int]:
    one, other, output = _scales(low, operator)
    twice = 2 * max(one, other)
    multipliers = [
        quantize_multiplier(one / twice),
        quantize_multiplier(other / twice),
        quantize_multiplier(twice / ((1 << _SUM_SHIFT) * output)),
    ]
    multipliers[1] = (sign * multipliers[1][0], multipliers[1][1])
    return [number for each in multipliers for number in each]


def _squared_difference(low: Lowering, operator: Operator) -> None:
    one, other, output = _scales(low, operator)
    twice = 2 * max(one, other)
    factors = [
        *quantize_multiplier(one / twice),
        *quantize_multiplier(other / twice),
        *quantize_multiplier(twice * twice / ((1 << 2 * _SQUARE_SHIFT) * output)),
    ]
    _pairs(low, operator, Kind.SQUARED_DIFFERENCE, 0, factors)


def _prelu(low: Lowering, operator: Operator) -> None:
    one, slope, output = _scales(low, operator)
    factors = [*quantize_multiplier(one / output), 0, 0, *quantize_multiplier(one * slope / output)]
    _pairs(low, operator, Kind.PRELU, 0, factors)


def _scales(low: Lowering, operator: Operator) -> list[float]:
    """Scales of the inputs and of the output."""
    return [
        low.tensor(number).quantization.scale for number in (*operator.inputs, *operator.outputs)
    ]


def _product(low: Lowering, operator: Operator) -> None:
    options = operator.options(21, 2)
    assert options
    one, other, output = _scales(low, operator)
    factors = quantize_multiplier(one * other / output)
    _pairs(low, operator, Kind.PRODUCT, options.number(0, "b"), [0, 0, 0, 0, *factors])


def _product_results(low: Lowering, operator: Operator) -> Integers:
    one, other = _operands(low, operator)
    scales = _scales(low, operator)
    return multiply(one * other, *quantize_multiplier(scales[0] * scales[1] / scales[2]))


def _table_of(kind: int, results: Callable[[Lowering, Operator], Integers]) -> Rule:
    """A table of results that NumPy computes: LiteRT need not be loaded for it.

    Args:
        kind: kind of the operator's options, whose first field is an activation.
        results: the results before the zero point and the limits of the output.
    """

    def rule(low: Lowering, operator: Operator) -> None:
        options, output = operator.options(kind, 2), low.tensor(operator.outputs[0])
        assert options
        limits = activation_range(output, options.number(0, "b"))
        values = np.clip(results(low, operator) + zero_of(output), *limits).astype(np.int8)
        _write_table(low, [operator], values)

    return rule


def _operands(low: Lowering, operator: Operator) -> list[Integers]:
    """Inputs without their zero points: all 256 values of the variable, and the constant."""
    tensors = [low.tensor(number) for number in operator.inputs]
    return [
        (tensor.values.ravel().astype(np.int64) if tensor.is_constant else _VALUES)
        - zero_of(tensor)
        for tensor in tensors
    ]


def extreme(kind: Kind) -> Rule:
    """MAXIMUM or MINIMUM, of tensors that have one scale."""

    def rule(low: Lowering, operator: Operator) -> None:
        _pairs(low, operator, kind, 0, [0] * 6)

    return _table_or(rule)


def _pairs(
    low: Lowering, operator: Operator, kind: Kind, activation: int, factors: list[int]
) -> None:
    zeros = [zero_of(low.tensor(number)) for number in (*operator.inputs, *operator.outputs)]
    limits = activation_range(low.tensor(operator.outputs[0]), activation)
    parameters = (four(*zeros), four(*limits), *factors)
    sides = [low.tensor(number).shape for number in (*operator.inputs, *operator.outputs)]
    if any(math.prod(each[:-3]) > 1 for each in sides):  # more axes than a plan has
        given = [stretched(low, number, sides[-1]) for number in operator.inputs]
        low.write_from(given, operator, kind, flat(math.prod(sides[-1])), *parameters)
    else:
        shapes = [low.shape(number) for number in operator.inputs]
        low.write(operator, kind, _broadcast(*shapes), *parameters)


def _broadcast(one: Shape, other: Shape) -> Shape:
    def side(a: Side, b: Side) -> Side:
        return b if a == fixed(1) else a

    channels = max(one.channels, other.channels)
    return Shape(side(one.rows, other.rows), side(one.columns, other.columns), channels)


def _table_or(rule: Rule, of_one_variable: Rule = table) -> Rule:
    """A table where an operator has one variable, else a rule for tensors."""

    def chosen(low: Lowering, operator: Operator) -> None:
        if _is_of_one_variable(low, operator):
            low.check_type(operator.inputs[0])
            of_one_variable(low, operator)
        elif len(operator.inputs) == 1:
            raise ModelError("it has a constant input")
        else:
            rule(low, operator)

    return chosen


product = _table_or(_product, _table_of(21, _product_results))
squared_difference = _table_or(_squared_difference)
prelu = _table_or(_prelu)
