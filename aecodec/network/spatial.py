"""Operators on the rows and columns of pictures: blocks, borders, pooling, resizing."""

import math

from aecodec.errors import ModelError
from aecodec.network.convolutions import MAX_STEP, sides_of, sweeps_of, write_windowed
from aecodec.network.lowering import Lower, Lowering, activation_range, shape_of, zero_of
from aecodec.network.plan import Kind, Shape, fixed, four, pair
from aecodec.tflite.call import (
    REAL,
    Call,
    Check,
    Result,
    Value,
    check_activation,
    constant,
    constants,
    ensure,
    output_of,
)
from aecodec.tflite.model import MAX_SIDE, Operator, Type

_BILINEAR, _DEPTH_TO_SPACE, _MIRROR_PAD = (15, 4), (94, 1), (77, 1)
_NEAREST, _POOLING, _SPACE_TO_DEPTH = (74, 2), (5, 6), (19, 1)
"""Option types of the schema, and their numbers of fields."""

_MAX_BLOCK = 1 << 12
_REFLECT = 0


# Checks


def check_depth_to_space(call: Call) -> Result:
    value, side = _checked_blocks(call, _DEPTH_TO_SPACE)
    count, height, width, channels = value.shape
    ensure(channels % side**2 == 0, "its blocks do not fit its channels")
    return output_of((count, height * side, width * side, channels // side**2))


def check_space_to_depth(call: Call) -> Result:
    value, side = _checked_blocks(call, _SPACE_TO_DEPTH)
    count, height, width, channels = value.shape
    ensure(height % side == width % side == 0, "its blocks do not fit its sides")
    return output_of((count, height // side, width // side, channels * side**2))


def _checked_blocks(call: Call, options: tuple[int, int]) -> tuple[Value, int]:
    """The input, and the side of its blocks."""
    (value,) = call.take_movable(1)
    side = call.options(*options).number(0, "i")
    ensure(value.rank == 4 and 1 <= side <= _MAX_BLOCK, "the side of its blocks is out of range")
    return value, side


def check_pad(call: Call) -> Result:
    """Check a border of zeros, or of a constant."""
    values = call.take(len(call.inputs))
    ensure(2 <= len(values) <= 3, "it has another number of inputs")
    call.check_types([values[0], *values[2:]], *REAL)
    ensure(all(value.size == 1 for value in values[2:]), "its border has several values")
    return output_of(tuple(map(sum, _borders(values[0], values[1]))))


def check_mirror_pad(call: Call) -> Result:
    value, paddings = call.take_movable(2)
    mode = call.options(*_MIRROR_PAD).number(0, "b")
    borders = _borders(value, paddings)
    ensure(mode in (0, 1), "its way of mirroring is unknown")
    fits = all(max(before, after) <= side - 1 + mode for side, before, after in borders)
    ensure(fits, "its border is wider than its input")
    return output_of(tuple(map(sum, borders)))


def _borders(value: Value, paddings: Value) -> list[tuple[int, int, int]]:
    """Each side with the widths of the borders before and after it."""
    widths = constant(paddings, 2)
    ensure(widths.shape == (value.rank, 2) and value.rank <= 4, "its border has other axes")
    ensure(widths.min() >= 0 and widths.max() <= MAX_SIDE, "its border's width is out of range")
    sides = zip(value.shape, widths.tolist(), strict=True)
    return [(side, before, after) for side, (before, after) in sides]


def check_pooling(call: Call) -> Result:
    """Check the mean or maximum of windows."""
    (value,) = call.take(1)
    options = call.options(*_POOLING)
    call.check_types([value], Type.FLOAT32, Type.INT8, Type.INT16)
    check_activation(options, 5)
    ensure(value.rank == 4, "its input is not a picture")
    window = (options.number(4, "i"), options.number(3, "i"))
    ensure(all(1 <= side <= MAX_STEP for side in window), "the size of its window is out of range")
    shape = (*sides_of(value, window, options), value.shape[3])
    return Result((shape,), math.prod(shape) * math.prod(window))


def _check_resize(options: tuple[int, int]) -> Check:
    """Make a check for resized pictures; the last two fields of the options position the pixels."""
    kind, fields = options

    def check(call: Call) -> Result:
        value, size = call.take(2)
        call.check_types([value], *REAL)
        table = call.options(kind, fields)
        is_contradictory = table.number(fields - 2, "?") and table.number(fields - 1, "?")
        ensure(not is_contradictory, "it aligns corners and centres at once")
        sides = constants(size)
        ensure(value.rank == 4 and len(sides) == 2, "its input is not a picture")
        shape = (value.shape[0], *sides, value.shape[3])
        return output_of(shape, 16 * math.prod(map(abs, shape)))

    return check


check_bilinear = _check_resize(_BILINEAR)
check_nearest = _check_resize(_NEAREST)


# Lowering


def lower_depth_to_space(low: Lowering, operator: Operator) -> None:
    side, shape = operator.options(*_DEPTH_TO_SPACE).number(0, "i"), low.shape(operator.inputs[0])
    rows, columns = shape.rows.multiplied(side), shape.columns.multiplied(side)
    wide = Shape(rows, columns, shape.channels // side**2)
    low.write(operator, Kind.DEPTH_TO_SPACE, wide, side)


def lower_space_to_depth(low: Lowering, operator: Operator) -> None:
    side, shape = operator.options(*_SPACE_TO_DEPTH).number(0, "i"), low.shape(operator.inputs[0])
    rows, columns = shape.rows.divided(side), shape.columns.divided(side)
    deep = Shape(rows, columns, shape.channels * side**2)
    low.write(operator, Kind.SPACE_TO_DEPTH, deep, side)


def lower_pad(low: Lowering, operator: Operator) -> None:
    filling = zero_of(low.tensor(operator.outputs[0]))
    if len(operator.inputs) > 2:
        filling = int(low.tensor(operator.inputs[2]).values.ravel()[0])
    _write_border(low, operator, Kind.WINDOW, four(filling))


def lower_mirror_pad(low: Lowering, operator: Operator) -> None:
    mode = operator.options(*_MIRROR_PAD).number(0, "b")
    _write_border(low, operator, Kind.MIRROR, int(mode == _REFLECT))


def _write_border(low: Lowering, operator: Operator, kind: Kind, filling: int) -> None:
    """Add a border that is filled with `filling`, or mirrors the picture as this number says."""
    value, shape = low.tensor(operator.inputs[0]), low.shape(operator.inputs[0])
    borders = low.tensor(operator.inputs[1]).values.tolist()
    borders = [(0, 0)] * (4 - len(borders)) + borders
    if len(value.shape) > 4 or any(borders[0]) or any(borders[3]):
        raise ModelError("it has a border of channels or pictures")
    down, across = borders[1:3]
    padded = Shape(shape.rows.plus(sum(down)), shape.columns.plus(sum(across)), shape.channels)
    inputs = [low.read(operator.inputs[0])]
    low.write_from(inputs, operator, kind, padded, -down[0], -across[0], filling)


def lower_pooling(kind: Kind) -> Lower:
    """Make a lowering for MAX_POOL_2D or AVERAGE_POOL_2D."""

    def lower(low: Lowering, operator: Operator) -> None:
        options, shape = operator.options(*_POOLING), low.shape(operator.inputs[0])
        sweeps = sweeps_of(options, (options.number(4, "i"), options.number(3, "i")))
        limits = activation_range(low.tensor(operator.outputs[0]), options.number(5, "b"))
        write_windowed(low, operator, kind, sweeps, shape.channels, four(*limits))

    return lower


def lower_nearest(low: Lowering, operator: Operator) -> None:
    """Lower RESIZE_NEAREST_NEIGHBOR with whole factors."""
    shape = low.shape(operator.inputs[0])
    sides, targets = shape.of(*low.size)[:2], shape_of(low.tensor(operator.outputs[0]))[:2]
    down, across = (target // side for side, target in zip(sides, targets, strict=True))
    is_whole = (down * sides[0], across * sides[1]) == targets
    if not is_whole or operator.options(*_NEAREST).number(0, "?"):
        raise ModelError("its output is not a multiple of its input")
    result = Shape(shape.rows.multiplied(down), shape.columns.multiplied(across), shape.channels)
    inputs = [low.read(operator.inputs[0])]
    low.write_from(inputs, operator, Kind.NEAREST, result, pair(down, across))


def lower_bilinear(low: Lowering, operator: Operator) -> None:
    """Lower RESIZE_BILINEAR; with whole factors if the network accepts any size."""
    options, shape = operator.options(*_BILINEAR), low.shape(operator.inputs[0])
    targets, sides = shape_of(low.tensor(operator.outputs[0]))[:2], []
    for side, length, target in zip(shape.sides, low.size, targets, strict=True):
        factor = target // side.of(length)
        sides.append(fixed(target) if side.is_fixed else side.multiplied(factor))
    flags = int(options.number(2, "?") + 2 * options.number(3, "?"))
    inputs, result = [low.read(operator.inputs[0])], Shape(sides[0], sides[1], shape.channels)
    low.write_from(inputs, operator, Kind.BILINEAR, result, flags)
