"""Reductions over axes: sums, means, extremes, their positions, and softmax.

Softmax uses fixed-point exponentials that gemmlowp computes for LiteRT's reference kernel.
"""

import math

import numpy as np
import numpy.typing as npt

from aecodec.base.errors import ModelError
from aecodec.compiler.lowering import Lowering, fixed_shape, flat, quantize_multiplier, zero_of
from aecodec.compiler.model import Operator
from aecodec.compiler.movement import arranged, steps_of
from aecodec.compiler.plan import Kind, four

REDUCTIONS = {"MEAN": 0, "REDUCE_MAX": 1, "REDUCE_MIN": 2, "SUM": 3}
_ROWS_AND_COLUMNS, _CHANNELS = 0, 1


def lower_reduction(low: Lowering, operator: Operator) -> None:
    value, output = low.tensor(operator.inputs[0]), low.tensor(operator.outputs[0])
    axes = low.tensor(operator.inputs[1]).values.ravel().tolist()
    reduced = sorted(int(axis) % len(value.shape) for axis in axes)
    reduced = [axis for axis in reduced if value.shape[axis] > 1]
    zeros = four(zero_of(value), zero_of(output))
    factor = value.scale / output.scale
    parameters = REDUCTIONS[operator.name], zeros, *quantize_multiplier(factor)
    _reduce(low, operator, reduced, *parameters)


def _reduce(low: Lowering, operator: Operator, reduced: list[int], *parameters: int) -> None:
    sides, number = low.tensor(operator.inputs[0]).shape, low.read(operator.inputs[0])
    shape, rank = low.plan.tensors[number].shape, len(sides)
    if rank == 4 and reduced == [axis for axis in (1, 2) if sides[axis] > 1]:
        result, axes = flat(shape.channels), _ROWS_AND_COLUMNS
    elif reduced == [rank - 1] and shape.channels == sides[-1]:
        result, axes = shape._replace(channels=1), _CHANNELS
    else:
        number = _as_channels(low, operator.inputs[0], reduced)
        result, axes = low.plan.tensors[number].shape._replace(channels=1), _CHANNELS
    low.write(operator, Kind.REDUCTION, result, axes, *parameters, inputs=[number])


def _as_channels(low: Lowering, number: int, reduced: list[int]) -> int:
    sides, steps = low.tensor(number).shape, steps_of(low.tensor(number).shape)
    order = [axis for axis in range(len(sides)) if axis not in reduced] + reduced
    channels = math.prod(sides[axis] for axis in reduced)
    shape = fixed_shape(1, math.prod(sides) // channels, channels)
    return arranged(
        low, number, [sides[axis] for axis in order], [steps[axis] for axis in order], shape
    )


_BITS = 26
"""Fractional bits of the exponential's argument; 5 bits are before the point."""

_ONE = (1 << 31) - 1
_EXPONENTIALS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
"""exp(-1/4), exp(-1/2), exp(-1), ... exp(-16), with 31 fractional bits."""

MOST_CHANNELS = 511
"""With more channels, sums of exponentials exceed the range of the reference kernel's division."""


def lower_softmax(low: Lowering, operator: Operator) -> None:
    value, shape = low.tensor(operator.inputs[0]), low.shape(operator.inputs[0])
    length = value.shape[-1]
    if length > MOST_CHANNELS:
        raise ModelError(f"its {length} channels exceed the C limit of {MOST_CHANNELS}")
    if shape.channels != length:
        shape = fixed_shape(1, math.prod(value.shape[:-1]), length)
    table = exponentials(operator.options.beta * value.scale)
    reshaped = low.as_shape(operator.inputs[0], shape)
    low.write(operator, Kind.SOFTMAX, shape, low.keep(table), inputs=[reshaped])


def exponentials(scale: float) -> npt.NDArray[np.int32]:
    """exp(-n * scale) for n from 0 to 255 with 31 fractional bits, or 0."""
    multiplier, shift = quantize_multiplier(min(scale * 2**_BITS, _ONE))
    most = (31 << _BITS) // (1 << shift)
    scaled = [_product(-n << shift, multiplier) if n <= most else None for n in range(256)]
    return np.array([0 if x is None else _exponential(x) for x in scaled], np.int32)


def _product(number: int, factor: int) -> int:
    return (number * factor + (1 << 30)) >> 31


def _quotient(number: int, bits: int) -> int:
    """Divide by a power of two; halves are rounded away from 0."""
    return (number + (1 << (bits - 1)) - (number < 0)) >> bits


def _exponential(number: int) -> int:
    """exp of a number up to 0: exp of its last quarter, times a factor for each higher bit."""
    if number == 0:
        return _ONE
    quarter = 1 << (_BITS - 2)
    last = (number & (quarter - 1)) - quarter
    result, rest = _near_0(last << (31 - _BITS)), last - number
    for place, factor in enumerate(_EXPONENTIALS):
        if rest >> (_BITS - 2 + place) & 1:
            result = _product(result, factor)
    return result


def _near_0(number: int) -> int:
    """exp of a number in -1/4..0, by a Taylor series around -1/8."""
    x = number + (1 << 28)
    square = _product(x, x)
    cube, fourth = _product(square, x), _product(square, square)
    sixths = _product(_quotient(fourth, 2) + cube, 715827883)
    middle = 1895147668
    return middle + _product(middle, x + _quotient(sixths + square, 1))
