"""SOFTMAX: exponentials in fixed point, as gemmlowp computes them for LiteRT's reference kernel."""

import math

import numpy as np
import numpy.typing as npt

from aecodec.errors import ModelError
from aecodec.network.elementwise import check_unary
from aecodec.network.lowering import Lowering
from aecodec.network.plan import Kind, Shape, fixed
from aecodec.tflite.arithmetic import quantize_multiplier
from aecodec.tflite.call import QUANTIZED, Call, Result, ensure
from aecodec.tflite.model import Operator

_OPTIONS = (9, 1)

_BITS = 26
"""Bits after the point of what the exponential is taken of; 5 are before it."""

_ONE = (1 << 31) - 1
"""1, as near as 31 bits after the point hold it."""

_EXPONENTIALS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
"""exp(-1/4), exp(-1/2), exp(-1), ... exp(-16), with 31 bits after the point."""

MOST_CHANNELS = 511
"""With more channels, sums of exponentials leave the range that the reference kernel divides by."""


def check_softmax(call: Call) -> Result:
    beta = call.options(*_OPTIONS).number(0, "f")
    ensure(0 < beta < 1e6, "its factor is out of range")
    return _check(call, beta)


def check_log_softmax(call: Call) -> Result:
    """Logarithm of the softmax over the last axis."""
    return _check(call, 1.0)


def _check(call: Call, beta: float) -> Result:
    result, value = check_unary(call), call.take(1)[0]
    ensure(1 <= value.rank <= 4, "it has other axes than softmax takes")
    if value.type in QUANTIZED:
        ensure(beta * value.scale * 2**_BITS > 1, "its scale is too fine")
    return result


def lower_softmax(low: Lowering, operator: Operator) -> None:
    beta = operator.options(*_OPTIONS).number(0, "f")
    value, shape = low.tensor(operator.inputs[0]), low.shape(operator.inputs[0])
    length = value.shape[-1]
    if length > MOST_CHANNELS:
        raise ModelError(f"it shares 1 among {length} channels, and C takes {MOST_CHANNELS}")
    if shape.channels != length:
        shape = Shape(fixed(1), fixed(math.prod(value.shape[:-1])), length)
    table = exponentials(beta * value.quantization.scale)
    reshaped = low.as_shape(operator.inputs[0], shape)
    low.write_as([reshaped], operator, Kind.SOFTMAX, shape, low.keep(table))


def exponentials(scale: float) -> npt.NDArray[np.int32]:
    """exp(-n * scale) for n from 0 to 255, with 31 bits after the point.

    Exponentials that are too small for the reference kernel are 0.

    >>> (exponentials(0.5)[:3] / 2**31).round(4).tolist()
    [1.0, 0.6065, 0.3679]
    """
    multiplier, shift = quantize_multiplier(min(scale * 2**_BITS, _ONE))
    most = (31 << _BITS) // (1 << shift)
    scaled = [_product(-n << shift, multiplier) if n <= most else None for n in range(256)]
    return np.array([0 if x is None else _exponential(x) for x in scaled], np.int32)


def _product(number: int, factor: int) -> int:
    """A number times a factor with 31 bits after the point."""
    return (number * factor + (1 << 30)) >> 31


def _quotient(number: int, bits: int) -> int:
    """A number over a power of two, rounded, halves away from 0."""
    return (number + (1 << (bits - 1)) - (number < 0)) >> bits


def _exponential(number: int) -> int:
    """The exponential of a number up to 0: that of its last quarter, times those of its bits."""
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
    """The exponential of a number from -1/4 on and below 0: Taylor's series around -1/8."""
    x = number + (1 << 28)
    square = _product(x, x)
    cube, fourth = _product(square, x), _product(square, square)
    sixths = _product(_quotient(fourth, 2) + cube, 715827883)
    middle = 1895147668
    return middle + _product(middle, x + _quotient(sixths + square, 1))
