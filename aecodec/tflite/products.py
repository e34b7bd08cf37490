"""Convolutions, pooling and matrix products: their shapes, types and cost."""

from __future__ import annotations

import math

from aecodec.tflite.call import Call, Result, Value, check_activation, constants, ensure
from aecodec.tflite.flatbuffer import Table
from aecodec.tflite.model import Shape, Type

_SAME = 0
_MAX_STEP = 1 << 12
"""Most of a stride or a dilation."""

_POINTER = 8

_KERNEL_TYPES = {
    Type.FLOAT32: (Type.FLOAT32, Type.INT8),
    Type.INT8: (Type.INT8,),
    Type.INT16: (Type.INT8,),
}
"""Types of kernels by the type of the input; int8 with a float input is a hybrid operator."""

_BIAS_TYPES = {
    Type.FLOAT32: (Type.FLOAT32,),
    Type.INT8: (Type.INT32,),
    Type.INT16: (Type.INT32, Type.INT64),
}


def convolution(call: Call) -> Result:
    """A convolution in two dimensions, which may be in groups."""
    (value, kernel), bias = call.take_with_bias(2)
    options = call.options(1, 7)
    check_activation(options, 3)
    _check_layer(call, value, kernel, bias, channels=0)
    count, channels_in = kernel.shape[0], kernel.shape[3]
    groups = value.shape[3] // channels_in
    ensure(value.shape[3] == groups * channels_in and count % groups == 0, "its groups do not fit")
    ensure(groups == 1 or kernel.type == value.type, "its groups are in a mixed form")
    sides = _sides(value, kernel.shape[1:3], options, dilations=(5, 4))
    return _convolved(value, kernel, (*sides, count), channels_in)


def depthwise_convolution(call: Call) -> Result:
    """A convolution of each channel for itself."""
    (value, kernel), bias = call.take_with_bias(2)
    options = call.options(2, 7)
    check_activation(options, 4)
    _check_layer(call, value, kernel, bias, channels=3)
    count = kernel.shape[3]
    fits = kernel.shape[0] == 1 and count == value.shape[3] * options.number(3, "i")
    ensure(fits, "its kernel does not fit its input")
    sides = _sides(value, kernel.shape[1:3], options, dilations=(6, 5))
    return _convolved(value, kernel, (*sides, count), 1)


def transposed_convolution(call: Call) -> Result:
    """A transposed convolution, whose output's shape is constant."""
    (shape, kernel, value), bias = call.take_with_bias(3)
    options = call.options(49, 5)
    check_activation(options, 3)
    _check_layer(call, value, kernel, bias, channels=0)
    found = tuple(constants(shape))
    ensure(len(found) == 4 and min(found) >= 1, "its output is no picture")
    ensure(found[::3] == (value.shape[0], kernel.shape[0]), "its output does not fit its input")
    ensure(kernel.shape[3] == value.shape[3], "its kernel does not fit its input")
    padding, strides = options.number(0, "b"), (options.number(2, "i"), options.number(1, "i"))
    for axis, stride in enumerate(strides, start=1):
        side = _side(found[axis], kernel.shape[axis], padding, stride, 1)
        ensure(side == value.shape[axis], "its output does not fit its input")
    work = value.size * math.prod(kernel.shape[:3])
    scratch = 4 * value.size // value.shape[3] * math.prod(kernel.shape[:3])
    return Result((found,), work, scratch)


def pooling(call: Call) -> Result:
    """The mean or the maximum of windows."""
    (value,) = call.take(1)
    options = call.options(5, 6)
    call.check_types([value], Type.FLOAT32, Type.INT8, Type.INT16)
    check_activation(options, 5)
    ensure(value.rank == 4, "its input is no picture")
    window = (options.number(4, "i"), options.number(3, "i"))
    ensure(all(1 <= side <= _MAX_STEP for side in window), "its window has no size")
    shape = (*_sides(value, window, options), value.shape[3])
    return Result((shape,), math.prod(shape) * math.prod(window))


