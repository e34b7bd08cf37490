"""Operators that move elements, as operators of a plan."""

from __future__ import annotations

from aecodec.errors import ModelError
from aecodec.export.network.lowering import Lowering, shape_of
from aecodec.export.network.plan import MOST_INPUTS, Kind, Shape
from aecodec.export.network.side import fixed
from aecodec.tflite.model import Operator


def reshape(low: Lowering, operator: Operator) -> None:
    """RESHAPE; all sides are fixed then."""
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
    sides = (each.multiplied(side) for each in shape[:2])
    low.write(operator, Kind.DEPTH_TO_SPACE, Shape(*sides, shape.channels // side**2), side)


def space_to_depth(low: Lowering, operator: Operator) -> None:
    """SPACE_TO_DEPTH."""
    side, shape = _block(operator, 19), low.shape(operator.inputs[0])
    sides = (each.divided(side) for each in shape[:2])
    low.write(operator, Kind.SPACE_TO_DEPTH, Shape(*sides, shape.channels * side**2), side)


def _block(operator: Operator, kind: int) -> int:
    options = operator.options(kind, 1)
    assert options
    return int(options.number(0, "i"))


def concatenation(low: Lowering, operator: Operator) -> None:
    """CONCATENATION; more inputs than an operator of a plan has are joined step by step."""
    options = operator.options(10, 2)
    assert options
    axis = _axis(low, operator, options.number(0, "i"))
    numbers = [low.read(number) for number in operator.inputs]
    while len(numbers) > MOST_INPUTS:
        first, numbers = numbers[:MOST_INPUTS], numbers[MOST_INPUTS:]
        joined = low.step(first, Kind.CONCATENATION, _joined(low, first, axis), axis)
        numbers.insert(0, joined)
    low.write_from(numbers, operator, Kind.CONCATENATION, _joined(low, numbers, axis), axis)


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
    sides = [shape[axis] for shape in shapes]
    whole = sides[0]
    for side in sides[1:]:
        if not (whole.is_fixed and side.is_fixed):
            raise ModelError("it joins pictures of any size along their sides")
        whole = whole.plus(side.more)
    return shapes[0]._replace(**{("rows", "columns")[axis]: whole})
