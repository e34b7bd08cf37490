"""Elementwise operators: their shapes, types and quantization."""

from __future__ import annotations

import math
from collections.abc import Callable

from aecodec.tflite.call import (
    INTEGERS,
    QUANTIZED,
    REAL,
    Call,
    Result,
    Rule,
    Value,
    check_activation,
    ensure,
)
from aecodec.tflite.model import MAX_RANK, Shape, Type

_BROADCAST_RANK = 4
"""Most axes that all kernels broadcast over; those of `_BROADCAST_WIDELY` do over one more."""

_SUM_SHIFT = {Type.INT8: 20, Type.INT16: 15}
_SQUARE_SHIFT = 14
_SOFTMAX_SHIFT = 26


def unary(call: Call) -> Result:
    """One real input, and an output like it."""
    (value,) = call.take(1)
    call.check_types([value], *REAL)
    return Result((value.shape,), 16 * value.size)


def unary_with_options(kind: int, fields: int) -> Rule:
    """As :func:`unary`, for operators that do not work without their options.

    Args:
        kind: kind of the options, as the schema numbers them.
        fields: number of their fields.
    """

    def rule(call: Call) -> Result:
        call.options(kind, fields)
        return unary(call)

    return rule


def leaky_relu(call: Call) -> Result:
    """As :func:`unary`, with a slope."""
    ensure(math.isfinite(call.options(75, 1).number(0, "f")), "its slope is no number")
    return unary(call)


def softmax(call: Call) -> Result:
    """Softmax over the last axis."""
    beta = call.options(9, 1).number(0, "f")
    ensure(0 < beta < 1e6, "its factor is no number")
    return _softmax(call, beta)


def log_softmax(call: Call) -> Result:
    """Logarithm of the softmax over the last axis."""
    return _softmax(call, 1.0)


def _softmax(call: Call, beta: float) -> Result:
    result, value = unary(call), call.take(1)[0]
    ensure(1 <= value.rank <= 4, "it has other axes than softmax takes")
    if value.type in QUANTIZED:
        ensure(beta * value.scale * 2**_SOFTMAX_SHIFT > 1, "its scale is too fine")
    return result


def convert(taken: tuple[Type, ...], given: tuple[Type, ...]) -> Rule:
    """One input, and an output of the same shape and another type.

    Args:
        taken: types that the input may have.
        given: types that the output may have.
    """

    def rule(call: Call) -> Result:
        (value,) = call.take(1)
        ensure(value.type in taken and call.output.type in given, "it converts other types")
        return Result((value.shape,), 4 * value.size)

    return rule


def binary(
    *types: Type,
    kind: int = 0,
    most: int = _BROADCAST_RANK,
    guard: Callable[[Value, Value, float], None] | None = None,
) -> Rule:
    """Two inputs of one type, broadcast to each other, and an output of that type.

    Args:
        types: the types that it takes.
        kind: kind of its options, whose first field is an activation; 0 for none.
        most: most axes over which it broadcasts.
        guard: checks the scales of quantized inputs and of the output.
    """

    def rule(call: Call) -> Result:
        one, other = call.take(2)
        call.check_types([one, other], *types)
        if kind:
            check_activation(call.options(kind, 2), 0)
        if guard and one.type in QUANTIZED:
            guard(one, other, call.output.quantization.scale)
        shape = broadcast(most, one.shape, other.shape)
        return Result((shape,), 16 * math.prod(shape))

    return rule


def check_sum(one: Value, other: Value, scale: float) -> None:
    """Check scales of a sum: kernels end the process if the output's is much finer."""
    factor = 2 * max(one.scale, other.scale) / (2 ** _SUM_SHIFT[one.type] * scale)
    ensure(factor < _BELOW_ONE, "its scales are too far apart")


def check_squared_difference(one: Value, other: Value, scale: float) -> None:
    """Check scales of a squared difference, as :func:`check_sum` does."""
    factor = (2 * max(one.scale, other.scale)) ** 2 / (2**_SQUARE_SHIFT * scale)
    ensure(factor < _BELOW_ONE, "its scales are too far apart")


_BELOW_ONE = 1 - 2**-30
"""Factors are rounded to 31 bits; one that would be rounded to 1 is too large already."""


def compare(call: Call) -> Result:
    """Two inputs of one type, broadcast to each other, and an output of truth values."""
    one, other = call.take(2)
    ensure(one.type == other.type and one.type in (*REAL, *INTEGERS), "it compares other types")
    ensure(call.output.type == Type.BOOL, "its output is of another type")
    if one.type in QUANTIZED:
        ensure(max(one.scale, other.scale) < _BELOW_ONE, "its scales are too coarse")
    shape = broadcast(_BROADCAST_RANK, one.shape, other.shape)
    return Result((shape,), 16 * math.prod(shape))


def logical(call: Call) -> Result:
    """Truth values of one shape to truth values."""
    values = call.take(len(call.inputs))
    call.check_types(values, Type.BOOL)
    ensure(1 <= len(values) <= 2, "it has another number of inputs")
    return Result((broadcast(_BROADCAST_RANK, *(value.shape for value in values)),))


def select(most: int) -> Rule:
    """A choice between two inputs of one type, element by element.

    Args:
        most: most axes over which it broadcasts.
    """

    def rule(call: Call) -> Result:
        condition, one, other = call.take(3)
        ensure(condition.type == Type.BOOL, "its condition is of another type")
        call.check_types([one, other], *REAL, *INTEGERS, Type.BOOL)
        return Result((broadcast(most, condition.shape, one.shape, other.shape),))

    return rule


def prelu(call: Call) -> Result:
    """As :func:`unary`, with a slope for each element or channel."""
    value, slope = call.take(2)
    call.check_types([value, slope], *REAL)
    shape = broadcast(_BROADCAST_RANK, value.shape, slope.shape)
    ensure(shape == value.shape, "its slopes do not fit its input")
    return Result((shape,))


def same_shapes(call: Call) -> Result:
    """Two inputs of one shape, which is the output's too."""
    one, other = call.take(2)
    call.check_types([one, other], Type.FLOAT32)
    ensure(one.shape == other.shape, "its inputs differ in shape")
    return Result((one.shape,), 16 * one.size)


def broadcast(most: int, *shapes: Shape) -> Shape:
    """The shape to which shapes are broadcast.

    Args:
        most: most axes, unless all shapes are equal.
        shapes: the shapes.

    Raises:
        CodecError: there are more axes, or the shapes do not fit together.

    >>> broadcast(4, (2, 3), (1,))
    (2, 3)
    """
    rank = max(map(len, shapes))
    ensure(rank <= (MAX_RANK if len(set(shapes)) == 1 else most), "it has too many axes")
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    for sides in zip(*padded, strict=True):
        ensure(len(set(sides) - {1}) <= 1, "the shapes of its inputs do not fit together")
    return tuple(max(sides) for sides in zip(*padded, strict=True))
