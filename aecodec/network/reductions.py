"""Reductions and resizing of pictures, as operators of a plan."""

from __future__ import annotations

import numpy as np

from aecodec.errors import ModelError
from aecodec.network.arithmetic import quantize_multiplier, zero_of
from aecodec.network.lowering import Lowering, Rule, shape_of
from aecodec.network.movement import moved
from aecodec.network.plan import Kind, Shape, four, pair
from aecodec.network.side import fixed
from aecodec.tflite.call import normalized_axes
from aecodec.tflite.model import Operator

MEAN, MAXIMUM, MINIMUM, SUM = range(4)

_ROWS_AND_COLUMNS, _CHANNELS = 0, 1


def reduction(to: int) -> Rule:
    """MEAN, REDUCE_MAX, REDUCE_MIN or SUM.

    Args:
        to: what elements are reduced to, such as :data:`MEAN`.
    """

    def rule(low: Lowering, operator: Operator) -> None:
        value, output = low.tensor(operator.inputs[0]), low.tensor(operator.outputs[0])
        axes = low.tensor(operator.inputs[1]).values.ravel().tolist()
        gone = sorted(normalized_axes([int(axis) for axis in axes], len(value.shape)))
        gone = [axis for axis in gone if value.shape[axis] > 1]
        zeros = four(zero_of(value), zero_of(output))
        factor = value.quantization.scale / output.quantization.scale
        _reduce(low, operator, gone, to, zeros, *quantize_multiplier(factor))

    return rule


def _reduce(low: Lowering, operator: Operator, gone: list[int], *parameters: int) -> None:
    value, number = low.tensor(operator.inputs[0]), low.read(operator.inputs[0])
    shape, rank = low.plan.tensors[number].shape, len(value.shape)
    if rank == 4 and gone == [axis for axis in (1, 2) if value.shape[axis] > 1]:
        reduced, axes = Shape(fixed(1), fixed(1), shape.channels), _ROWS_AND_COLUMNS
    elif gone == [rank - 1] and shape.channels == value.shape[-1]:
        reduced, axes = shape._replace(channels=1), _CHANNELS
    else:
        kept = [axis for axis in range(rank) if axis not in gone]
        number = moved(low, number, value.shape, [*kept, *gone])
        count = int(np.prod([value.shape[axis] for axis in kept]))
        low.plan.tensors[number].shape = Shape(
            fixed(1), fixed(count), int(np.prod([value.shape[axis] for axis in gone]))
        )
        reduced, axes = Shape(fixed(1), fixed(count), 1), _CHANNELS
    low.write_as([number], operator, Kind.REDUCTION, reduced, axes, *parameters)


def nearest(low: Lowering, operator: Operator) -> None:
    """RESIZE_NEAREST_NEIGHBOR by whole factors."""
    shape = low.shape(operator.inputs[0])
    given, wanted = shape.of(*low.size), shape_of(low.tensor(operator.outputs[0]))
    factors = [target // side for target, side in zip(wanted[:2], given[:2], strict=True)]
    options = operator.options(74, 2)
    assert options
    is_whole = [factor * side for factor, side in zip(factors, given, strict=False)] == [
        *wanted[:2]
    ]
    if not is_whole or options.number(0, "?"):
        raise ModelError("its output is no multiple of its input")
    rows, columns = (
        side.multiplied(factor) for side, factor in zip(shape.sides, factors, strict=True)
    )
    low.write_from(
        [low.read(operator.inputs[0])],
        operator,
        Kind.NEAREST,
        Shape(rows, columns, shape.channels),
        pair(factors[0], factors[1]),
    )


def bilinear(low: Lowering, operator: Operator) -> None:
    """RESIZE_BILINEAR; by whole factors where the network takes any size."""
    options = operator.options(15, 4)
    assert options
    shape, sides = low.shape(operator.inputs[0]), []
    wanted = shape_of(low.tensor(operator.outputs[0]))
    for side, length, target in zip(shape.sides, low.size, wanted[:2], strict=True):
        factor = target // side.of(length)
        sides.append(side.multiplied(factor) if not side.is_fixed else fixed(target))
    flags = options.number(2, "?") + 2 * options.number(3, "?")
    low.write_from(
        [low.read(operator.inputs[0])],
        operator,
        Kind.BILINEAR,
        Shape(sides[0], sides[1], shape.channels),
        int(flags),
    )
