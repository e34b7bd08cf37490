"""Elementwise operators: tables of 256 results, or sums and products of tensors."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from aecodec.errors import ModelError
from aecodec.network.lowering import Lower, Lowering, flat
from aecodec.network.movement import stretched
from aecodec.network.plan import Kind, Shape, four
from aecodec.network.side import Side, fixed
from aecodec.tflite.arithmetic import (
    Integers,
    activation_range,
    multiply,
    quantize_multiplier,
    zero_of,
)
from aecodec.tflite.call import (
    INTEGERS,
    QUANTIZED,
    REAL,
    Call,
    Check,
    Result,
    Value,
    check_activation,
    ensure,
)
from aecodec.tflite.model import MAX_RANK, Operator, Type
from aecodec.tflite.model import Shape as Sides

_ADD, _MUL, _SUB = (11, 2), (21, 2), (28, 2)
"""Kinds of options, as the schema numbers them, and their numbers of fields."""

_RANK = 4
"""Most axes over which all kernels broadcast; some broadcast over one more."""

_BELOW_ONE = 1 - 2**-30
"""Factors are rounded to 31 bits; one that would be rounded to 1 is too large already."""

_VALUES = np.arange(-128, 128)
"""All values of an int8."""

_SUM_SHIFTS = {Type.INT8: 20, Type.INT16: 15}
"""Bits by which addends are shifted to the left before they are scaled."""

_SQUARE_SHIFT = 7
"""Bits by which the terms of a squared difference are shifted to the left."""


# Functions of one variable


def check_unary(call: Call) -> Result:
    """One real input, and an output of its shape and type."""
    (value,) = call.take(1)
    call.check_types([value], *REAL)
    return Result((value.shape,), 16 * value.size)


def check_gelu(call: Call) -> Result:
    """GELU, which needs its options."""
    call.options(116, 1)
    return check_unary(call)


def check_leaky_relu(call: Call) -> Result:
    """A function with a slope."""
    ensure(math.isfinite(call.options(75, 1).number(0, "f")), "its slope is not a number")
    return check_unary(call)


def check_conversion(inputs: tuple[Type, ...], outputs: tuple[Type, ...]) -> Check:
    """One input, and an output of the same shape and another type.

    Args:
        inputs: types that the input may have.
        outputs: types that the output may have.
    """

    def check(call: Call) -> Result:
        (value,) = call.take(1)
        ensure(value.type in inputs and call.output.type in outputs, "it converts other types")
        return Result((value.shape,), 4 * value.size)

    return check


def lower_function(low: Lowering, operator: Operator) -> None:
    """A table of an operator's results for the 256 values of its only variable input."""
    low.check_type(operator.inputs[0])
    tabulate(low, [low.model.operators.index(operator)])


def lower_rectifier(activation: int) -> Lower:
    """A ReLU that clips as a fused activation does, without LiteRT.

    Args:
        activation: number of the fused activation.
    """

    def lower(low: Lowering, operator: Operator) -> None:
        value, output = _single_scales(low, operator)
        _write_rescaled(low, operator, float(value / output), activation=activation)

    return lower


def lower_leaky_relu(low: Lowering, operator: Operator) -> None:
    """A function with a slope for negative values, without LiteRT."""
    value, output = _single_scales(low, operator)
    slope = np.float32(operator.options(75, 1).number(0, "f"))
    _write_rescaled(low, operator, float(value / output), float(value * slope / output))


def lower_requantization(low: Lowering, operator: Operator) -> None:
    """Int8 with another scale and zero point, without LiteRT."""
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
    """A table of inputs times a factor; times another one where they are negative, if given."""
    low.check_type(operator.inputs[0])
    output, (values,) = low.tensor(operator.outputs[0]), _operands(low, operator)
    results = multiply(values, *quantize_multiplier(factor))
    if negative_factor is not None:
        multiplier, shift = quantize_multiplier(abs(negative_factor))
        sign = -1 if negative_factor < 0 else 1
        results = np.where(values < 0, multiply(values, sign * multiplier, shift), results)
    limits = activation_range(output, activation)
    table = np.clip(results + zero_of(output), *limits).astype(np.int8)
    _write_table(low, [operator], table)


