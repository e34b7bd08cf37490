"""Operators that move elements, as operators of a plan."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from aecodec.errors import ModelError
from aecodec.network.arithmetic import zero_of
from aecodec.network.lowering import Lowering, flat, shape_of
from aecodec.network.plan import MOST_INPUTS, Kind, Shape, four
from aecodec.network.side import fixed
from aecodec.tflite.model import Operator, Type

_AXES = 6

_REFLECT = 0


def reshape(low: Lowering, operator: Operator) -> None:
    """RESHAPE; the sides of its output are fixed, unless it keeps the shape."""
    rows, columns, channels = shape_of(low.tensor(operator.outputs[0]))
    given = low.read(operator.inputs[0])
    shape = low.plan.tensors[given].shape
    if shape.of(*low.size) != (rows, columns, channels):
        if low.plan.size == (0, 0):
            raise ModelError("it gives pictures of any size a fixed shape")
        shape = Shape(fixed(rows), fixed(columns), channels)
    low.write_from([given], operator, Kind.COPY, shape)


def depth_to_space(low: Lowering, operator: Operator) -> None:
    """DEPTH_TO_SPACE."""
    side, shape = _block(operator, 94), low.shape(operator.inputs[0])
    rows, columns = (each.multiplied(side) for each in shape.sides)
    wide = Shape(rows, columns, shape.channels // side**2)
    low.write(operator, Kind.DEPTH_TO_SPACE, wide, side)


def space_to_depth(low: Lowering, operator: Operator) -> None:
    """SPACE_TO_DEPTH."""
    side, shape = _block(operator, 19), low.shape(operator.inputs[0])
    rows, columns = (each.divided(side) for each in shape.sides)
    deep = Shape(rows, columns, shape.channels * side**2)
    low.write(operator, Kind.SPACE_TO_DEPTH, deep, side)


def _block(operator: Operator, kind: int) -> int:
    options = operator.options(kind, 1)
    assert options
    return int(options.number(0, "i"))


def concatenation(low: Lowering, operator: Operator) -> None:
    """CONCATENATION; more inputs than an operator of a plan has are joined step by step."""
    options = operator.options(10, 2)
    assert options
    axis = _axis(low, operator, options.number(0, "i"))
    _concatenate(low, operator, [low.read(number) for number in operator.inputs], axis)


def _concatenate(low: Lowering, operator: Operator, numbers: list[int], axis: int) -> None:
    while len(numbers) > MOST_INPUTS:
        first, numbers = numbers[:MOST_INPUTS], numbers[MOST_INPUTS:]
        joined = low.step(first, Kind.CONCATENATION, _joined(low, first, axis), axis)
        numbers.insert(0, joined)
    low.write_as(numbers, operator, Kind.CONCATENATION, _joined(low, numbers, axis), axis)


def _axis(low: Lowering, operator: Operator, axis: int) -> int:
    """An axis of the model's tensor as one of rows, columns and channels."""
    rank = len(low.tensor(operator.outputs[0]).shape)
    found = axis % rank + 3 - rank
    if found < 0:
        raise ModelError("it joins pictures")
    return found


def _joined(low: Lowering, numbers: list[int], axis: int) -> Shape:
    shapes = [low.plan.tensors[number].shape for number in numbers]
    if axis == 2:
        return shapes[0]._replace(channels=sum(shape.channels for shape in shapes))
    sides = [shape.sides[axis] for shape in shapes]
    whole = sides[0]
    for side in sides[1:]:
        if not (whole.is_fixed and side.is_fixed):
            raise ModelError("it joins pictures of any size along their sides")
        whole = whole.plus(side.more)
    return shapes[0]._replace(rows=whole) if axis == 0 else shapes[0]._replace(columns=whole)


def transpose(low: Lowering, operator: Operator) -> None:
    """TRANSPOSE."""
    value = low.tensor(operator.inputs[0])
    order = [int(axis) for axis in low.tensor(operator.inputs[1]).values]
    steps = steps_of(value.shape)
    sides = [value.shape[axis] for axis in order]
    _move(low, operator, sides, [steps[axis] for axis in order], 0)


