"""Elementwise operators: tables of 256 results, and sums and products of tensors."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from aecodec.network.lowering import (
    Integers,
    Lower,
    Lowering,
    activation_range,
    flat,
    multiply,
    quantize_multiplier,
    zero_of,
)
from aecodec.network.movement import stretched
from aecodec.network.plan import Kind, Shape, fixed, four
from aecodec.tflite.model import Operator, Type

_ADD, _MUL, _SUB, _LEAKY_RELU = 11, 21, 28, 75
"""Option types of the schema."""

_DEQUANTIZE = 6

_ELEMENTWISE = frozenset(
    [
        *(0, 8, 14, 18, 19, 20, 21, 28, 41, 42, 47, 53, 54, 55, 57, 58, 59, 61, 62, 63, 64, 66),
        *(71, 72, 73, 75, 76, 78, 84, 86, 87, 90, 92, 95, 98, 99, 101, 104, 108, 111, 114, 116),
        *(117, 123, 150, 156, 158),
    ]
)
"""Operators whose result depends only on the elements at one place, by numbers in the schema."""


_VALUES = np.arange(-128, 128)
"""All int8 values."""

_SUM_SHIFT = 20
"""Left shift of addends before scaling, in bits."""

_SQUARE_SHIFT = 7
"""Left shift of the terms of a squared difference, in bits."""


# Functions of one variable


def lower_function(low: Lowering, operator: Operator) -> None:
    """Tabulate an operator's results for the 256 values of its only variable input."""
    low.check_type(operator.inputs[0])
    tabulate(low, [low.model.operators.index(operator)])


def lower_rectifier(activation: int) -> Lower:
    """Make a lowering for a ReLU with the limits of a fused activation, without LiteRT."""

    def lower(low: Lowering, operator: Operator) -> None:
        value, output = _single_scales(low, operator)
        _write_rescaled(low, operator, float(value / output), activation=activation)

    return lower


def lower_leaky_relu(low: Lowering, operator: Operator) -> None:
    """Tabulate a function with a slope for negative values, without LiteRT."""
    value, output = _single_scales(low, operator)
    slope = np.float32(operator.options(_LEAKY_RELU).number(0, "f"))
    _write_rescaled(low, operator, float(value / output), float(value * slope / output))


def lower_requantization(low: Lowering, operator: Operator) -> None:
    """Tabulate the conversion to another int8 scale and zero point, without LiteRT."""
    value, output = (float(scale) for scale in _single_scales(low, operator))
    _write_rescaled(low, operator, value / output)


def _single_scales(low: Lowering, operator: Operator) -> list[np.float32]:
    """Scales of the only input and of the output, in the precision of the kernels."""
    return [np.float32(scale) for scale in _scales(low, operator)]


def _write_rescaled(
    low: Lowering,
    operator: Operator,
    factor: float,
    negative_factor: float | None = None,
    activation: int = 0,
) -> None:
    """Tabulate the product of inputs and a factor, or another factor for negative inputs."""
    low.check_type(operator.inputs[0])
    (values,) = _operands(low, operator)
    results = multiply(values, *quantize_multiplier(factor))
    if negative_factor is not None:
        multiplier, shift = quantize_multiplier(abs(negative_factor))
        sign = -1 if negative_factor < 0 else 1
        results = np.where(values < 0, multiply(values, sign * multiplier, shift), results)
    _write_results(low, operator, results, activation)


def _write_results(low: Lowering, operator: Operator, results: Integers, activation: int) -> None:
    output = low.tensor(operator.outputs[0])
    limits = activation_range(output, activation)
    table = np.clip(results + zero_of(output), *limits).astype(np.int8)
    _write_table(low, [operator], table)


def tabulate(low: Lowering, numbers: list[int]) -> None:
    """Tabulate the results of a chain of operators of the model."""
    from aecodec.tflite.reference import results_of_int8  # few networks need it

    operators = [low.model.operators[number] for number in numbers]
    _write_table(low, operators, results_of_int8(low.content, numbers))