def tabulate(low: Lowering, numbers: list[int]) -> None:
    """A table of the results of these operators of the model, one after the other."""
    from aecodec.tflite.reference import results_of_int8  # few networks need it

    operators = [low.model.operators[number] for number in numbers]
    _write_table(low, operators, results_of_int8(low.content, numbers))


def _write_table(low: Lowering, operators: list[Operator], values: npt.NDArray[np.int8]) -> None:
    variable = next(number for number in operators[0].inputs if not low.tensor(number).is_constant)
    shape, table = low.shape(variable), low.keep(values)
    low.write_from([low.read(variable)], operators[-1], Kind.TABLE, shape, table)


def chain_from(low: Lowering, number: int) -> list[int]:
    """The operators from one with an output of floats to the next with an output of int8.

    Converters leave some functions in float: DEQUANTIZE, the function, QUANTIZE. Together they
    are a function of int8.

    Args:
        low: the model and the plan.
        number: number of an operator.

    Returns:
        The numbers of the operators, beginning with this one; only this one if there is no chain.
    """
    operators, chain = low.model.operators, [number]
    while low.tensor(operators[chain[-1]].outputs[0]).type is not Type.INT8:
        result = operators[chain[-1]].outputs[0]
        readers = [at for at, operator in enumerate(operators) if result in operator.inputs]
        if len(readers) != 1 or not _has_one_variable(low, operators[readers[0]]):
            return [number]
        chain += readers
    return chain


def _has_one_variable(low: Lowering, operator: Operator) -> bool:
    """Whether all inputs but one are constants of one element."""
    tensors = [low.tensor(number) for number in operator.inputs]
    constants = [tensor for tensor in tensors if tensor.is_constant]
    is_scalar = all(tensor.content.size == 1 for tensor in constants)
    return is_scalar and len(constants) == len(tensors) - 1


# Functions of two tensors: checks

Guard = Callable[[Value, Value, float], None]
"""Checks the scales of two quantized inputs and of the output."""


def check_binary(
    *types: Type,
    options: tuple[int, int] | None = None,
    rank: int = _RANK,
    guard: Guard | None = None,
) -> Check:
    """Two inputs of one type, broadcast to each other, and an output of that type.

    Args:
        types: the types that it takes.
        options: kind and number of fields of its options, whose first field is an activation.
        rank: most axes over which it broadcasts.
        guard: checks the scales.
    """

    def check(call: Call) -> Result:
        left, right = call.take(2)
        call.check_types([left, right], *types)
        if options:
            check_activation(call.options(*options), 0)
        if guard and left.type in QUANTIZED:
            guard(left, right, call.output.quantization.scale)
        shape = broadcast(rank, left.shape, right.shape)
        return Result((shape,), 16 * math.prod(shape))

    return check


def _check_scales_of_sum(left: Value, right: Value, scale: float) -> None:
    """Kernels end the process if the output's scale is much finer than the inputs'."""
    factor = 2 * max(left.scale, right.scale) / (2 ** _SUM_SHIFTS[left.type] * scale)
    ensure(factor < _BELOW_ONE, "its scales are too far apart")


def _check_scales_of_squares(left: Value, right: Value, scale: float) -> None:
    factor = (2 * max(left.scale, right.scale)) ** 2 / (2 ** (2 * _SQUARE_SHIFT) * scale)
    ensure(factor < _BELOW_ONE, "its scales are too far apart")


_NUMBERS = (*REAL, *INTEGERS)

check_add = check_binary(*_NUMBERS, options=_ADD, rank=5, guard=_check_scales_of_sum)
check_sub = check_binary(*_NUMBERS, options=_SUB, rank=5, guard=_check_scales_of_sum)
check_product = check_binary(*_NUMBERS, options=_MUL, rank=5)
check_extreme = check_binary(*_NUMBERS)
check_squared_difference = check_binary(*REAL, guard=_check_scales_of_squares)


