"""BATCH_MATMUL: products of matrices, as an operator of a plan."""

from __future__ import annotations

import math

import numpy as np

from aecodec.network.arithmetic import quantize_multiplier, zero_of
from aecodec.network.lowering import Lowering
from aecodec.network.movement import arranged, steps_of
from aecodec.network.plan import Kind, Shape, four
from aecodec.network.side import fixed
from aecodec.tflite.model import Operator


def batch_product(low: Lowering, operator: Operator) -> None:
    """BATCH_MATMUL: of each batch, rows of the first input times columns of the second."""
    options = operator.options(101, 3)
    assert options
    one, other = (low.tensor(number) for number in operator.inputs)
    output = low.tensor(operator.outputs[0])
    batches, (rows, columns) = output.shape[:-2], output.shape[-2:]
    inputs = [
        _by_rows(low, operator.inputs[0], batches, is_turned=bool(options.number(0, "?"))),
        _by_rows(low, operator.inputs[1], batches, is_turned=not options.number(1, "?")),
    ]
    scales = [each.quantization.scale for each in (one, other, output)]
    low.write_as(
        inputs,
        operator,
        Kind.MATRICES,
        Shape(fixed(math.prod(batches)), fixed(rows), columns),
        four(*map(zero_of, (one, other, output))),
        four(-128, 127),
        *(0, 0, 0, 0),
        *quantize_multiplier(scales[0] * scales[1] / scales[2]),
    )


def _by_rows(low: Lowering, number: int, batches: tuple[int, ...], *, is_turned: bool) -> int:
    """A tensor of the plan: the matrices one below the other, each by rows, or turned by columns.

    Args:
        low: the model and the plan.
        number: number of a tensor of the model, of matrices or of one for all batches.
        batches: sides of the output before those of matrices.
        is_turned: whether rows and columns are exchanged.
    """
    tensor = low.tensor(number)
    own = (1,) * (len(batches) + 2 - len(tensor.shape)) + tensor.shape
    if math.prod(own[:-2]) == 1:
        batches = own[:-2]
    rows, columns = own[-2:][::-1] if is_turned else own[-2:]
    shape = Shape(fixed(math.prod(batches)), fixed(rows), columns)
    if tensor.is_constant:
        values = np.broadcast_to(tensor.values.reshape(own), (*batches, *own[-2:]))
        return low.plan.constant(shape, values.swapaxes(-1, -2) if is_turned else values)
    if not is_turned and batches == own[:-2]:
        return low.as_shape(number, shape)
    steps = [step * (side > 1) for side, step in zip(own, steps_of(own), strict=True)]
    if is_turned:
        steps[-2:] = steps[:-3:-1]
    return arranged(low, number, [*batches, rows, columns], steps, shape)
