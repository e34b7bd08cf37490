"""Operators that reduce axes to a sum, a mean, an extreme, or its place."""

import math

from aecodec.network.lowering import Lower, Lowering
from aecodec.network.movement import moved
from aecodec.network.plan import Kind, Shape, fixed, four
from aecodec.tflite.arithmetic import quantize_multiplier, zero_of
from aecodec.tflite.call import (
    INTEGERS,
    REAL,
    Call,
    Check,
    Result,
    constants,
    ensure,
    normalized_axes,
    normalized_axis,
    output_of,
    scalar,
)
from aecodec.tflite.model import Operator, Type

MEAN, MAXIMUM, MINIMUM, SUM = range(4)

_ROWS_AND_COLUMNS, _CHANNELS = 0, 1


def check_reduction(call: Call) -> Result:
    """A sum, mean or extreme over some axes."""
    value, axes = call.take_movable(2)
    keeps_axes = call.options(27, 1).number(0, "?")
    ensure(axes.rank <= 1, "its axes are not a list")
    reduced = normalized_axes(constants(axes, axes.rank), value.rank)
    sides = [
        1 if axis in reduced else side
        for axis, side in enumerate(value.shape)
        if keeps_axes or axis not in reduced
    ]
    return output_of(tuple(sides), 4 * value.size)


def check_arg_extreme(options: int) -> Check:
    """The place of the least or the largest element along an axis; `options` is their kind."""

    def check(call: Call) -> Result:
        value, axis = call.take(2)
        stated = call.options(options, 1).number(0, "b")
        fits = value.type in REAL and call.output.type in INTEGERS and call.output.type == stated
        ensure(fits, "its output is of another type")
        reduced = normalized_axis(scalar(axis), value.rank)
        return output_of((*value.shape[:reduced], *value.shape[reduced + 1 :]), value.size)

    return check


def check_top_k(call: Call) -> Result:
    """The largest elements along the last axis, and their places."""
    value, count = call.take(2, outputs=2)
    types = [output.type for output in call.outputs]
    ensure(value.type in REAL and types == [value.type, Type.INT32], "it has other types")
    ensure(value.rank >= 1 and 1 <= scalar(count) <= value.shape[-1], "it takes too many")
    return Result(((*value.shape[:-1], scalar(count)),) * 2, 64 * value.size)


def check_reversal(call: Call) -> Result:
    """An output of the input's shape, whose elements are reversed or summed along axes."""
    value, axes = call.take_movable(2)
    ensure(axes.rank <= 1, "its axes are not a list")
    normalized_axes(constants(axes, axes.rank), value.rank)
    return output_of(value.shape, value.size)


def check_running_sum(call: Call) -> Result:
    """Running sums along one axis."""
    call.options(102, 2)
    scalar(call.take(2)[1])
    return check_reversal(call)


def lower_reduction(to: int) -> Lower:
    """MEAN, REDUCE_MAX, REDUCE_MIN or SUM, as a number such as :data:`MEAN` says."""

    def lower(low: Lowering, operator: Operator) -> None:
        value, output = low.tensor(operator.inputs[0]), low.tensor(operator.outputs[0])
        axes = low.tensor(operator.inputs[1]).values.ravel().tolist()
        reduced = sorted(normalized_axes([int(axis) for axis in axes], len(value.shape)))
        reduced = [axis for axis in reduced if value.shape[axis] > 1]
        zeros = four(zero_of(value), zero_of(output))
        factor = value.quantization.scale / output.quantization.scale
        _reduce(low, operator, reduced, to, zeros, *quantize_multiplier(factor))

    return lower


def _reduce(low: Lowering, operator: Operator, reduced: list[int], *parameters: int) -> None:
    sides, number = low.tensor(operator.inputs[0]).shape, low.read(operator.inputs[0])
    shape, rank = low.plan.tensors[number].shape, len(sides)
    if rank == 4 and reduced == [axis for axis in (1, 2) if sides[axis] > 1]:
        result, axes = Shape(fixed(1), fixed(1), shape.channels), _ROWS_AND_COLUMNS
    elif reduced == [rank - 1] and shape.channels == sides[-1]:
        result, axes = shape._replace(channels=1), _CHANNELS
    else:
        number, count = _as_channels(low, number, sides, reduced)
        result, axes = Shape(fixed(1), fixed(count), 1), _CHANNELS
    low.write_as([number], operator, Kind.REDUCTION, result, axes, *parameters)


def _as_channels(
    low: Lowering, number: int, sides: tuple[int, ...], reduced: list[int]
) -> tuple[int, int]:
    """A tensor of the plan with the reduced axes as its channels, and its number of columns."""
    kept = [axis for axis in range(len(sides)) if axis not in reduced]
    made = moved(low, number, sides, [*kept, *reduced])
    count, channels = (math.prod(sides[axis] for axis in axes) for axes in (kept, reduced))
    low.plan.tensors[made].shape = Shape(fixed(1), fixed(count), channels)
    return made, count