def _write_table(low: Lowering, operators: list[Operator], values: npt.NDArray[np.int8]) -> None:
    variable = next(number for number in operators[0].inputs if not low.tensor(number).is_constant)
    shape, table = low.shape(variable), low.keep(values)
    low.write_from([low.read(variable)], operators[-1], Kind.TABLE, shape, table)


def chain_from(low: Lowering, number: int) -> list[int]:
    """The operators from a float output to the next int8 output, each of which has one reader.

    Only `number` if they are no chain.
    """
    operators, chain = low.model.operators, [number]
    while low.tensor(operators[chain[-1]].outputs[0]).type is not Type.INT8:
        result = operators[chain[-1]].outputs[0]
        readers = [at for at, operator in enumerate(operators) if result in operator.inputs]
        if len(readers) != 1:
            return [number]
        chain += readers
    return chain


def function_from(low: Lowering, number: int) -> list[int]:
    """The operators that together are a function of one int8 tensor, else only `number`.

    Converters leave some functions in float: DEQUANTIZE, operators on floats, QUANTIZE.
    """
    operators, made, function = low.model.operators, set[int](), [number]
    if operators[number].code != _DEQUANTIZE:
        return [number]
    made.add(operators[number].outputs[0])
    for at in range(number + 1, len(operators)):
        operator = operators[at]
        if made.isdisjoint(operator.inputs):
            continue
        if operator.code not in _ELEMENTWISE or not _reads_only(low, operator, made):
            return [number]
        function.append(at)
        made.update(operator.outputs)
        if low.tensor(operator.outputs[0]).type is Type.INT8:
            return function if _is_closed(low, function, made) else [number]
    return [number]


def _reads_only(low: Lowering, operator: Operator, made: set[int]) -> bool:
    """Whether all inputs are these tensors, or constants with one element."""
    others = [low.tensor(number) for number in operator.inputs if number not in made]
    return all(tensor.is_constant and tensor.values.size == 1 for tensor in others)


def _is_closed(low: Lowering, function: list[int], made: set[int]) -> bool:
    """Whether no other operator reads what is within a function."""
    inner = made - {low.model.operators[function[-1]].outputs[0]}
    others = (item for at, item in enumerate(low.model.operators) if at not in function)
    return low.model.exit not in inner and all(inner.isdisjoint(item.inputs) for item in others)


def _has_one_variable(low: Lowering, operator: Operator) -> bool:
    """Whether all inputs except one are constants with one element."""
    tensors = [low.tensor(number) for number in operator.inputs]
    constants = [tensor for tensor in tensors if tensor.is_constant]
    is_scalar = all(tensor.content.size == 1 for tensor in constants)
    return is_scalar and len(constants) == len(tensors) - 1


# Functions of two tensors

Factors = Callable[[float, float, float], list[int]]
"""Converts the scales of both inputs and the output to a multiplier and a shift for each."""

Results = Callable[[Integers, Integers, list[int]], Integers]
"""Computes results before zero point and limits, from inputs without zero points and the
factors."""


def _lower_pair(
    kind: Kind,
    factors_of: Factors,
    options: int | None = None,
    results_of: Results | None = None,
) -> Lower:
    """Make a lowering for two tensors, or a table if one of them is a constant with one element.

    NumPy computes the table if `results_of` is given; otherwise LiteRT does. The first field of the
    options is an activation.
    """

    def lower(low: Lowering, operator: Operator) -> None:
        low.check_type(operator.inputs[0])
        activation = operator.options(options).number(0, "b") if options else 0
        factors = factors_of(*_scales(low, operator))
        if not _has_one_variable(low, operator):
            _write_pair(low, operator, kind, activation, factors)
        elif results_of:
            left, right = _operands(low, operator)
            _write_results(low, operator, results_of(left, right, factors), activation)
        else:
            lower_function(low, operator)

    return lower


