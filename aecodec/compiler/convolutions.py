"""Convolutions, which move a window over pictures: CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV."""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.base.errors import ModelError
from aecodec.compiler.lowering import (
    Lowering,
    activation_range,
    quantize_multipliers,
    shape_of,
    zero_of,
)
from aecodec.compiler.model import Operator, Tensor
from aecodec.compiler.plan import Kind, Shape, Side, fixed, four, pair

BLOCK, GROUP = 16, 4
"""Outputs and inputs that are stored together: `AECODEC_BLOCK` and `AECODEC_GROUP` in C."""

_SAME = 0
"""TFLite's number of this padding."""


class Sweep(NamedTuple):
    """Movement of a window along a side; with `is_same`, output and input are proportional."""

    window: int
    step: int
    is_same: bool

    def over(self, side: Side) -> Side:
        if self.is_same:
            return side.divided(self.step, up=True)
        return side.plus(self.step - self.window).divided(self.step)

    def before(self, side: Side, length: int) -> int:
        """Distance outside the input at which windows begin; `length` is the input's side."""
        if not self.is_same:
            return 0
        count = self.over(side).of(length)
        return max(0, (count - 1) * self.step + self.window - side.of(length)) // 2


def sweeps_of(options: Any, window: tuple[int, ...]) -> tuple[Sweep, Sweep]:
    is_same = options.padding == _SAME
    return (Sweep(window[0], options.strideH, is_same), Sweep(window[1], options.strideW, is_same))


def write_windowed(
    low: Lowering,
    operator: Operator,
    kind: Kind,
    sweeps: tuple[Sweep, Sweep],
    channels: int,
    *parameters: int,
) -> None:
    down, across = sweeps
    rows, columns = low.shape(operator.inputs[0]).sides
    low.write(
        operator,
        kind,
        Shape(down.over(rows), across.over(columns), channels),
        pair(down.window, across.window),
        pair(down.step, across.step),
        pair(down.before(rows, low.size[0]), across.before(columns, low.size[1])),
        *parameters,
    )


def write_product(
    low: Lowering,
    operator: Operator,
    number: int,
    kernel: npt.NDArray[np.int8],
    scaling: npt.NDArray[np.int32],
    ends: int,
    *more: int,
) -> None:
    """Add a convolution of a tensor of the plan with a 1x1 kernel, which is the last operator."""
    shape = low.plan.tensors[number].shape._replace(channels=len(kernel))
    unit, parts = pair(1, 1), (low.keep(packed(kernel)), low.keep(scaling))
    parameters = (unit, unit, 0, *parts, ends, *more)
    low.write(operator, Kind.CONVOLUTION, shape, *parameters, inputs=[number])


def lower_convolution(low: Lowering, operator: Operator) -> None:
    """Lower CONV_2D. Groups and dilations become zeros in the kernel."""
    options = operator.options
    value, kernel = (low.tensor(number) for number in operator.inputs[:2])
    shape = low.shape(operator.inputs[0])
    weights = _dilated(kernel.values, options.dilationHFactor, options.dilationWFactor)
    weights = _ungrouped(weights, shape.channels)
    write_windowed(
        low,
        operator,
        Kind.CONVOLUTION,
        sweeps_of(options, weights.shape[1:3]),
        len(weights),
        low.keep(packed(weights)),
        low.keep(scaling_of(low, operator, weights)),
        ends_of(low, operator, value),
    )


def _dilated(weights: npt.NDArray[np.int8], down: int, across: int) -> npt.NDArray[np.int8]:
    if (down, across) == (1, 1):
        return weights
    count, height, width, channels = weights.shape
    sides = ((height - 1) * down + 1, (width - 1) * across + 1)
    wide = np.zeros((count, *sides, channels), np.int8)
    wide[:, ::down, ::across] = weights
    return wide


