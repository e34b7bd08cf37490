"""Operators that move elements without changing them: shapes, orders, slices and repetitions."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.base.errors import ModelError
from aecodec.compiler.convolutions import GROUP, write_product
from aecodec.compiler.lowering import (
    Lowering,
    fixed_shape,
    flat,
    quantize_multipliers,
    shape_of,
    zero_of,
)
from aecodec.compiler.model import Operator
from aecodec.compiler.model import Shape as Sides
from aecodec.compiler.plan import MOST_INPUTS, Kind, Shape, four

_AXES = 6
"""Maximum number of axes of a move."""

_PICTURE_AXES = 4


def _strided(shape: Sides, options: Any, columns: list[list[int]]) -> list[range]:
    places = []
    for axis, (start, stop, step) in enumerate(zip(*columns, strict=True)):
        side, bit = shape[axis], 1 << axis
        if options.shrinkAxisMask & bit:
            places.append(range(start % side, start % side + 1))
        else:
            first = None if options.beginMask & bit else start
            last = None if options.endMask & bit else stop
            places.append(range(side)[first:last:step])
    return places


def lower_reshape(low: Lowering, operator: Operator) -> None:
    """Lower RESHAPE. The sides of its output are fixed, unless the shape stays the same."""
    rows, columns, channels = shape_of(low.tensor(operator.outputs[0]))
    number = low.read(operator.inputs[0])
    shape = low.plan.tensors[number].shape
    if shape.of(*low.size) != (rows, columns, channels):
        if low.is_any_size:
            raise ModelError("its output has a fixed shape, but the model accepts any size")
        shape = fixed_shape(rows, columns, channels)
    low.write(operator, Kind.COPY, shape)


def lower_concatenation(low: Lowering, operator: Operator) -> None:
    """Lower CONCATENATION. Inputs beyond the maximum of an operator are joined step by step."""
    axis = _axis(low, operator, operator.options.axis)
    _concatenate(low, operator, [low.read(number) for number in operator.inputs], axis)


def _concatenate(low: Lowering, operator: Operator, numbers: list[int], axis: int) -> None:
    while len(numbers) > MOST_INPUTS:
        first, numbers = numbers[:MOST_INPUTS], numbers[MOST_INPUTS:]
        joined = low.step(first, Kind.CONCATENATION, _joined(low, first, axis), axis)
        numbers.insert(0, joined)
    low.write(operator, Kind.CONCATENATION, _joined(low, numbers, axis), axis, inputs=numbers)


def _axis(low: Lowering, operator: Operator, axis: int) -> int:
    """The axis of the plan (rows, columns, channels) for an axis of the model's tensor."""
    rank = len(low.tensor(operator.outputs[0]).shape)
    plan_axis = axis % rank + 3 - rank
    if plan_axis < 0:
        raise ModelError("it joins the pictures of a batch")
    return plan_axis


def _joined(low: Lowering, numbers: list[int], axis: int) -> Shape:
    shapes = [low.plan.tensors[number].shape for number in numbers]
    if axis == 2:
        return shapes[0]._replace(channels=sum(shape.channels for shape in shapes))
    sides = [shape.sides[axis] for shape in shapes]
    whole = sides[0]
    for side in sides[1:]:
        if not (whole.is_fixed and side.is_fixed):
            raise ModelError("it appends rows or columns, but the model accepts any size")
        whole = whole.plus(side.more)
    return shapes[0]._replace(rows=whole) if axis == 0 else shapes[0]._replace(columns=whole)


def lower_transpose(low: Lowering, operator: Operator) -> None:
    value = low.tensor(operator.inputs[0])
    order, steps = low.tensor(operator.inputs[1]).values.tolist(), steps_of(value.shape)
    _move(low, operator, [value.shape[axis] for axis in order], [steps[axis] for axis in order], 0)


def lower_tile(low: Lowering, operator: Operator) -> None:
    """Lower TILE: each axis becomes two, and nothing moves along the first."""
    value = low.tensor(operator.inputs[0])
    times = low.tensor(operator.inputs[1]).values.ravel().tolist()
    sides, steps = [], []
    for side, step, count in zip(value.shape, steps_of(value.shape), times, strict=True):
        sides += [int(count), side]
        steps += [0, step]
    _move(low, operator, sides, steps, 0)


def lower_strided_slice(low: Lowering, operator: Operator) -> None:
    shape = low.tensor(operator.inputs[0]).shape
    columns = [low.tensor(number).values.ravel().tolist() for number in operator.inputs[1:]]
    _cut(low, operator, _strided(shape, operator.options, columns))


def lower_slice(low: Lowering, operator: Operator) -> None:
    starts = low.tensor(operator.inputs[1]).values.ravel().tolist()
    sides = low.tensor(operator.outputs[0]).shape
    places = [range(start, start + side) for start, side in zip(starts, sides, strict=True)]
    _cut(low, operator, places)


