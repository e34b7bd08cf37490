"""Operators on the rows and columns of pictures: blocks, borders, pooling, resizing."""

from aecodec.base.errors import ModelError
from aecodec.compiler.convolutions import sweeps_of, write_windowed
from aecodec.compiler.lowering import Lowering, activation_range, shape_of, zero_of
from aecodec.compiler.model import Operator
from aecodec.compiler.plan import Kind, Shape, fixed, four, pair

POOLS = {"AVERAGE_POOL_2D": Kind.MEAN_POOL, "MAX_POOL_2D": Kind.MAXIMUM_POOL}

_REFLECT = 0
"""TFLite's number of this mode."""


def lower_depth_to_space(low: Lowering, operator: Operator) -> None:
    side, shape = operator.options.blockSize, low.shape(operator.inputs[0])
    rows, columns = shape.rows.multiplied(side), shape.columns.multiplied(side)
    wide = Shape(rows, columns, shape.channels // side**2)
    low.write(operator, Kind.DEPTH_TO_SPACE, wide, side)


def lower_space_to_depth(low: Lowering, operator: Operator) -> None:
    side, shape = operator.options.blockSize, low.shape(operator.inputs[0])
    rows, columns = shape.rows.divided(side), shape.columns.divided(side)
    deep = Shape(rows, columns, shape.channels * side**2)
    low.write(operator, Kind.SPACE_TO_DEPTH, deep, side)


def lower_pad(low: Lowering, operator: Operator) -> None:
    filling = zero_of(low.tensor(operator.outputs[0]))
    if len(operator.inputs) > 2:
        filling = int(low.tensor(operator.inputs[2]).values.ravel()[0])
    _write_border(low, operator, Kind.WINDOW, four(filling))


def lower_mirror_pad(low: Lowering, operator: Operator) -> None:
    _write_border(low, operator, Kind.MIRROR, int(operator.options.mode == _REFLECT))


def _write_border(low: Lowering, operator: Operator, kind: Kind, filling: int) -> None:
    """Add a border: `filling` is the value that fills it or, for a mirrored border, the mode."""
    value, shape = low.tensor(operator.inputs[0]), low.shape(operator.inputs[0])
    borders = low.tensor(operator.inputs[1]).values.tolist()
    borders = [(0, 0)] * (4 - len(borders)) + borders
    if len(value.shape) > 4 or any(borders[0]) or any(borders[3]):
        raise ModelError("it pads the channels or the batch")
    down, across = borders[1:3]
    padded = Shape(shape.rows.plus(sum(down)), shape.columns.plus(sum(across)), shape.channels)
    low.write(operator, kind, padded, -down[0], -across[0], filling)


def lower_pooling(low: Lowering, operator: Operator) -> None:
    options, shape = operator.options, low.shape(operator.inputs[0])
    sweeps = sweeps_of(options, (options.filterHeight, options.filterWidth))
    output = low.tensor(operator.outputs[0])
    limits = activation_range(output, options.fusedActivationFunction)
    write_windowed(low, operator, POOLS[operator.name], sweeps, shape.channels, four(*limits))


def lower_nearest(low: Lowering, operator: Operator) -> None:
    shape = low.shape(operator.inputs[0])
    sides, targets = shape.of(*low.size)[:2], shape_of(low.tensor(operator.outputs[0]))[:2]
    down, across = (target // side for side, target in zip(sides, targets, strict=True))
    is_whole = (down * sides[0], across * sides[1]) == targets
    if not is_whole or operator.options.alignCorners:
        raise ModelError("the size of its output is not a multiple of the size of its input")
    result = Shape(shape.rows.multiplied(down), shape.columns.multiplied(across), shape.channels)
    low.write(operator, Kind.NEAREST, result, pair(down, across))


def lower_bilinear(low: Lowering, operator: Operator) -> None:
    """Lower RESIZE_BILINEAR; with whole factors if the network accepts any size."""
    options, shape = operator.options, low.shape(operator.inputs[0])
    if options.alignCorners and low.is_any_size:
        raise ModelError("a model for pictures of any size cannot align corners")
    targets, sides = shape_of(low.tensor(operator.outputs[0]))[:2], []
    for side, length, target in zip(shape.sides, low.size, targets, strict=True):
        factor = target // side.of(length)
        sides.append(fixed(target) if side.is_fixed else side.multiplied(factor))
    flags = options.alignCorners + 2 * options.halfPixelCenters
    low.write(operator, Kind.BILINEAR, Shape(sides[0], sides[1], shape.channels), flags)
