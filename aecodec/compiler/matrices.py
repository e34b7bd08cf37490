"""Products of matrices: FULLY_CONNECTED and BATCH_MATMUL."""

import math

import numpy as np

from aecodec.compiler import lowering
from aecodec.compiler.convolutions import ends_of, scaling_of, write_product
from aecodec.compiler.model import Operator
from aecodec.compiler.movement import arranged, steps_of
from aecodec.compiler.plan import Kind, four

_ROUNDED_ONCE = 1
"""LiteRT's kernels round the sums of matrix products once, but those of convolutions twice."""


def lower_fully_connected(low: lowering.Lowering, operator: Operator) -> None:
    value, weights = (low.tensor(number) for number in operator.inputs[:2])
    kernel = weights.values[:, np.newaxis, np.newaxis]
    number, depth = low.read(operator.inputs[0]), kernel.shape[3]
    if low.shape(operator.inputs[0]).channels != depth:
        rows = lowering.fixed_shape(1, math.prod(value.shape) // depth, depth)
        number = low.step([number], Kind.COPY, rows)
    scaling, ends = scaling_of(low, operator, kernel), ends_of(low, operator, value)
    write_product(low, operator, number, kernel, scaling, ends, 0, _ROUNDED_ONCE)


def lower_batch_product(low: lowering.Lowering, operator: Operator) -> None:
    """Lower BATCH_MATMUL: for each batch, rows of the first input times columns of the second."""
    options = operator.options
    tensors = [low.tensor(number) for number in (*operator.inputs, *operator.outputs)]
    *batches, rows, columns = tensors[-1].shape
    inputs = [
        _by_rows(low, operator.inputs[0], tuple(batches), is_turned=options.adjX),
        _by_rows(low, operator.inputs[1], tuple(batches), is_turned=not options.adjY),
    ]
    left, right, output = (tensor.scale for tensor in tensors)
    low.write(
        operator,
        Kind.MATRICES,
        lowering.fixed_shape(math.prod(batches), rows, columns),
        four(*map(lowering.zero_of, tensors)),
        four(-128, 127),
        *(0, 0, 0, 0),
        *lowering.quantize_multiplier(left * right / output),
        inputs=inputs,
    )


def _by_rows(
    low: lowering.Lowering, number: int, batches: tuple[int, ...], *, is_turned: bool
) -> int:
    """Add the matrices of a tensor below each other, by rows, or by columns if `is_turned`.

    The tensor may have a single matrix for all `batches` of the output.
    """
    tensor = low.tensor(number)
    own = (1,) * (len(batches) + 2 - len(tensor.shape)) + tensor.shape
    if math.prod(own[:-2]) == 1:
        batches = own[:-2]
    rows, columns = own[-2:][::-1] if is_turned else own[-2:]
    shape = lowering.fixed_shape(math.prod(batches), rows, columns)
    if tensor.is_constant:
        values = np.broadcast_to(tensor.values.reshape(own), (*batches, *own[-2:]))
        return low.plan.constant(shape, values.swapaxes(-1, -2) if is_turned else values)
    if not is_turned and batches == own[:-2]:
        return low.as_shape(number, shape)
    steps = [step * (side > 1) for side, step in zip(own, steps_of(own), strict=True)]
    if is_turned:
        steps[-2:] = steps[:-3:-1]
    return arranged(low, number, [*batches, rows, columns], steps, shape)