def _operands(low: Lowering, operator: Operator) -> list[Integers]:
    """Inputs without their zero points: all 256 values of the variable, and the constant."""
    return [
        (tensor.values.ravel().astype(np.int64) if tensor.is_constant else _VALUES)
        - zero_of(tensor)
        for tensor in map(low.tensor, operator.inputs)
    ]


def _factors_of_sum(left: float, right: float, output: float) -> list[int]:
    twice = 2 * max(left, right)
    whole = twice / ((1 << _SUM_SHIFT) * output)
    return _factors(left / twice, right / twice, whole)


def _factors_of_difference(left: float, right: float, output: float) -> list[int]:
    factors = _factors_of_sum(left, right, output)
    return [*factors[:2], -factors[2], *factors[3:]]


def _factors_of_product(left: float, right: float, output: float) -> list[int]:
    return [0, 0, 0, 0, *quantize_multiplier(left * right / output)]


def _factors_of_squares(left: float, right: float, output: float) -> list[int]:
    twice = 2 * max(left, right)
    whole = twice * twice / ((1 << 2 * _SQUARE_SHIFT) * output)
    return _factors(left / twice, right / twice, whole)


def _factors_of_prelu(value: float, slope: float, output: float) -> list[int]:
    return [*_factors(value / output), 0, 0, *_factors(value * slope / output)]


def _factors(*factors: float) -> list[int]:
    return [number for factor in factors for number in quantize_multiplier(factor)]


def _results_of_sum(left: Integers, right: Integers, factors: list[int]) -> Integers:
    addends = left << _SUM_SHIFT, right << _SUM_SHIFT
    total = multiply(addends[0], *factors[:2]) + multiply(addends[1], *factors[2:4])
    return multiply(total, *factors[4:])


def _results_of_product(left: Integers, right: Integers, factors: list[int]) -> Integers:
    return multiply(left * right, *factors[4:])


def lower_extreme(kind: Kind) -> Lower:
    """Make a lowering for MAXIMUM or MINIMUM of tensors with one scale."""
    return _lower_pair(kind, lambda *scales: [0] * 6)


lower_add = _lower_pair(Kind.SUM, _factors_of_sum, _ADD, _results_of_sum)
lower_sub = _lower_pair(Kind.SUM, _factors_of_difference, _SUB, _results_of_sum)
lower_product = _lower_pair(Kind.PRODUCT, _factors_of_product, _MUL, _results_of_product)
lower_squares = _lower_pair(Kind.SQUARED_DIFFERENCE, _factors_of_squares)
lower_prelu = _lower_pair(Kind.PRELU, _factors_of_prelu)


def _scales(low: Lowering, operator: Operator) -> list[float]:
    numbers = (*operator.inputs, *operator.outputs)
    return [low.tensor(number).quantization.scale for number in numbers]


def _write_pair(
    low: Lowering, operator: Operator, kind: Kind, activation: int, factors: list[int]
) -> None:
    """Add an operator of two tensors, with a multiplier and a shift for each and for the output."""
    tensors = [low.tensor(number) for number in (*operator.inputs, *operator.outputs)]
    limits = activation_range(tensors[-1], activation)
    parameters = (four(*map(zero_of, tensors)), four(*limits), *factors)
    if any(math.prod(tensor.shape[:-3]) > 1 for tensor in tensors):  # more axes than a plan has
        sides = tensors[-1].shape
        inputs = [stretched(low, number, sides) for number in operator.inputs]
        low.write_from(inputs, operator, kind, flat(math.prod(sides)), *parameters)
    else:
        left, right = (low.shape(number) for number in operator.inputs)
        pairs = zip(left.sides, right.sides, strict=True)
        rows, columns = (second if first == fixed(1) else first for first, second in pairs)
        shape = Shape(rows, columns, max(left.channels, right.channels))
        low.write(operator, kind, shape, *parameters)