def check_prelu(call: Call) -> Result:
    """A tensor, and a slope for each element or channel."""
    value, slope = call.take(2)
    call.check_types([value, slope], *REAL)
    shape = broadcast(_RANK, value.shape, slope.shape)
    ensure(shape == value.shape, "its slopes do not fit its input")
    return Result((shape,))


def check_comparison(call: Call) -> Result:
    """Two inputs of one type, broadcast to each other, and an output of truth values."""
    left, right = call.take(2)
    ensure(left.type == right.type and left.type in (*REAL, *INTEGERS), "it compares other types")
    ensure(call.output.type == Type.BOOL, "its output is of another type")
    if left.type in QUANTIZED:
        ensure(max(left.scale, right.scale) < _BELOW_ONE, "its scales are too coarse")
    shape = broadcast(_RANK, left.shape, right.shape)
    return Result((shape,), 16 * math.prod(shape))


def check_logical(call: Call) -> Result:
    """Truth values of one shape to truth values."""
    values = call.take(len(call.inputs))
    call.check_types(values, Type.BOOL)
    ensure(1 <= len(values) <= 2, "it has another number of inputs")
    return Result((broadcast(_RANK, *(value.shape for value in values)),))


def check_selection(rank: int) -> Check:
    """A choice between two inputs of one type, element by element.

    Args:
        rank: most axes over which it broadcasts.
    """

    def check(call: Call) -> Result:
        condition, left, right = call.take(3)
        ensure(condition.type == Type.BOOL, "its condition is of another type")
        call.check_types([left, right], *REAL, *INTEGERS, Type.BOOL)
        return Result((broadcast(rank, condition.shape, left.shape, right.shape),))

    return check


def check_same_shapes(call: Call) -> Result:
    """Two inputs and an output of one shape."""
    left, right = call.take(2)
    call.check_types([left, right], Type.FLOAT32)
    ensure(left.shape == right.shape, "its inputs differ in shape")
    return Result((left.shape,), 16 * left.size)


def broadcast(rank: int, *shapes: Sides) -> Sides:
    """The shape to which shapes are broadcast.

    Args:
        rank: most axes, unless all shapes are equal.
        shapes: the shapes.

    Raises:
        CodecError: there are more axes, or the shapes do not fit together.

    >>> broadcast(4, (2, 3), (1,))
    (2, 3)
    """
    axes = max(map(len, shapes))
    ensure(axes <= (MAX_RANK if len(set(shapes)) == 1 else rank), "it has too many axes")
    padded = [(1,) * (axes - len(shape)) + shape for shape in shapes]
    for sides in zip(*padded, strict=True):
        ensure(len(set(sides) - {1}) <= 1, "the shapes of its inputs do not fit together")
    return tuple(max(sides) for sides in zip(*padded, strict=True))


# Functions of two tensors: lowering


def _table_or(lower: Lower, lower_one_variable: Lower = lower_function) -> Lower:
    """A table if an operator has one variable input, else a rule for tensors."""

    def lower_either(low: Lowering, operator: Operator) -> None:
        if _has_one_variable(low, operator):
            low.check_type(operator.inputs[0])
            lower_one_variable(low, operator)
        elif len(operator.inputs) == 1:
            raise ModelError("it has a constant input")
        else:
            lower(low, operator)

    return lower_either


def _table_of(options: tuple[int, int], results: Callable[[Lowering, Operator], Integers]) -> Lower:
    """A table of results that NumPy computes, so LiteRT need not be loaded.

    Args:
        options: kind and number of fields of the options, whose first field is an activation.
        results: the results before the zero point and the limits of the output.
    """

    def lower(low: Lowering, operator: Operator) -> None:
        output, activation = low.tensor(operator.outputs[0]), operator.options(*options)
        limits = activation_range(output, activation.number(0, "b"))
        values = np.clip(results(low, operator) + zero_of(output), *limits).astype(np.int8)
        _write_table(low, [operator], values)

    return lower


