"""Operators that move elements or reduce axes: their shapes and constants."""

from __future__ import annotations

import math

import numpy as np

from aecodec.tflite.call import (
    INTEGERS,
    REAL,
    Call,
    Result,
    Rule,
    Value,
    check_activation,
    constant,
    constants,
    ensure,
    normalized_axes,
    normalized_axis,
    scalar,
)
from aecodec.tflite.model import MAX_RANK, MAX_SIDE, Shape, Type

_ANY_TYPE = (*REAL, *INTEGERS, Type.BOOL)
_MAX_DEPTH = 1 << 12


def _given(shape: Shape, work: int = 0) -> Result:
    ensure(len(shape) <= MAX_RANK, "its output has too many axes")
    ensure(all(1 <= side <= MAX_SIDE for side in shape), "its output is empty or too large")
    return Result((shape,), work)


def _value_and(call: Call, count: int) -> list[Value]:
    """The input that is moved, and the constants that say how."""
    values = call.take(count)
    call.check_types(values[:1], *_ANY_TYPE)
    return values


def reshape(call: Call) -> Result:
    """Another shape for the same elements, given by a constant or by options."""
    value = _value_and(call, len(call.inputs))[0]
    if len(call.inputs) == 1:
        wanted = call.options(17, 1).vector(0, np.int32, MAX_RANK).tolist()
    else:
        ensure(len(call.inputs) == 2, "it has another number of inputs")
        wanted = constants(call.take(2)[1])
    ensure(wanted.count(-1) <= 1 and all(side >= -1 for side in wanted), "its shape is no shape")
    known = math.prod(side for side in wanted if side != -1)
    ensure(known >= 1, "its output is empty")
    shape = tuple(value.size // known if side == -1 else side for side in wanted)
    ensure(math.prod(shape) == value.size, "its output has another size than its input")
    return _given(shape)


def transpose(call: Call) -> Result:
    """The axes in another order."""
    value, order = _value_and(call, 2)
    axes = normalized_axes(constants(order), value.rank)
    ensure(len(axes) == value.rank, "it leaves out an axis")
    return _given(tuple(value.shape[axis] for axis in axes), value.size)


def concatenation(call: Call) -> Result:
    """Inputs along an axis."""
    values = call.take(len(call.inputs))
    call.check_types(values, *_ANY_TYPE)
    options = call.options(10, 2)
    check_activation(options, 1)
    axis = normalized_axis(options.number(0, "i"), values[0].rank)
    others = {(*each.shape[:axis], 0, *each.shape[axis + 1 :]) for each in values}
    ensure(len(others) == 1, "its inputs differ in shape")
    shape = list(values[0].shape)
    shape[axis] = sum(each.shape[axis] for each in values)
    return _given(tuple(shape))


def pack(call: Call) -> Result:
    """Inputs of one shape along a new axis."""
    values = call.take(len(call.inputs))
    call.check_types(values, *_ANY_TYPE)
    options = call.options(59, 2)
    ensure(options.number(0, "i") == len(values), "it has another number of inputs")
    ensure(len({each.shape for each in values}) == 1, "its inputs differ in shape")
    shape = list(values[0].shape)
    shape.insert(normalized_axis(options.number(1, "i"), len(shape) + 1), len(values))
    return _given(tuple(shape))


def unpack(call: Call) -> Result:
    """The slices along an axis."""
    (value,) = call.take(1, outputs=len(call.outputs))
    call.check_types([value], *_ANY_TYPE)
    options = call.options(64, 2)
    axis = normalized_axis(options.number(1, "i"), value.rank)
    count = value.shape[axis]
    ensure(options.number(0, "i") == len(call.outputs) == count, "it has other outputs")
    return Result(((*value.shape[:axis], *value.shape[axis + 1 :]),) * count)


def split(call: Call) -> Result:
    """Equal parts along an axis."""
    axis, value = call.take(2, outputs=len(call.outputs))
    call.check_types([value], *_ANY_TYPE)
    count, along = call.options(35, 1).number(0, "i"), normalized_axis(scalar(axis), value.rank)
    ensure(count == len(call.outputs) >= 1, "it has other outputs")
    ensure(value.shape[along] % count == 0, "its parts differ in size")
    return Result((_with_side(value.shape, along, value.shape[along] // count),) * count)


def split_by_sizes(call: Call) -> Result:
    """Parts of given sizes along an axis."""
    value, sizes, axis = call.take(3, outputs=len(call.outputs))
    call.check_types([value], *_ANY_TYPE)
    wanted, along = constants(sizes), normalized_axis(scalar(axis), value.rank)
    fits = call.options(79, 1).number(0, "i") == len(wanted) == len(call.outputs)
    ensure(fits and min(wanted) >= 1, "it has other outputs")
    ensure(sum(wanted) == value.shape[along], "its parts are not all of its input")
    return Result(tuple(_with_side(value.shape, along, side) for side in wanted))


def _with_side(shape: Shape, axis: int, side: int) -> Shape:
    return (*shape[:axis], side, *shape[axis + 1 :])


def slice_(call: Call) -> Result:
    """A box within the input."""
    value, begin, size = _value_and(call, 3)
    starts, counts = constants(begin), constants(size)
    ensure(len(starts) == len(counts) == value.rank <= 5, "it has another number of axes")
    shape = []
    for side, start, count in zip(value.shape, starts, counts, strict=True):
        kept = side - start if count == -1 else count
        ensure(0 <= start < start + kept <= side, "it lies outside of its input")
        shape.append(kept)
    return _given(tuple(shape))


def strided_slice(call: Call) -> Result:
    """Elements of a box within the input, at equal steps."""
    value, begin, end, stride = _value_and(call, 4)
    options = call.options(32, 6)
    masks = [options.number(field, "i") for field in range(5)]
    ensure(masks[2] == masks[3] == 0 and not options.number(5, "?"), "it has axes of its own")
    columns = [constants(each) for each in (begin, end, stride)]
    ensure({len(each) for each in columns} == {value.rank} and value.rank <= 5, "it has other axes")
    shape: list[int] = []
    for axis, (start, stop, step) in enumerate(zip(*columns, strict=True)):
        side, bit = value.shape[axis], 1 << axis
        ensure(step != 0, "it has no steps")
        if masks[4] & bit:
            ensure(-side <= start < side and step == 1, "it lies outside of its input")
            continue
        ends = (None if masks[0] & bit else start, None if masks[1] & bit else stop)
        shape.append(len(range(side)[slice(*ends, step)]))
    return _given(tuple(shape))


def pad(call: Call) -> Result:
    """A border of zeros, or of a constant."""
    values = call.take(len(call.inputs))
    ensure(2 <= len(values) <= 3, "it has another number of inputs")
    call.check_types([values[0], *values[2:]], *REAL)
    ensure(all(each.size == 1 for each in values[2:]), "its border has several values")
    return _given(tuple(side + before + after for side, before, after in _borders(*values[:2])))


def mirror_pad(call: Call) -> Result:
    """A border that mirrors what is inside."""
    value, paddings = _value_and(call, 2)
    mode = call.options(77, 1).number(0, "b")
    borders = _borders(value, paddings)
    ensure(mode in (0, 1), "it mirrors in no known way")
    fits = all(max(before, after) <= side - 1 + mode for side, before, after in borders)
    ensure(fits, "its border is wider than its input")
    return _given(tuple(side + before + after for side, before, after in borders))


def _borders(value: Value, paddings: Value) -> list[tuple[int, int, int]]:
    found = constant(paddings, 2)
    ensure(found.shape == (value.rank, 2) and value.rank <= 4, "its border has other axes")
    ensure(found.min() >= 0 and found.max() <= MAX_SIDE, "its border has no width")
    sides = zip(value.shape, found.tolist(), strict=True)
    return [(side, before, after) for side, (before, after) in sides]


def tile(call: Call) -> Result:
    """The input, repeated along each axis."""
    value, multiples = _value_and(call, 2)
    counts = constants(multiples)
    ensure(len(counts) == value.rank and min(counts, default=1) >= 1, "it repeats other axes")
    return _given(tuple(side * count for side, count in zip(value.shape, counts, strict=True)))


def broadcast_to(call: Call) -> Result:
    """The input, repeated to a constant shape."""
    value, wanted = _value_and(call, 2)
    shape = tuple(constants(wanted))
    given = (1,) * (len(shape) - value.rank) + value.shape
    fits = len(given) == len(shape) and all(
        side in (1, other) for side, other in zip(given, shape, strict=True)
    )
    ensure(fits, "its input does not fit its shape")
    return _given(shape)


def gather(call: Call) -> Result:
    """Slices of the input by their numbers; a runtime checks numbers that are not constant."""
    value, numbers = call.take(2)
    call.check_types([value], *_ANY_TYPE)
    options = call.options(23, 2)
    ensure(options.number(1, "i") == 0 and numbers.type in INTEGERS, "it has batches")
    axis = normalized_axis(options.number(0, "i"), value.rank)
    if numbers.tensor.is_constant:
        found = constant(numbers, numbers.rank)
        ensure(found.min() >= 0 and found.max() < value.shape[axis], "it lies outside of its input")
    return _given((*value.shape[:axis], *numbers.shape, *value.shape[axis + 1 :]))


def depth_to_space(call: Call) -> Result:
    """Channels to rows and columns."""
    value, side = _blocks(call, 94)
    count, height, width, channels = value.shape
    ensure(channels % side**2 == 0, "its blocks do not fit its channels")
    return _given((count, height * side, width * side, channels // side**2))


def space_to_depth(call: Call) -> Result:
    """Rows and columns to channels."""
    value, side = _blocks(call, 19)
    count, height, width, channels = value.shape
    ensure(height % side == width % side == 0, "its blocks do not fit its sides")
    return _given((count, height // side, width // side, channels * side**2))


def _blocks(call: Call, kind: int) -> tuple[Value, int]:
    (value,) = _value_and(call, 1)
    side = call.options(kind, 1).number(0, "i")
    ensure(value.rank == 4 and 1 <= side <= _MAX_DEPTH, "its blocks have no size")
    return value, side


def resize(kind: int, first: int) -> Rule:
    """Pictures of another size.

    Args:
        kind: kind of its options.
        first: number of the first of the two fields that say which pixels lie where.
    """

    def rule(call: Call) -> Result:
        value, size = call.take(2)
        call.check_types([value], *REAL)
        options = call.options(kind, first + 2)
        is_contradictory = options.number(first, "?") and options.number(first + 1, "?")
        ensure(not is_contradictory, "it aligns corners and centres at once")
        sides = constants(size)
        ensure(value.rank == 4 and len(sides) == 2, "its input is no picture")
        shape = (value.shape[0], *sides, value.shape[3])
        return _given(shape, 16 * math.prod(map(abs, shape)))

    return rule


def reduction(call: Call) -> Result:
    """A sum, mean or extreme over some axes."""
    value, axes = _value_and(call, 2)
    keeps = call.options(27, 1).number(0, "?")
    ensure(axes.rank <= 1, "its axes are no list")
    gone = normalized_axes(constants(axes, axes.rank), value.rank)
    kept = [(axis, side) for axis, side in enumerate(value.shape) if keeps or axis not in gone]
    return _given(tuple(1 if axis in gone else side for axis, side in kept), 4 * value.size)


def along_axis(call: Call) -> Result:
    """An output of the input's shape, whose elements are reversed or summed along axes."""
    value, axes = _value_and(call, 2)
    ensure(axes.rank <= 1, "its axes are no list")
    normalized_axes(constants(axes, axes.rank), value.rank)
    return _given(value.shape, value.size)


def running_sum(call: Call) -> Result:
    """Running sums along one axis."""
    call.options(102, 2)
    scalar(call.take(2)[1])
    return along_axis(call)


def arg_extreme(kind: int) -> Rule:
    """The place of the least or the largest element along an axis."""

    def rule(call: Call) -> Result:
        value, axis = call.take(2)
        stated = call.options(kind, 1).number(0, "b")
        fits = value.type in REAL and call.output.type in INTEGERS and call.output.type == stated
        ensure(fits, "its output is of another type")
        gone = normalized_axis(scalar(axis), value.rank)
        return _given((*value.shape[:gone], *value.shape[gone + 1 :]), value.size)

    return rule


def top_k(call: Call) -> Result:
    """The largest elements along the last axis, and their places."""
    value, count = call.take(2, outputs=2)
    types = [each.type for each in call.outputs]
    ensure(value.type in REAL and types == [value.type, Type.INT32], "it has other types")
    ensure(value.rank >= 1 and 1 <= scalar(count) <= value.shape[-1], "it takes too many")
    return Result(((*value.shape[:-1], scalar(count)),) * 2, 64 * value.size)


def one_hot(call: Call) -> Result:
    """A vector for each number, with one element that differs from the others."""
    numbers, depth, one, other = call.take(4)
    ensure(numbers.type in INTEGERS and one.size == other.size == 1, "it has other inputs")
    call.check_types([one, other], *_ANY_TYPE)
    axis = call.options(61, 1).number(0, "i")
    ensure(-1 <= axis <= numbers.rank, "an axis does not exist")
    shape = list(numbers.shape)
    shape.insert(len(shape) if axis == -1 else axis, scalar(depth))
    return _given(tuple(shape))