def _ungrouped(weights: npt.NDArray[np.int8], channels: int) -> npt.NDArray[np.int8]:
    groups = channels // weights.shape[3]
    if groups == 1:
        return weights
    whole = np.zeros((*weights.shape[:3], channels), np.int8)
    outputs, inputs = len(weights) // groups, weights.shape[3]
    for group in range(groups):
        own = slice(group * outputs, (group + 1) * outputs)
        whole[own, ..., group * inputs : (group + 1) * inputs] = weights[own]
    return whole


def packed(weights: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Return a kernel (outputs, height, width, channels) in the order that C reads.

    Outputs are in blocks of 16, the last one rounded up to a multiple of 4. The order of a block is
    (height, groups of 4 inputs in a row of the kernel, outputs, 4).
    """
    count, height = weights.shape[:2]
    rows = weights.reshape(count, height, -1)
    padding = [(0, -count % GROUP), (0, 0), (0, -rows.shape[2] % GROUP)]
    if any(after for _, after in padding):
        rows = np.pad(rows, padding)
    groups = np.ascontiguousarray(rows).view(np.uint32)  # moved as words, four times as fast
    whole = len(groups) // BLOCK * BLOCK
    blocks = groups[:whole].reshape(-1, BLOCK, height, groups.shape[2]).transpose(0, 2, 3, 1)
    last = groups[whole:].transpose(1, 2, 0).ravel()
    words = np.concatenate([blocks.ravel(), last]) if len(last) else blocks.ravel()
    return words.view(np.int8)


def ends_of(low: Lowering, operator: Operator, value: Tensor) -> int:
    """Pack the zero points of input and output, and the output's limits, into a word."""
    output = low.tensor(operator.outputs[0])
    limits = activation_range(output, operator.options.fusedActivationFunction)
    return four(zero_of(value), zero_of(output), *limits)


def scaling_of(
    low: Lowering,
    operator: Operator,
    weights: npt.NDArray[np.int8],
    places: tuple[int, int] = (0, 1),
    times: int = 1,
) -> npt.NDArray[np.int32]:
    """Return bias, multiplier and shift of each output, padded to a multiple of 4.

    `places` are the positions of value and kernel among the inputs. The bias follows them, and
    includes the effect of the input's zero point. The outputs are repeated `times` times.
    """
    value, kernel = (low.tensor(operator.inputs[place]) for place in places)
    weight_sum = weights.sum(axis=(1, 2, 3), dtype=np.int64)
    count = len(weight_sum)
    bias = np.zeros(count // times, np.int64)
    number = operator.inputs[max(places) + 1] if len(operator.inputs) > max(places) + 1 else -1
    if number != -1:
        bias += low.tensor(number).values.ravel()
    bias = np.tile(bias, times) - zero_of(value) * weight_sum
    factors = np.tile(_factors(low, operator, value, kernel, count // times), times)
    wrapped = bias.astype(np.uint64).astype(np.uint32).view(np.int32)  # as 32 bits hold it
    table = np.stack([wrapped, *quantize_multipliers(factors)]).astype(np.int32)
    return np.pad(table, [(0, 0), (0, -count % GROUP)])


def _factors(
    low: Lowering, operator: Operator, value: Tensor, kernel: Tensor, count: int
) -> npt.NDArray[np.float64]:
    """Scale factor of each output's sums, in double precision as in TFLite."""
    scales = np.broadcast_to(kernel.scales.astype(np.float64), count)
    output = low.tensor(operator.outputs[0])
    return value.scale * scales / output.scale


def lower_depthwise(low: Lowering, operator: Operator) -> None:
    options = operator.options
    value, kernel = (low.tensor(number) for number in operator.inputs[:2])
    shape = low.shape(operator.inputs[0])
    weights = _dilated(kernel.values, options.dilationHFactor, options.dilationWFactor)
    count = weights.shape[3]
    apart = np.zeros((count, 1, 1, 1), np.int8)  # so that the bias stays as it is
    write_windowed(
        low,
        operator,
        Kind.DEPTHWISE,
        sweeps_of(options, weights.shape[1:3]),
        count,
        low.keep(weights),
        low.keep(scaling_of(low, operator, apart)),
        ends_of(low, operator, value),
        count // shape.channels,
    )


# Transposed convolutions: convolutions that give blocks of pixels


class _Axis(NamedTuple):
    """An axis of a transposed convolution, whose outputs are blocks of `step` pixels.

    `rows` are (place in a block, row of the kernel, input relative to the block's own).
    """

    step: int
    rows: list[tuple[int, int, int]]

    @classmethod
    def of(cls, size: int, step: int, side: int, is_same: bool) -> _Axis:
        before = max(0, (-(-side // step) - 1) * step + size - side) // 2 if is_same else 0
        places = ((place, row) for place in range(step) for row in range(size))
        moves = ((place, row, place + before - row) for place, row in places)
        return cls(step, [(place, row, at // step) for place, row, at in moves if at % step == 0])

    @property
    def low(self) -> int:
        """First input of a block's outputs, relative to the block's own input."""
        return min(0, *(move for _, _, move in self.rows))

    @property
    def length(self) -> int:
        return max(0, *(move for _, _, move in self.rows)) - self.low + 1


def lower_transposed(low: Lowering, operator: Operator) -> None:
    """Lower TRANSPOSE_CONV to a convolution, and rearrange its blocks to pixels."""
    options, value = operator.options, operator.inputs[2]
    is_same, step = options.padding == _SAME, options.strideW
    if options.strideH != step:
        raise ModelError("its vertical and horizontal strides differ")
    kernel, shape = low.tensor(operator.inputs[1]), low.shape(value)
    *targets, channels = shape_of(low.tensor(operator.outputs[0]))
    sizes = kernel.shape[1:3]
    axes = [_Axis.of(size, step, side, is_same) for size, side in zip(sizes, targets, strict=True)]
    rows, columns = (
        _output(low, shape, axis, sizes[axis], step, targets[axis], is_same) for axis in (0, 1)
    )
    output, weights = Shape(rows, columns, channels), _in_blocks(kernel.values, axes)
    rows, columns = (side.plus(step - 1).divided(step) for side in output.sides)
    blocks = low.step(
        [low.read(value)],
        Kind.CONVOLUTION,
        Shape(rows, columns, len(weights)),
        pair(*weights.shape[1:3]),
        pair(1, 1),
        pair(-axes[0].low, -axes[1].low),
        low.keep(packed(weights)),
        low.keep(scaling_of(low, operator, weights, (2, 1), times=step**2)),
        ends_of(low, operator, low.tensor(value)),
    )
    _write_pixels(low, operator, blocks, output, step)


def _in_blocks(kernel: npt.NDArray[np.int8], axes: list[_Axis]) -> npt.NDArray[np.int8]:
    """The kernel of the convolution: (places of a block * outputs, height, width, inputs)."""
    (down, across), (count, *_, channels) = axes, kernel.shape
    sides = (down.length, across.length)
    weights = np.zeros((down.step, across.step, count, *sides, channels), np.int8)
    for (y, row, up), (x, column, left) in product(down.rows, across.rows):
        weights[y, x, :, up - down.low, left - across.low] = kernel[:, row, column]
    return weights.reshape(-1, *sides, channels)


def _write_pixels(low: Lowering, operator: Operator, blocks: int, output: Shape, step: int) -> None:
    rows, columns = (side.multiplied(step) for side in low.plan.tensors[blocks].shape.sides)
    whole = Shape(rows, columns, output.channels)
    if whole == output:
        low.write(operator, Kind.DEPTH_TO_SPACE, whole, step, inputs=[blocks])
    else:
        pixels = low.step([blocks], Kind.DEPTH_TO_SPACE, whole, step)
        low.write(operator, Kind.WINDOW, output, 0, 0, 0, inputs=[pixels])


def _output(
    low: Lowering, shape: Shape, axis: int, size: int, step: int, target: int, is_same: bool
) -> Side:
    """A side of the output; fixed if the model's side is unusual."""
    side = shape.sides[axis].multiplied(step).plus(0 if is_same else max(0, size - step))
    if side.of(low.size[axis]) == target:
        return side
    if not shape.sides[axis].is_fixed:
        raise ModelError("the size of its output is not a multiple of the size of its input")
    return fixed(target)