def fully_connected(call: Call) -> Result:
    """A product with a matrix of weights."""
    (value, weights), bias = call.take_with_bias(2)
    options = call.options(8, 6)
    check_activation(options, 0)
    _check_kernel_types(call, value, weights, bias)
    ensure(weights.rank == 2 and value.rank >= 1, "its weights are no matrix")
    count, length = weights.shape
    ensure(not (options.number(1, "b") or options.has(5)), "its weights are in a form of its own")
    ensure(bias is None or bias.size == count, "its bias does not fit its weights")
    _check_slices(weights, 0)
    _check_slices(bias, 0)
    keeps = options.number(2, "?")
    fits = value.shape[-1] == length if keeps else value.size % length == 0
    ensure(fits, "its weights do not fit its input")
    shape = (*value.shape[:-1], count) if keeps else (value.size // length, count)
    return Result((shape,), math.prod(shape) * length)


def batch_product(call: Call) -> Result:
    """Products of matrices."""
    one, other = call.take(2)
    options = call.options(101, 3)
    call.check_types([one, other], Type.FLOAT32, Type.INT8, Type.INT16)
    ensure(all(2 <= each.rank <= 4 for each in (one, other)), "its inputs are no matrices")
    rows, length = _turned(one.shape, options.number(0, "?"))
    other_length, columns = _turned(other.shape, options.number(1, "?"))
    ensure(length == other_length, "its matrices do not fit together")
    batches = _batches(one.shape[:-2], other.shape[:-2])
    shape = (*batches, rows, columns)
    return Result((shape,), math.prod(shape) * length, 4 * (one.size + other.size))


def _batches(one: Shape, other: Shape) -> Shape:
    rank = max(len(one), len(other))
    padded = [(1,) * (rank - len(shape)) + shape for shape in (one, other)]
    fits = all(a == b or 1 in (a, b) for a, b in zip(*padded, strict=True))
    ensure(fits, "its matrices do not fit together")
    return tuple(map(max, *padded)) if rank else ()


def _turned(shape: Shape, is_turned: bool) -> Shape:
    return shape[-2:][::-1] if is_turned else shape[-2:]


def _check_layer(
    call: Call, value: Value, kernel: Value, bias: Value | None, channels: int
) -> None:
    """Check types, ranks, bias and quantization of a convolution.

    Args:
        call: the call.
        value: what the kernel is applied to.
        kernel: the kernel.
        bias: the bias, if there is one.
        channels: axis of the kernel that has the output's channels.
    """
    _check_kernel_types(call, value, kernel, bias)
    ensure(value.rank == kernel.rank == 4, "its input is no picture")
    ensure(bias is None or bias.shape == (kernel.shape[channels],), "its bias does not fit")
    _check_slices(kernel, channels)
    _check_slices(bias, 0)


def _check_kernel_types(call: Call, value: Value, kernel: Value, bias: Value | None) -> None:
    ensure(value.type in _KERNEL_TYPES, "its input is of another type")
    ensure(kernel.type in _KERNEL_TYPES[value.type], "its kernel is of another type")
    ensure(call.output.type == value.type, "its output is of another type")
    ensure(kernel.is_static and (bias is None or bias.is_static), "its kernel is not constant")
    ensure(bias is None or bias.type in _BIAS_TYPES[value.type], "its bias is of another type")
    ensure(kernel.type == Type.FLOAT32 or kernel.scale, "its kernel has no scale")


def _check_slices(value: Value | None, axis: int) -> None:
    """Check that a tensor has one scale, or one for each channel along an axis."""
    if value is not None:
        quantization = value.tensor.quantization
        fits = len(quantization.scales) <= 1 or quantization.axis == axis
        ensure(fits, "its scales are along another axis")


def _sides(
    value: Value, window: Shape, options: Table, dilations: tuple[int, int] | None = None
) -> Shape:
    """(pictures, rows, columns) of the output of a window that moves over pictures."""
    padding, strides = options.number(0, "b"), (options.number(2, "i"), options.number(1, "i"))
    wide = [options.number(field, "i", 1) for field in dilations] if dilations else [1, 1]
    each = zip(value.shape[1:3], window, strides, wide, strict=True)
    return (value.shape[0], *(_side(a, b, padding, c, d) for a, b, c, d in each))


def _side(side: int, window: int, padding: int, stride: int, dilation: int) -> int:
    ensure(padding in (_SAME, 1), "its padding is neither of two kinds")
    ensure(
        all(1 <= step <= _MAX_STEP for step in (stride, dilation)), "a step is no number of steps"
    )
    seen = 1 if padding == _SAME else (window - 1) * dilation + 1
    ensure(seen <= side, "its window is larger than its input")
    return (side - seen) // stride + 1


def _convolved(value: Value, kernel: Value, shape: Shape, channels_in: int) -> Result:
    area = kernel.shape[1] * kernel.shape[2]
    places = math.prod(shape[:3])
    patches = places * area * value.shape[3] * value.tensor.bytes_of(()) if area > 1 else 0
    work = math.prod(shape) * area * channels_in
    return Result((shape,), work, patches + places * area * _POINTER)