def tile(low: Lowering, operator: Operator) -> None:
    """TILE: each axis becomes two, along the first of which nothing moves."""
    value = low.tensor(operator.inputs[0])
    times = low.tensor(operator.inputs[1]).values.ravel().tolist()
    sides, steps = [], []
    for side, step, count in zip(value.shape, steps_of(value.shape), times, strict=True):
        sides += [int(count), side]
        steps += [0, step]
    _move(low, operator, sides, steps, 0)


def strided_slice(low: Lowering, operator: Operator) -> None:
    """STRIDED_SLICE."""
    options = operator.options(32, 6)
    assert options
    value = low.tensor(operator.inputs[0])
    columns = [low.tensor(number).values.ravel().tolist() for number in operator.inputs[1:]]
    begin, end, shrink = (options.number(field, "i") for field in (0, 1, 4))
    sides, steps, first = [], [], 0
    for axis, (start, stop, step) in enumerate(zip(*columns, strict=True)):
        side, bit, own = value.shape[axis], 1 << axis, steps_of(value.shape)[axis]
        taken = range(side)[
            slice(None if begin & bit else start, None if end & bit else stop, step)
        ]
        if shrink & bit:
            taken = range(start % side, start % side + 1)
        sides.append(len(taken))
        steps.append(own * taken.step)
        first += own * taken.start
    _move(low, operator, sides, steps, first)


def slice_(low: Lowering, operator: Operator) -> None:
    """SLICE."""
    value = low.tensor(operator.inputs[0])
    steps = steps_of(value.shape)
    starts = low.tensor(operator.inputs[1]).values.ravel().tolist()
    sides = [*low.tensor(operator.outputs[0]).shape]
    _move(low, operator, sides, steps, sum(map(int.__mul__, starts, steps)))


def split(low: Lowering, operator: Operator) -> None:
    """SPLIT or SPLIT_V: the parts one after the other."""
    first = 0
    value = next(each for each in map(low.tensor, operator.inputs) if each.type is Type.INT8)
    steps = steps_of(value.shape)
    given = next(each for each in operator.inputs if low.tensor(each).type is Type.INT8)
    for output in operator.outputs:
        sides = low.tensor(output).shape
        part = operator._replace(inputs=[given], outputs=[output])
        _move(low, part, [*sides], steps, first)
        axis = next((n for n, side in enumerate(sides) if side != value.shape[n]), 0)
        first += sides[axis] * steps[axis]


def gather(low: Lowering, operator: Operator) -> None:
    """GATHER of constant places: places at equal steps are moved together, and the parts joined."""
    options = operator.options(23, 2)
    assert options
    value, places = (low.tensor(number) for number in operator.inputs)
    if not places.is_constant:
        raise ModelError("it looks up what is not known at export")
    axis = options.number(0, "i") % len(value.shape)
    side, inner = value.shape[axis], math.prod(value.shape[axis + 1 :])
    outer, parts = math.prod(value.shape[:axis]), []
    for first, step, count in _runs(places.values.ravel().tolist()):
        steps = [side * inner, step * inner, 1]
        shape = Shape(fixed(outer), fixed(count), inner)
        given = operator.inputs[0]
        parts.append(arranged(low, given, [outer, count, inner], steps, shape, first * inner))
    _concatenate(low, operator, parts, axis=1)


def _runs(places: list[int]) -> list[tuple[int, int, int]]:
    """Places as series in equal steps: the first place, the step and the count of each.

    >>> _runs([4, 2, 0, 3, 3, 5])
    [(4, -2, 3), (3, 0, 2), (5, 1, 1)]
    """
    runs: list[tuple[int, int, int]] = []
    for place in places:
        first, step, count = runs[-1] if runs else (0, 0, 0)
        if count == 1:
            runs[-1] = (first, place - first, 2)
        elif count and place == first + step * count:
            runs[-1] = (first, step, count + 1)
        else:
            runs.append((place, 1, 1))
    return runs


def pad(low: Lowering, operator: Operator) -> None:
    """PAD or PADV2."""
    filling = zero_of(low.tensor(operator.outputs[0]))
    if len(operator.inputs) > 2:
        filling = int(low.tensor(operator.inputs[2]).values.ravel()[0])
    _border(low, operator, Kind.WINDOW, four(filling))


