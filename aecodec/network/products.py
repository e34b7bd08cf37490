"""Convolutions, matrix products and pooling, as operators of a plan."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.network.arithmetic import activation_range, quantize_multipliers, zero_of
from aecodec.network.lowering import Lowering, flat
from aecodec.network.plan import Kind, Shape, four, pair
from aecodec.network.side import Side
from aecodec.tflite.flatbuffer import Table
from aecodec.tflite.model import Operator, Tensor

BLOCK, GROUP = 16, 4
"""Number of outputs, and of inputs, that lie together: `AECODEC_BLOCK` and `AECODEC_GROUP` in C."""

_SAME = 0

_ROUNDED_ONCE = 1
"""LiteRT's kernels round sums of products once in matrix products, and twice in convolutions."""


class Sweep(NamedTuple):
    """How a window moves along one side.

    Attributes:
        window: size of the window.
        step: how far it moves.
        is_same: whether it begins outside the input, so that output and input are in proportion.
    """

    window: int
    step: int
    is_same: bool

    def over(self, side: Side) -> Side:
        """The output's side."""
        if self.is_same:
            return side.divided(self.step, up=True)
        return side.plus(self.step - self.window).divided(self.step)

    def before(self, side: Side, length: int) -> int:
        """How far outside it begins, for an input whose side is `length`."""
        if not self.is_same:
            return 0
        count = self.over(side).of(length)
        return max(0, (count - 1) * self.step + self.window - side.of(length)) // 2


def sweeps_of(options: Table, window: tuple[int, ...]) -> tuple[Sweep, Sweep]:
    """How the window of an operator moves down and across."""
    is_same = options.number(0, "b") == _SAME
    down, across = options.number(2, "i"), options.number(1, "i")
    return Sweep(window[0], down, is_same), Sweep(window[1], across, is_same)


def write_windowed(
    low: Lowering,
    operator: Operator,
    kind: Kind,
    sweeps: tuple[Sweep, Sweep],
    channels: int,
    *parameters: int,
) -> None:
    """Add an operator that moves a window over its first input.

    Args:
        low: the plan in the making.
        operator: the operator of the model.
        kind: the operator of the plan.
        sweeps: how the window moves down and across.
        channels: those of the output.
        parameters: what the plan states of it after the window.

    Raises:
        ModelError: the output has another shape in the model.
    """
    down, across = sweeps
    rows, columns = low.shape(operator.inputs[0]).sides
    low.write_from(
        [low.read(operator.inputs[0])],
        operator,
        kind,
        Shape(down.over(rows), across.over(columns), channels),
        pair(down.window, across.window),
        pair(down.step, across.step),
        pair(down.before(rows, low.size[0]), across.before(columns, low.size[1])),
        *parameters,
    )


def convolution(low: Lowering, operator: Operator) -> None:
    """CONV_2D; groups and dilations become zeros in the kernel."""
    options = operator.options(1, 7)
    assert options
    value, kernel = (low.tensor(number) for number in operator.inputs[:2])
    shape = low.shape(operator.inputs[0])
    weights = _dilated(kernel.values, options.number(5, "i", 1), options.number(4, "i", 1))
    weights = _ungrouped(weights, shape.channels)
    write_windowed(
        low,
        operator,
        Kind.CONVOLUTION,
        sweeps_of(options, weights.shape[1:3]),
        len(weights),
        low.keep(packed(weights)),
        low.keep(scaling_of(low, operator, weights)),
        ends_of(low, operator, value, options.number(3, "b")),
    )


def _dilated(weights: npt.NDArray[np.int8], down: int, across: int) -> npt.NDArray[np.int8]:
    """A kernel with zeros between its rows and columns."""
    if (down, across) == (1, 1):
        return weights
    count, height, width, channels = weights.shape
    sides = ((height - 1) * down + 1, (width - 1) * across + 1)
    wide = np.zeros((count, *sides, channels), np.int8)
    wide[:, ::down, ::across] = weights
    return wide