def lower_split(low: Lowering, operator: Operator) -> None:
    number = next(at for at in operator.inputs if low.tensor(at).dtype == np.int8)
    shape, first = low.tensor(number).shape, 0
    for output in operator.outputs:
        sides = low.tensor(output).shape
        part = operator._replace(inputs=[number], outputs=[output])
        axis = next((n for n, side in enumerate(sides) if side != shape[n]), 0)
        places = [*map(range, sides)]
        places[axis] = range(first, first + sides[axis])
        _cut(low, part, places)
        first += sides[axis]


def _cut(low: Lowering, operator: Operator, places: list[range]) -> None:
    if low.is_any_size:
        _cut_any_size(low, operator, places)
        return
    steps = steps_of(low.tensor(operator.inputs[0]).shape)
    first = sum(own.start * step for own, step in zip(places, steps, strict=True))
    moved = [own.step * step for own, step in zip(places, steps, strict=True)]
    _move(low, operator, [*map(len, places)], moved, first)


def _cut_any_size(low: Lowering, operator: Operator, places: list[range]) -> None:
    if len(places) != _PICTURE_AXES or {places[1].step, places[2].step} != {1}:
        raise ModelError("it selects rows or columns, but the model accepts any size: use strides")
    number, shape = low.read(operator.inputs[0]), low.shape(operator.inputs[0])
    _, down, across, channels = places
    lost = [len(down) - shape.of(*low.size)[0], len(across) - shape.of(*low.size)[1]]
    shape = Shape(shape.rows.plus(lost[0]), shape.columns.plus(lost[1]), shape.channels)
    window = (Kind.WINDOW, shape, down.start, across.start, 0)
    if channels == range(shape.channels):
        low.write(operator, *window)
    else:
        number = low.step([number], *window) if any(lost) else number
        _select_channels(low, operator, number, channels)


def _select_channels(
    low: Lowering, operator: Operator, number: int, channels: Sequence[int]
) -> None:
    shape, zero = low.plan.tensors[number].shape, zero_of(low.tensor(operator.outputs[0]))
    kernel = np.zeros((len(channels), 1, 1, shape.channels), np.int8)
    kernel[range(len(channels)), 0, 0, channels] = 1
    column = np.stack([[-zero], *quantize_multipliers(np.ones(1))]).astype(np.int32)
    scaling = np.repeat(column, -(-len(kernel) // GROUP) * GROUP, axis=1)
    write_product(low, operator, number, kernel, scaling, four(zero, zero, -128, 127))


def lower_gather(low: Lowering, operator: Operator) -> None:
    """Lower GATHER with constant positions; runs with equal steps are moved at once."""
    value, places = (low.tensor(number) for number in operator.inputs)
    if not places.is_constant:
        raise ModelError("its indices are not constant")
    axis = operator.options.axis % len(value.shape)
    if low.is_any_size and axis == _PICTURE_AXES - 1:
        _select_channels(
            low, operator, low.read(operator.inputs[0]), places.values.ravel().tolist()
        )
        return
    side, inner = value.shape[axis], math.prod(value.shape[axis + 1 :])
    outer, parts = math.prod(value.shape[:axis]), []
    for first, step, count in _runs(places.values.ravel().tolist()):
        steps = [side * inner, step * inner, 1]
        shape = fixed_shape(outer, count, inner)
        sides, start = [outer, count, inner], first * inner
        parts.append(arranged(low, operator.inputs[0], sides, steps, shape, start))
    _concatenate(low, operator, parts, axis=1)


def _runs(places: list[int]) -> list[tuple[int, int, int]]:
    """Divide positions into runs with equal steps: first position, step and count.

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


def stretched(low: Lowering, number: int, sides: tuple[int, ...]) -> int:
    """Add a tensor of the model, broadcast to these sides, as a vector of the plan."""
    own = low.tensor(number).shape
    own = (1,) * (len(sides) - len(own)) + own
    steps = [step * (side > 1) for side, step in zip(own, steps_of(own), strict=True)]
    return arranged(low, number, [*sides], steps, flat(math.prod(sides)))


def arranged(
    low: Lowering, number: int, sides: list[int], steps: list[int], shape: Shape, first: int = 0
) -> int:
    """Move elements of the model's tensor to a new tensor of the plan with this shape.

    `sides`: sides of the result. `steps`: distances of neighbours along each side in the tensor.
    """
    _check_fixed(low)
    table = low.keep(_table(sides, steps, first))
    return low.step([low.read(number)], Kind.MOVE, shape, table)


def steps_of(sides: tuple[int, ...]) -> list[int]:
    return [math.prod(sides[axis + 1 :]) for axis in range(len(sides))]


def _move(
    low: Lowering, operator: Operator, sides: list[int], steps: list[int], first: int
) -> None:
    _check_fixed(low)
    shape = fixed_shape(*shape_of(low.tensor(operator.outputs[0])))
    low.write(operator, Kind.MOVE, shape, low.keep(_table(sides, steps, first)))


def _check_fixed(low: Lowering) -> None:
    if low.is_any_size:
        raise ModelError("it moves elements, but the model accepts any size")


def _table(sides: list[int], steps: list[int], first: int) -> npt.NDArray[np.int32]:
    """Six sides, six steps and the first position of a move; ModelError if it needs more axes."""
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
