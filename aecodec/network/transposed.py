"""TRANSPOSE_CONV: a convolution that gives blocks of pixels."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.errors import ModelError
from aecodec.network.convolutions import check_layer, ends_of, packed, scaling_of, side_of
from aecodec.network.lowering import Lowering, shape_of
from aecodec.network.plan import Kind, Shape, Side, fixed, pair
from aecodec.tflite.call import Call, Result, check_activation, constants, ensure
from aecodec.tflite.model import Operator

_OPTIONS = (49, 5)
"""Kind of the options, as the schema numbers them, and their number of fields."""


def check_transposed(call: Call) -> Result:
    """A transposed convolution, whose output's shape is constant."""
    (shape, kernel, value), bias = call.take_with_bias(3)
    options = call.options(*_OPTIONS)
    check_activation(options, 3)
    check_layer(call, value, kernel, bias, channels=0)
    sides = tuple(constants(shape))
    ensure(len(sides) == 4 and min(sides) >= 1, "its output is not a picture")
    ensure(sides[::3] == (value.shape[0], kernel.shape[0]), "its output does not fit its input")
    ensure(kernel.shape[3] == value.shape[3], "its kernel does not fit its input")
    padding, strides = options.number(0, "b"), (options.number(2, "i"), options.number(1, "i"))
    for axis, stride in enumerate(strides, start=1):
        side = side_of(sides[axis], kernel.shape[axis], padding, stride)
        ensure(side == value.shape[axis], "its output does not fit its input")
    work = value.size * math.prod(kernel.shape[:3])
    scratch = 4 * value.size // value.shape[3] * math.prod(kernel.shape[:3])
    return Result((sides,), work, scratch)


class _Phase(NamedTuple):
    """The `seen` inputs that the outputs at one place of a block see along one axis.

    The last of them is `last`, counted from the block's own input. It meets row `first` of the
    kernel; each earlier input meets a later row.
    """

    first: int
    last: int
    seen: int


class _Axis(NamedTuple):
    """An axis of a transposed convolution: outputs per input, and a phase for each place of a
    block.
    """

    step: int
    phases: list[_Phase]

    @property
    def low(self) -> int:
        """First input that any output of a block sees, counted from the block's own."""
        return min(0, *(phase.last - phase.seen + 1 for phase in self.phases if phase.seen))

    @property
    def length(self) -> int:
        """Number of inputs that a block sees."""
        return max(0, *(phase.last for phase in self.phases)) - self.low + 1


def lower_transposed(low: Lowering, operator: Operator) -> None:
    """TRANSPOSE_CONV, as a convolution that gives a block of pixels for each of its places.

    Each row of such a block sees rows of the kernel of its own; the others are zeros in the
    convolution's kernel. The blocks become pixels, and those beyond the output are cut off.
    """
    options = operator.options(*_OPTIONS)
    is_same, step = options.number(0, "b") == 0, int(options.number(1, "i"))
    if options.number(2, "i") != step:
        raise ModelError("its steps down and across differ")
    kernel, shape = low.tensor(operator.inputs[1]), low.shape(operator.inputs[2])
    *targets, channels = shape_of(low.tensor(operator.outputs[0]))
    sizes = kernel.shape[1:3]
    axes = [_axis(size, step, side, is_same) for size, side in zip(sizes, targets, strict=True)]
    rows, columns = (
        _output(low, shape, axis, sizes[axis], step, targets[axis], is_same) for axis in (0, 1)
    )
    output = Shape(rows, columns, channels)
    blocks = _add_blocks(low, operator, axes, output, options.number(3, "b"))
    _write_pixels(low, operator, blocks, output, step)


def _add_blocks(
    low: Lowering, operator: Operator, axes: list[_Axis], output: Shape, activation: int
) -> int:
    """Add the convolution that gives the pixels of a block as channels, and return its output."""
    step, value = axes[0].step, operator.inputs[2]
    weights = _by_phase(low.tensor(operator.inputs[1]).values, axes)
    rows, columns = (side.plus(step - 1).divided(step) for side in output.sides)
    return low.step(
        [low.read(value)],
        Kind.CONVOLUTION,
        Shape(rows, columns, len(weights)),
        pair(*weights.shape[1:3]),
        pair(1, 1),
        pair(-axes[0].low, -axes[1].low),
        low.keep(packed(weights)),
        low.keep(scaling_of(low, operator, weights, (2, 1), times=step**2)),
        ends_of(low, operator, low.tensor(value), activation),
    )


def _write_pixels(low: Lowering, operator: Operator, blocks: int, output: Shape, step: int) -> None:
    """Add what makes pixels of blocks, and cuts off those that lie beyond the output."""
    rows, columns = (side.multiplied(step) for side in low.plan.tensors[blocks].shape.sides)
    whole = Shape(rows, columns, output.channels)
    if whole == output:
        low.write_from([blocks], operator, Kind.DEPTH_TO_SPACE, whole, step)
    else:
        pixels = low.step([blocks], Kind.DEPTH_TO_SPACE, whole, step)
        low.write_from([pixels], operator, Kind.WINDOW, output, 0, 0, 0)


def _axis(size: int, step: int, side: int, is_same: bool) -> _Axis:
    count = -(-side // step)
    before = max(0, (count - 1) * step + size - side) // 2 if is_same else 0
    phases = []
    for place in range(step):
        last, first = divmod(place + before, step)
        phases.append(_Phase(first, last, max(0, -(-(size - first) // step))))
    return _Axis(step, phases)


def _by_phase(kernel: npt.NDArray[np.int8], axes: list[_Axis]) -> npt.NDArray[np.int8]:
    """The kernel of the convolution: (places of a block * outputs, height, width, inputs)."""
    count, channels, step = len(kernel), kernel.shape[3], axes[0].step
    sides = (axes[0].length, axes[1].length)
    weights = np.zeros((step, step, count, *sides, channels), np.int8)
    for row, down in enumerate(axes[0].phases):
        for column, across in enumerate(axes[1].phases):
            for y in range(down.seen):
                for x in range(across.seen):
                    place = (down.last - y - axes[0].low, across.last - x - axes[1].low)
                    own = kernel[:, down.first + y * step, across.first + x * step]
                    weights[row, column, :, place[0], place[1]] = own
    return weights.reshape(step * step * count, *sides, channels)


def _output(
    low: Lowering, shape: Shape, axis: int, size: int, step: int, target: int, is_same: bool
) -> Side:
    """A side of the output; it is fixed if the model states another side than the usual one."""
    side = shape.sides[axis].multiplied(step).plus(0 if is_same else max(0, size - step))
    if side.of(low.size[axis]) == target:
        return side
    if not shape.sides[axis].is_fixed:
        raise ModelError("its output is not a multiple of its input")
    return fixed(target)