def mirror_pad(low: Lowering, operator: Operator) -> None:
    """MIRROR_PAD."""
    options = operator.options(77, 1)
    assert options
    _border(low, operator, Kind.MIRROR, int(options.number(0, "b") == _REFLECT))


def _border(low: Lowering, operator: Operator, kind: Kind, outside: int) -> None:
    """Add a border around a picture; `outside` says what it is made of."""
    value, shape = low.tensor(operator.inputs[0]), low.shape(operator.inputs[0])
    borders = low.tensor(operator.inputs[1]).values.tolist()
    borders = [(0, 0)] * (4 - len(borders)) + borders
    if len(value.shape) > 4 or any(borders[0]) or any(borders[3]):
        raise ModelError("it has a border of channels or pictures")
    down, across = borders[1:3]
    padded = Shape(shape.rows.plus(sum(down)), shape.columns.plus(sum(across)), shape.channels)
    given = [low.read(operator.inputs[0])]
    low.write_from(given, operator, kind, padded, -down[0], -across[0], outside)


def moved(low: Lowering, number: int, sides: tuple[int, ...], order: list[int]) -> int:
    """A tensor of the plan with its axes in another order, as a vector."""
    steps = steps_of(sides)
    table = _table([sides[axis] for axis in order], [steps[axis] for axis in order], 0)
    _check_fixed(low)
    return low.step([number], Kind.MOVE, flat(math.prod(sides)), low.keep(table))


def stretched(low: Lowering, number: int, sides: tuple[int, ...]) -> int:
    """A tensor of the model that is broadcast to these sides, as a vector of the plan."""
    own = low.tensor(number).shape
    own = (1,) * (len(sides) - len(own)) + own
    steps = [step * (side > 1) for side, step in zip(own, steps_of(own), strict=True)]
    return arranged(low, number, [*sides], steps, flat(math.prod(sides)))


def arranged(
    low: Lowering, number: int, sides: list[int], steps: list[int], shape: Shape, first: int = 0
) -> int:
    """Elements of a tensor of the model, as a tensor of the plan.

    Args:
        low: the model and the plan.
        number: number of the model's tensor.
        sides: sides of what is made.
        steps: how far it is in the tensor from one element to the next along each side.
        shape: shape of what is made, of as many elements.
        first: place in the tensor of the first element.
    """
    _check_fixed(low)
    table = low.keep(_table(sides, steps, first))
    return low.step([low.read(number)], Kind.MOVE, shape, table)


def steps_of(sides: tuple[int, ...]) -> list[int]:
    """Elements from one place to the next along each axis."""
    return [math.prod(sides[axis + 1 :]) for axis in range(len(sides))]


def _move(
    low: Lowering, operator: Operator, sides: list[int], steps: list[int], first: int
) -> None:
    """Add an operator that gives each output an element of the input."""
    _check_fixed(low)
    rows, columns, channels = shape_of(low.tensor(operator.outputs[0]))
    low.write_from(
        [low.read(operator.inputs[0])],
        operator,
        Kind.MOVE,
        Shape(fixed(rows), fixed(columns), channels),
        low.keep(_table(sides, steps, first)),
    )


def _check_fixed(low: Lowering) -> None:
    if low.plan.size == (0, 0):
        raise ModelError("it moves the elements of pictures of any size")


def _table(sides: list[int], steps: list[int], first: int) -> npt.NDArray[np.int32]:
    """Sides and steps of six axes, and the first element, for a move.

    Raises:
        ModelError: it takes more axes.
    """
    axes: list[tuple[int, int]] = []
    for side, step in zip(sides, steps, strict=True):
        if side == 1:
            continue
        if axes and axes[-1][1] == side * step:
            axes[-1] = (axes[-1][0] * side, step)
        else:
            axes.append((side, step))
    if len(axes) > _AXES:
        raise ModelError(f"it moves elements along more than {_AXES} axes")
    axes = [(1, 0)] * (_AXES - len(axes)) + axes
    return np.array([*(side for side, _ in axes), *(step for _, step in axes), first], np.int32)