def _operands(low: Lowering, operator: Operator) -> list[Integers]:
    """Inputs without their zero points: all 256 values of the variable, and the constant."""
    return [
        (tensor.values.ravel().astype(np.int64) if tensor.is_constant else _VALUES)
        - zero_of(tensor)
        for tensor in map(low.tensor, operator.inputs)
    ]


def _lower_sum(options: tuple[int, int], *, sign: int = 1) -> Lower:
    """ADD or SUB: the second addend has this sign."""
    shift = _SUM_SHIFTS[Type.INT8]

    def lower(low: Lowering, operator: Operator) -> None:
        factors = _factors_of_sum(low, operator, sign)
        _write_pair(low, operator, Kind.SUM, operator.options(*options).number(0, "b"), factors)

    def results(low: Lowering, operator: Operator) -> Integers:
        factors = _factors_of_sum(low, operator, sign)
        left, right = (values << shift for values in _operands(low, operator))
        total = multiply(left, *factors[:2]) + multiply(right, *factors[2:4])
        return multiply(total, *factors[4:])

    return _table_or(lower, _table_of(options, results))


def _factors_of_sum(low: Lowering, operator: Operator, sign: int) -> list[int]:
    left, right, output = _scales(low, operator)
    twice = 2 * max(left, right)
    multiplier, shift = quantize_multiplier(right / twice)
    return [
        *quantize_multiplier(left / twice),
        *(sign * multiplier, shift),
        *quantize_multiplier(twice / ((1 << _SUM_SHIFTS[Type.INT8]) * output)),
    ]


def _lower_product(low: Lowering, operator: Operator) -> None:
    activation = operator.options(*_MUL).number(0, "b")
    factors = [0, 0, 0, 0, *_factor_of_product(low, operator)]
    _write_pair(low, operator, Kind.PRODUCT, activation, factors)


def _results_of_product(low: Lowering, operator: Operator) -> Integers:
    left, right = _operands(low, operator)
    return multiply(left * right, *_factor_of_product(low, operator))


def _factor_of_product(low: Lowering, operator: Operator) -> tuple[int, int]:
    left, right, output = _scales(low, operator)
    return quantize_multiplier(left * right / output)


def _lower_squared_difference(low: Lowering, operator: Operator) -> None:
    left, right, output = _scales(low, operator)
    twice = 2 * max(left, right)
    factors = [
        *quantize_multiplier(left / twice),
        *quantize_multiplier(right / twice),
        *quantize_multiplier(twice * twice / ((1 << 2 * _SQUARE_SHIFT) * output)),
    ]
    _write_pair(low, operator, Kind.SQUARED_DIFFERENCE, 0, factors)


def _lower_prelu(low: Lowering, operator: Operator) -> None:
    value, slope, output = _scales(low, operator)
    positive, negative = value / output, value * slope / output
    factors = [*quantize_multiplier(positive), 0, 0, *quantize_multiplier(negative)]
    _write_pair(low, operator, Kind.PRELU, 0, factors)


def lower_extreme(kind: Kind) -> Lower:
    """MAXIMUM or MINIMUM, of tensors that have one scale."""

    def lower(low: Lowering, operator: Operator) -> None:
        _write_pair(low, operator, kind, 0, [0] * 6)

    return _table_or(lower)


lower_add = _lower_sum(_ADD)
lower_sub = _lower_sum(_SUB, sign=-1)
lower_product = _table_or(_lower_product, _table_of(_MUL, _results_of_product))
lower_squared_difference = _table_or(_lower_squared_difference)
lower_prelu = _table_or(_lower_prelu)


def _scales(low: Lowering, operator: Operator) -> list[float]:
    """Scales of the inputs and of the output."""
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
        shapes = [low.shape(number) for number in operator.inputs]
        low.write(operator, kind, _broadcast(*shapes), *parameters)


def _broadcast(left: Shape, right: Shape) -> Shape:
    def side(a: Side, b: Side) -> Side:
        return b if a == fixed(1) else a

    channels = max(left.channels, right.channels)
    return Shape(side(left.rows, right.rows), side(left.columns, right.columns), channels)
