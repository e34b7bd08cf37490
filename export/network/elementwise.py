"""Operators on each element for itself: tables of 256 results, or sums and products of tensors."""

from __future__ import annotations

import numpy as np

from aecodec.errors import ModelError
from aecodec.export.network.arithmetic import activation_range, quantize_multiplier, zero_of
from aecodec.export.network.lowering import Lowering, Rule
from aecodec.export.network.plan import Kind, Shape, four
from aecodec.export.network.side import Side, fixed
from aecodec.inference.single_operator import results_of_int8
from aecodec.tflite.model import Operator

_SUM_SHIFT = 20
"""Bits by which addends are shifted to the left before they are scaled."""


def table(low: Lowering, operator: Operator) -> None:
    """Whatever an operator gives for each of the 256 values of its only variable input."""
    values = results_of_int8(low.content, low.model.operators.index(operator))
    number = next(each for each in operator.inputs if not low.tensor(each).is_constant)
    low.write_from([low.read(number)], operator, Kind.TABLE, low.shape(number), low.keep(values))


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

    return _table_or(rule)


def _sum_factors(low: Lowering, operator: Operator, sign: int) -> list[int]:
    one, other, output = (
        np.float32(low.tensor(number).quantization.scale)
        for number in (*operator.inputs, *operator.outputs)
    )
    twice = 2.0 * float(max(one, other))
    multipliers = [
        quantize_multiplier(float(one) / twice),
        quantize_multiplier(float(other) / twice),
        quantize_multiplier(twice / float(np.float32(1 << _SUM_SHIFT) * output)),
    ]
    multipliers[1] = (sign * multipliers[1][0], multipliers[1][1])
    return [number for each in multipliers for number in each]


def _product(low: Lowering, operator: Operator) -> None:
    options = operator.options(21, 2)
    assert options
    one, other, output = (
        low.tensor(number).quantization.scale for number in (*operator.inputs, *operator.outputs)
    )
    factors = quantize_multiplier(float(one) * float(other) / float(output))
    _pairs(low, operator, Kind.PRODUCT, options.number(0, "b"), [0, 0, 0, 0, *factors])


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
    shapes = [low.shape(number) for number in operator.inputs]
    low.write(operator, kind, _broadcast(*shapes), four(*zeros), four(*limits), *factors)


def _broadcast(one: Shape, other: Shape) -> Shape:
    def side(a: Side, b: Side) -> Side:
        return b if a == fixed(1) else a

    channels = max(one.channels, other.channels)
    return Shape(side(one.rows, other.rows), side(one.columns, other.columns), channels)


def _table_or(rule: Rule) -> Rule:
    """A table where an operator has one variable, else a rule for tensors."""

    def chosen(low: Lowering, operator: Operator) -> None:
        if _is_of_one_variable(low, operator):
            table(low, operator)
        elif len(operator.inputs) == 1:
            raise ModelError("it has a constant input")
        else:
            rule(low, operator)

    return chosen


product = _table_or(_product)