def _ungrouped(weights: npt.NDArray[np.int8], channels: int) -> npt.NDArray[np.int8]:
    """A kernel that sees all channels, with zeros for those of other groups."""
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
    """A kernel in the order in which C reads it.

    Args:
        weights: (outputs, height, width, channels).

    Returns:
        Blocks of 16 outputs, the last one of as many as there are, rounded up to a multiple of 4:
        of each, (height, groups of 4 inputs in a row of the kernel, outputs, 4).
    """
    count, height = weights.shape[:2]
    rows = weights.reshape(count, height, -1)
    padding = [(0, -count % GROUP), (0, 0), (0, -rows.shape[2] % GROUP)]
    if any(after for _, after in padding):
        rows = np.pad(rows, padding)
    groups = np.ascontiguousarray(rows).view(np.uint32)  # moved as words, four times as fast
    whole = len(groups) // BLOCK * BLOCK
    blocks = groups[:whole].reshape(-1, BLOCK, height, groups.shape[2]).transpose(0, 2, 3, 1)
    last = groups[whole:].transpose(1, 2, 0)
    return np.concatenate([blocks.ravel(), last.ravel()]).view(np.int8)


def ends_of(low: Lowering, operator: Operator, value: Tensor, activation: int) -> int:
    """Zero points of the input and the output, and the output's limits, as a word."""
    output = low.tensor(operator.outputs[0])
    return four(zero_of(value), zero_of(output), *activation_range(output, activation))


def scaling_of(
    low: Lowering,
    operator: Operator,
    weights: npt.NDArray[np.int8],
    places: tuple[int, int] = (0, 1),
    times: int = 1,
) -> npt.NDArray[np.int32]:
    """Bias, multiplier and shift of each output, padded to a multiple of 4.

    Args:
        low: the model and the plan.
        operator: the operator, whose bias follows its inputs.
        weights: (outputs, height, width, channels); the bias is to include what the input's zero
            point adds to their sums.
        places: which inputs are the value and the kernel.
        times: how often the model's outputs are repeated.
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
    table = np.stack([_wrapped(bias), *quantize_multipliers(factors)]).astype(np.int32)
    return np.pad(table, [(0, 0), (0, -count % GROUP)])


def _wrapped(sums: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Sums as 32 bits hold them."""
    return sums.astype(np.uint64).astype(np.uint32).view(np.int32)


def _factors(
    low: Lowering, operator: Operator, value: Tensor, kernel: Tensor, count: int
) -> npt.NDArray[np.float64]:
    """Factor of each output's sums, in double precision as in TFLite."""
    scales = np.broadcast_to(kernel.quantization.scales.astype(np.float64), count)
    output = low.tensor(operator.outputs[0])
    return value.quantization.scale * scales / output.quantization.scale


def depthwise(low: Lowering, operator: Operator) -> None:
    """DEPTHWISE_CONV_2D."""
    options = operator.options(2, 7)
    assert options
    value, kernel = (low.tensor(number) for number in operator.inputs[:2])
    shape = low.shape(operator.inputs[0])
    weights = _dilated(kernel.values, options.number(6, "i", 1), options.number(5, "i", 1))
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
        ends_of(low, operator, value, options.number(4, "b")),
        count // shape.channels,
    )


def fully_connected(low: Lowering, operator: Operator) -> None:
    """FULLY_CONNECTED, as a convolution of one place, or of each place for itself."""
    options = operator.options(8, 6)
    assert options
    value, weights = (low.tensor(number) for number in operator.inputs[:2])
    kernel = weights.values[:, np.newaxis, np.newaxis]
    given, shape = low.read(operator.inputs[0]), low.shape(operator.inputs[0])
    if shape.channels != kernel.shape[3]:
        shape = flat(kernel.shape[3])
        given = low.step([given], Kind.COPY, shape)
    low.write_from(
        [given],
        operator,
        Kind.CONVOLUTION,
        shape._replace(channels=len(kernel)),
        pair(1, 1),
        pair(1, 1),
        0,
        low.keep(packed(kernel)),
        low.keep(scaling_of(low, operator, kernel)),
        ends_of(low, operator, value, options.number(0, "b")),
        0,
        _ROUNDED_ONCE,
    )
