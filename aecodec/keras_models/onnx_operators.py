"""ONNX operators as Keras layers and operations, by name.

The arguments of a function are the node, then a value for each input: a :class:`Value`, an array
for a constant, or None. It returns a value or, for several outputs, a list.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Callable
from functools import partial, reduce
from typing import Any, NamedTuple

import numpy as np
from keras import layers, ops

from aecodec.base.errors import ModelError
from aecodec.keras_models.layers import DepthToSpace, SpaceToDepth, Standardization
from aecodec.keras_models.onnx_values import (
    ANY_SIZE,
    Array,
    Value,
    arranged,
    combined,
    image_like,
    image_value,
    operand,
    reshaped,
    with_rank,
)


class Node(NamedTuple):
    """A node of a graph: its attributes by name, and a unique name for its layer.

    `fold` computes the results for constant inputs.
    """

    attributes: dict[str, Any]
    name: str | None = None
    fold: Any = None

    def get(self, name: str, default: Any = None) -> Any:
        return self.attributes.get(name, default)


def _unary(function: Callable[..., Any], **defaults: float) -> Callable[..., Value]:
    def convert(node: Node, value: Value) -> Value:
        parameters = [float(node.get(name, default)) for name, default in defaults.items()]
        return value._replace(tensor=function(value.tensor, *parameters))

    return convert


def _elementwise(function: Callable[..., Any]) -> Callable[..., Value]:
    return lambda node, *parts: reduce(partial(combined, function), parts)


def _add(node: Node, left: Any, right: Any) -> Any:
    if isinstance(right, np.ndarray):  # second, Keras would make a BiasAdd, which TFLite may lack
        left, right = right, left
    is_zero = isinstance(left, np.ndarray) and not left.any() and None not in right.shape
    if is_zero and np.broadcast_shapes(left.shape, right.shape) == right.shape:
        return right
    return combined(ops.add, left, right)


def _multiply(node: Node, left: Any, right: Any) -> Any:
    for value, zeros in ((left, right), (right, left)):
        if isinstance(zeros, np.ndarray) and not zeros.any() and None not in value.shape:
            return np.zeros(np.broadcast_shapes(value.shape, zeros.shape), np.float32)
    return combined(ops.multiply, left, right)


def _divide(node: Node, left: Any, right: Any) -> Value:
    if _is_whole(left) and _is_whole(right):
        return combined(ops.floor_divide, left, right)
    if isinstance(right, np.ndarray):
        return combined(ops.multiply, left, 1 / right)
    return combined(ops.divide, left, right)


def _is_whole(part: Any) -> bool:
    return "int" in str(part.tensor.dtype if isinstance(part, Value) else part.dtype)


def _power(node: Node, value: Value, exponent: Any) -> Value:
    functions = {2.0: ops.square, 0.5: ops.sqrt, 1.0: lambda tensor: tensor}
    if isinstance(exponent, np.ndarray) and exponent.size == 1 and exponent.item() in functions:
        return value._replace(tensor=functions[exponent.item()](value.tensor))
    return combined(ops.power, value, exponent)


def _clip(node: Node, value: Value, low: Any = None, high: Any = None) -> Value:
    low, high = (None if limit is None else limit.item() for limit in (low, high))
    if low == 0 and (high is None or high > 0):
        return value._replace(tensor=layers.ReLU(high, name=node.name)(value.tensor))
    tensor = value.tensor if low is None else ops.maximum(value.tensor, low)
    return value._replace(tensor=tensor if high is None else ops.minimum(tensor, high))


def _leaky(node: Node, value: Value) -> Value:
    layer = layers.LeakyReLU(node.get("alpha", 0.01), name=node.name)
    return value._replace(tensor=layer(value.tensor))


def _prelu(node: Node, value: Value, slopes: Array) -> Value:
    if slopes.size == 1:
        return _leaky(Node({"alpha": slopes.item()}, node.name), value)
    below = value._replace(tensor=ops.minimum(value.tensor, 0.0))
    above = value._replace(tensor=ops.relu(value.tensor))
    return combined(ops.add, above, combined(ops.multiply, below, slopes))


def _erf(tensor: Any) -> Any:
    """The error function within 1.5e-7: M. Abramowitz and I. Stegun, 1964, formula 7.1.26."""
    size = ops.abs(tensor)
    part = 1 / (1 + 0.3275911 * size)
    series = 0.0
    for factor in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = (series + factor) * part
    return ops.sign(tensor) * (1 - series * ops.exp(-size * size))


_FLOATS = (1, 10, 11, 16)
"""ONNX's numbers of float32, float16, double and bfloat16."""


def _cast(node: Node, value: Value) -> Value:
    is_float = node.get("to") in _FLOATS
    if is_float == ("float" in str(value.tensor.dtype)):
        return value
    return value._replace(tensor=ops.cast(value.tensor, "float32" if is_float else "int32"))


# Convolutions


def _pads(node: Node) -> list[tuple[int, int]]:
    if node.get("auto_pad", "NOTSET") != "NOTSET":
        raise ModelError("auto_pad is not supported: use pads instead")
    top, left, bottom, right = node.get("pads", (0, 0, 0, 0))
    return [(top, bottom), (left, right)]


def _same(side: int | None, kernel: int, stride: int) -> tuple[int, int] | None:
    """(before, after) of TensorFlow's padding "same"; None if it depends on an unknown side."""
    if side is None and stride > 1:
        return None
    total = max((math.ceil((side or 1) / stride) - 1) * stride + kernel - (side or 1), 0)
    return total // 2, total - total // 2


def _windows(node: Node, tensor: Any, kernel: tuple[int, ...], mode: str) -> tuple[Any, str]:
    """The tensor to slide a kernel (height, width) over, and the padding of the layer."""
    pads, strides = _pads(node), node.get("strides", (1, 1))
    sides = tensor.shape[1:3]
    if pads == [_same(*window) for window in zip(sides, kernel, strides, strict=True)]:
        return tensor, "same" if any(map(any, pads)) else "valid"
    return _padded(tensor, {1: pads[0], 2: pads[1]}, mode), "valid"


def _convolution(node: Node, value: Value, kernel: Array, bias: Array | None = None) -> Value:
    if kernel.ndim == 3:  # of pictures with a single row
        wide = {name: (1, *node.get(name, (1,))) for name in ("strides", "dilations")}
        before, after = node.get("pads", (0, 0))
        node = Node({**node.attributes, **wide, "pads": (0, before, 0, after)}, node.name)
        row = _unsqueeze(node, value, np.array([2]))
        return _squeeze(node, _convolution(node, row, kernel[:, :, None], bias), [2])
    images = image_like(value)
    group, (outputs, depth, *sides) = node.get("group", 1), kernel.shape
    dilations = node.get("dilations", (1, 1))
    reach = tuple((side - 1) * rate + 1 for side, rate in zip(sides, dilations, strict=True))
    images, padding = _windows(node, images, reach, "constant")
    options = {
        "strides": tuple(node.get("strides", (1, 1))), "padding": padding,
        "dilation_rate": tuple(dilations), "use_bias": bias is not None, "name": node.name,
    }  # fmt: skip
    weights = kernel.transpose(2, 3, 1, 0)
    if depth == 1 and group == images.shape[-1] > 1:
        layer = layers.DepthwiseConv2D(sides, depth_multiplier=outputs // group, **options)
        weights = kernel.reshape(group, -1, *sides).transpose(2, 3, 0, 1)
    else:
        layer = layers.Conv2D(outputs, sides, groups=group, **options)
    return image_value(_with_weights(layer, images, weights, bias))


def _with_weights(layer: Any, tensor: Any, *weights: Array | None) -> Any:
    result = layer(tensor)
    layer.set_weights([weight for weight in weights if weight is not None])
    return result


def _transposed(node: Node, value: Value, kernel: Array, bias: Array | None = None) -> Value:
    """ConvTranspose: TensorFlow's padding "same" if that fits, or else "valid" and a crop."""
    kernel = _whole_kernel(kernel, node.get("group", 1), node.get("dilations", (1, 1)))
    strides, extras = tuple(node.get("strides", (1, 1))), node.get("output_padding", (0, 0))
    ends, crops = [], []
    for side, stride, pad, extra in zip(
        kernel.shape[2:], strides, _pads(node), extras, strict=True
    ):
        ends.append(max(extra - pad[1], stride - side, 0))  # zeros that make the crop possible
        crops.append((pad[0], pad[1] - extra + ends[-1]))
    kernel = np.pad(kernel, [(0, 0), (0, 0), *((0, end) for end in ends)])
    totals = [side - stride for side, stride in zip(kernel.shape[2:], strides, strict=True)]
    is_same = crops == [(total // 2, total - total // 2) for total in totals]
    layer = layers.Conv2DTranspose(
        kernel.shape[1], kernel.shape[2:], strides, padding="same" if is_same else "valid",
        use_bias=bias is not None, name=node.name,
    )  # fmt: skip
    result = _with_weights(layer, image_like(value), kernel.transpose(2, 3, 1, 0), bias)
    is_cropped = any(map(any, crops)) and not is_same
    return image_value(layers.Cropping2D(crops)(result) if is_cropped else result)


def _whole_kernel(kernel: Array, groups: int, dilations: Any) -> Array:
    """A kernel (inputs, outputs, h, w), with zeros in place of groups and dilations."""
    inputs, outputs, *sides = kernel.shape
    reach = [(side - 1) * rate + 1 for side, rate in zip(sides, dilations, strict=True)]
    parts = np.zeros((groups, inputs // groups, groups, outputs, *reach), kernel.dtype)
    for group, part in enumerate(kernel.reshape(groups, -1, outputs, *sides)):
        parts[group, :, group, :, :: dilations[0], :: dilations[1]] = part
    return parts.reshape(inputs, groups * outputs, *reach)


def _pool(node: Node, value: Value, layer: Any, mode: str) -> Value:
    kernel, images = tuple(node.get("kernel_shape")), image_like(value)
    pads, strides = _pads(node), tuple(node.get("strides", (1, 1)))
    if {*node.get("dilations", (1,))} != {1} or _is_ceiling(node, images, kernel):
        raise ModelError("dilation and ceil_mode are not supported: pad pictures to fit the window")
    if mode == "constant" and node.get("count_include_pad", 0):
        images, padding = _padded(images, {1: pads[0], 2: pads[1]}, mode), "valid"
    else:
        images, padding = _windows(node, images, kernel, mode)
        if mode == "constant" and padding == "valid" and any(map(any, pads)):
            raise ModelError("average pooling with padding needs count_include_pad=True")
    return image_value(layer(kernel, strides, padding, name=node.name)(images))


def _is_ceiling(node: Node, images: Any, kernel: tuple[int, ...]) -> bool:
    """Whether ceil_mode adds a window that is not whole."""
    windows = zip(images.shape[1:3], _pads(node), kernel, node.get("strides", (1, 1)), strict=True)
    return bool(node.get("ceil_mode", 0)) and any(
        side is None or (side + sum(pad) - length) % stride for side, pad, length, stride in windows
    )


# Norms and products


def _batch_norm(node: Node, value: Value, *weights: Array) -> Value:
    last = (*(axis for axis in value.axes if axis != 1), 1)
    layer = layers.BatchNormalization(epsilon=node.get("epsilon", 1e-5), name=node.name)
    return Value(_with_weights(layer, arranged(value, last), *weights[:4]), last, value.rank)


def _layer_norm(node: Node, value: Value, scale: Array, bias: Array | None = None) -> Value:
    first = node.get("axis", -1) % value.rank
    return _normalized(node, value, tuple(range(first, value.rank)), scale, bias)


def _instance_norm(node: Node, value: Value, scale: Array, bias: Array) -> Value:
    shape = (-1, *(1,) * (value.rank - 2))
    axes = tuple(range(2, value.rank))
    return _normalized(node, value, axes, scale.reshape(shape), bias.reshape(shape))


def _normalized(node: Node, value: Value, axes: Any, scale: Array, bias: Array | None) -> Value:
    places = [place for place in map(value.place, axes) if place is not None]
    layer = Standardization(places, node.get("epsilon", 1e-5), name=node.name)
    result = value._replace(tensor=layer(value.tensor))
    result = result if (scale == 1).all() else combined(ops.multiply, result, scale)
    return result if bias is None else _add(node, result, bias)


def _dense(node: Node, value: Value, kernel: Array, bias: Array | None = None) -> Value:
    """The last ONNX axis times a kernel (inputs, outputs)."""
    last = value.rank - 1
    axes = (*(axis for axis in value.axes if axis != last), last)
    layer = layers.Dense(kernel.shape[1], use_bias=bias is not None, name=node.name)
    tensor = _with_weights(layer, arranged(value, axes), kernel.astype(np.float32), bias)
    return Value(tensor, axes, value.rank)


def _gemm(node: Node, value: Value, kernel: Array, bias: Array | None = None) -> Value:
    if node.get("transA", 0) or {node.get("alpha", 1.0), node.get("beta", 1.0)} != {1.0}:
        raise ModelError("only linear layers are supported: use MatMul and Add")
    kernel = kernel.T if node.get("transB", 0) else kernel
    shift = None if bias is None else np.broadcast_to(bias.ravel(), kernel.shape[1:])
    return _dense(node, value, kernel, shift)


def _matrices(node: Node, left: Any, right: Any) -> Value:
    if isinstance(right, np.ndarray) and right.ndim == 2:
        return _dense(node, left, right)
    if isinstance(left, np.ndarray) and left.ndim == 2:
        return _swapped(_dense(node, _swapped(right), left.T))
    rank = max(len(part.shape) for part in (left, right))
    if min(len(part.shape) for part in (left, right)) < 2:
        raise ModelError("products of vectors are not supported: use a linear layer")
    left, right = (with_rank(part, rank) for part in (left, right))
    outer = range(rank - 2)
    lead = [axis for axis in outer if {left.shape[axis], right.shape[axis]} != {1}]
    axes = (*lead, rank - 2, rank - 1)
    return Value(ops.matmul(operand(left, axes), operand(right, axes)), axes, rank)


def _einsum(node: Node, *parts: Any) -> Value:
    """Sums of products; an extra letter stands for the batch of Keras."""
    equation = node.get("equation").replace(" ", "")
    *names, result = re.split(r",|->", equation)
    if len(parts) > 2 or "." in result or any(len({*name}) < len(name) for name in names):
        raise ModelError("its equation is not supported: use torch.matmul and permute")
    batch = next(letter for letter in string.ascii_letters if letter not in equation)
    terms, tensors = [], []
    for part, name in zip(parts, names, strict=True):
        lone = [place for place, letter in enumerate(name) if equation.count(letter) == 1]
        term = "".join(letter for letter in name if equation.count(letter) > 1)
        if isinstance(part, Value):  # TFLite only sums over letters that two tensors have
            value = _over(ops.sum, part, lone, 0)
            if len(parts) == 1:
                return _transpose(Node({"perm": list(map(term.index, result))}), value)
            terms.append(batch + term)
            tensors.append(arranged(value, range(value.rank)))
        else:
            terms.append(term)
            tensors.append(part.sum(axis=tuple(lone)))
    tensor = ops.einsum(f"{','.join(terms)}->{batch}{result}", *tensors)
    return Value(tensor, tuple(range(len(result))), len(result))


def _swapped(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.swapaxes(-1, -2)
    exchange = {value.rank - 1: value.rank - 2, value.rank - 2: value.rank - 1}
    return value._replace(axes=tuple(exchange.get(axis, axis) for axis in value.axes))


def _extreme(function: Callable[..., Any]) -> Callable[..., Value]:
    def convert(node: Node, value: Value) -> Value:
        axis = node.get("axis", 0) % value.rank
        value = _with_axis(value, axis)
        return _over(
            lambda tensor, axis: function(tensor, axis=axis[0]),
            value,
            [axis],
            node.get("keepdims", 1),
        )

    return convert


def _softmax(node: Node, value: Value) -> Value:
    axis = node.get("axis", -1) % value.rank
    axes = (*(place for place in value.axes if place != axis), axis)
    tensor = layers.Softmax(name=node.name)(arranged(value, axes))
    return Value(tensor, axes, value.rank)


def _reduced(function: Callable[..., Any]) -> Callable[..., Value]:
    def convert(node: Node, value: Value, axes: Any = None) -> Value:
        axes = node.get("axes") if axes is None else axes.tolist()  # until version 17, an attribute
        places = [axis % value.rank for axis in axes or range(value.rank)]
        return _over(function, value, places, node.get("keepdims", 1))

    return convert


def _over(function: Callable[..., Any], value: Value, axes: Any, keep: int) -> Value:
    """Reduce a value over some axes, which become 1 or disappear."""
    places = [place for place in map(value.place, axes) if place is not None]
    tensor = function(value.tensor, axis=places) if places else value.tensor
    left = value._replace(tensor=tensor, axes=tuple(a for a in value.axes if a not in axes))
    return left if keep else _without_axes(left, axes)


def _without_axes(value: Value, axes: Any) -> Value:
    kept = [axis for axis in range(value.rank) if axis not in axes]
    order = tuple(axis for axis in value.axes if axis not in axes)
    return Value(arranged(value, order), tuple(map(kept.index, order)), len(kept))


def _global(function: Callable[..., Any]) -> Callable[..., Value]:
    return lambda node, value: _over(function, value, range(2, value.rank), 1)


# Movement


def _reshape(node: Node, value: Value, sides: Array) -> Value:
    own = value.known_shape
    target = [own[axis] if side == 0 else int(side) for axis, side in enumerate(sides)]
    rest = math.prod(own) // math.prod(side for side in target if side != -1)
    target = [rest if side == -1 else side for side in target]
    axes = tuple(axis for axis, side in enumerate(target) if side != 1) or (0,)
    tensor, new = arranged(value, value.all_axes), tuple(target[axis] for axis in axes)
    return Value(tensor if tensor.shape[1:] == new else reshaped(tensor, new), axes, len(target))


def _flatten(node: Node, value: Value) -> Value:
    first = math.prod(value.known_shape[: node.get("axis", 1) % value.rank])
    return _reshape(node, value, np.array([first, -1]))


def _squeeze(node: Node, value: Value, axes: Any = None) -> Value:
    lone = [axis for axis, side in enumerate(value.shape) if side == 1]
    return _without_axes(value, lone if axes is None else [axis % value.rank for axis in axes])


def _unsqueeze(node: Node, value: Value, axes: Array) -> Value:
    rank = value.rank + len(axes)
    old = sorted(set(range(rank)) - {axis % rank for axis in axes.tolist()})
    return Value(value.tensor, tuple(old[axis] for axis in value.axes), rank)


def _transpose(node: Node, value: Value) -> Value:
    order = list(node.get("perm", range(value.rank - 1, -1, -1)))
    return value._replace(axes=tuple(map(order.index, value.axes)))


def _with_axis(value: Value, axis: int) -> Value:
    if axis in value.axes:
        return value
    return Value(arranged(value, (*value.axes, axis)), (*value.axes, axis), value.rank)


def _concatenated(node: Node, *parts: Any) -> Value:
    values = [part for part in parts if isinstance(part, Value)]
    rank = values[0].rank
    axis = node.get("axis") % rank
    axes = _with_axis(max(values, key=lambda value: len(value.axes)), axis).axes
    parts = tuple(p if isinstance(p, Value) else _constant(values[0], p) for p in parts)
    layer = layers.Concatenate(axes.index(axis) + 1, name=node.name)
    return Value(layer([arranged(part, axes) for part in parts]), axes, rank)


def _constant(like: Value, array: Array) -> Value:
    """Repeat a constant for each picture in the batch of a value."""
    corner = like.tensor[(slice(None), *(slice(0, 1) for _ in like.axes))]
    return combined(ops.add, like._replace(tensor=ops.zeros_like(corner)), array)


_MOST_SLICED = 4
"""Maximum number of axes, besides the batch, for which TFLite slices tensors."""


def _part(value: Value, axis: int, index: slice) -> Value:
    value = _with_axis(value, axis)
    place, tensor = value.axes.index(axis) + 1, value.tensor
    sides = list(tensor.shape[1:])
    if len(sides) > _MOST_SLICED and None not in sides:
        ends = math.prod(sides[: place - 1]), math.prod(sides[place:])
        tensor = reshaped(tensor, (ends[0], sides[place - 1], ends[1]))[:, :, index]
        sides[place - 1] = tensor.shape[2]
        return value._replace(tensor=reshaped(tensor, sides))
    return value._replace(tensor=tensor[(slice(None),) * place + (index,)])


def _split(node: Node, value: Value, sizes: Any = None) -> list[Value]:
    axis = node.get("axis", 0) % value.rank
    if sizes is None:
        count, side = node.get("outputs"), value.shape[axis] or 0
        sizes = [-(-side // count)] * (count - 1)
        sizes.append(side - sum(sizes))  # the last part may be smaller
    ends = np.cumsum(sizes).tolist()
    parts = zip(ends, sizes, strict=True)
    return [_part(value, axis, slice(end - size, end)) for end, size in parts]


def _slice(
    node: Node, value: Value, starts: Array, ends: Array, axes: Any = None, steps: Any = None
) -> Value:
    axes = range(len(starts)) if axes is None else axes.tolist()
    steps = [1] * len(starts) if steps is None else steps.tolist()
    for axis, start, end, step in zip(axes, starts.tolist(), ends.tolist(), steps, strict=True):
        side = value.shape[axis]
        if side is None:
            raise ModelError(ANY_SIZE)
        value = _taken(value, axis % value.rank, np.arange(side)[start:end:step])
    return value


def _taken(value: Value, axis: int, places: Array) -> Value:
    if list(places) == list(range(value.shape[axis] or 0)):
        return value
    steps = set(np.diff(places).tolist())
    if len(places) and len(steps) <= 1 and min(steps, default=1) > 0:
        step = min(steps, default=1)
        return _part(value, axis, slice(int(places[0]), int(places[-1]) + 1, step))
    value = _with_axis(value, axis)
    tensor = ops.take(value.tensor, places.tolist(), axis=value.axes.index(axis) + 1)
    return value._replace(tensor=tensor)


def _gather(node: Node, value: Any, places: Any) -> Value:
    axis = node.get("axis", 0)
    if isinstance(places, Value):
        if isinstance(value, Value) or value.ndim != 2 or axis != 0:
            raise ModelError("use constant indices, or nn.Embedding to look up vectors")
        layer = layers.Embedding(*value.shape, name=node.name)
        tensor = _with_weights(layer, places.tensor, value)
        return Value(tensor, (*places.axes, places.rank), places.rank + 1)
    axis %= value.rank
    taken = _taken(value, axis, places.ravel() % (value.shape[axis] or 1))
    if places.ndim == 0:
        return _without_axes(taken, [axis])
    shape = (*value.shape[:axis], *places.shape, *value.shape[axis + 1 :])
    return taken if places.ndim == 1 else _reshape(node, taken, np.array(shape))


def _one_hot(node: Node, value: Value, depth: Array, ends: Array) -> Value:
    """One column for each number, after the other axes."""
    if node.get("axis", -1) not in (-1, value.rank):
        raise ModelError("only one-hot vectors along the last axis are supported")
    tensor = ops.one_hot(value.tensor, depth.item())
    off, on = ends.astype(np.float32).tolist()
    tensor = tensor if (off, on) == (0, 1) else tensor * (on - off) + off
    return Value(tensor, (*value.axes, value.rank), value.rank + 1)


def _pad(node: Node, value: Value, pads: Array, fill: Any = None, axes: Any = None) -> Value:
    ends = pads.reshape(2, -1).T.tolist()
    axes = range(value.rank) if axes is None else axes.tolist()
    sides = {axis % value.rank: pad for axis, pad in zip(axes, ends, strict=True) if any(pad)}
    for axis in sides:
        value = _with_axis(value, axis)
    places = {value.axes.index(axis) + 1: tuple(pad) for axis, pad in sides.items()}
    fill = 0.0 if fill is None else fill.item()
    return value._replace(tensor=_padded(value.tensor, places, node.get("mode", "constant"), fill))


def _padded(tensor: Any, pads: dict[int, tuple[int, int]], mode: str, fill: float = 0.0) -> Any:
    """Pad or, for negative numbers, crop axes of a Keras tensor by (before, after)."""
    for axis, pad in pads.items():
        if min(pad) < 0:
            ends = (max(-pad[0], 0), min(pad[1], 0) or None)
            tensor = tensor[(slice(None),) * axis + (slice(*ends),)]
    pads = {axis: (max(pad[0], 0), max(pad[1], 0)) for axis, pad in pads.items()}
    if not any(map(any, pads.values())):
        return tensor
    widest = max(map(max, pads.values()))
    if mode == "constant" and fill == 0 and set(pads) <= {1, 2} and len(tensor.shape) == 4:
        return layers.ZeroPadding2D((pads.get(1, (0, 0)), pads.get(2, (0, 0))))(tensor)
    if mode in ("constant", "reflect") or (mode == "edge" and widest == 1):
        width = [pads.get(axis, (0, 0)) for axis in range(len(tensor.shape))]
        options = {"constant_values": fill} if mode == "constant" else {}
        return ops.pad(tensor, width, "symmetric" if mode == "edge" else mode, **options)
    for axis, pad in pads.items():
        if tensor.shape[axis] is None:
            raise ModelError(ANY_SIZE)
        places = np.pad(np.arange(tensor.shape[axis]), pad, mode)  # type: ignore[call-overload]
        tensor = ops.take(tensor, places.tolist(), axis=axis)
    return tensor


def _depth_to_space(node: Node, value: Value) -> Value:
    block, images = node.get("blocksize"), image_like(value)
    depth = images.shape[-1] // block**2
    if node.get("mode", "DCR") == "CRD" and depth > 1:
        order = np.arange(depth * block**2).reshape(depth, -1).T.ravel()
        images = ops.take(images, order.tolist(), axis=3)
    return image_value(DepthToSpace(block, name=node.name)(images))


def _folded(node: Node, value: Value, sides: Array, block: Array) -> Value:
    """Col2Im, whose blocks are side by side."""
    steps, pads = list(node.get("strides", (1, 1))), node.get("pads", (0, 0, 0, 0))
    if steps != block.tolist() or any(pads) or (sides % block).any():
        raise ModelError("its blocks overlap or leave gaps: use nn.ConvTranspose2d instead")
    channels = (value.shape[1] or 0) // math.prod(block)
    parts = _reshape(node, value, np.array([1, channels, *block, *(sides // block)]))
    parts = _transpose(Node({"perm": [0, 1, 4, 2, 5, 3]}), parts)
    return _reshape(node, parts, np.array([1, channels, *sides]))


def _resize(
    node: Node, value: Value, _: Any = None, scales: Any = None, sizes: Any = None
) -> Value:
    images, mode = image_like(value), node.get("mode", "nearest")
    sides = images.shape[1:3]
    if None in sides and sizes is not None:
        raise ModelError(ANY_SIZE)
    factors = scales[-2:] if sizes is None else sizes[-2:] / np.array(sides)
    whole = np.rint(factors).astype(int).tolist()
    is_centred = "half_pixel" in node.get("coordinate_transformation_mode", "half_pixel")
    is_plain = mode == "nearest" or (mode == "linear" and is_centred)
    if is_plain and whole == factors.tolist() and min(whole) >= 1:
        kind = "nearest" if mode == "nearest" else "bilinear"
        return image_value(layers.UpSampling2D(whole, interpolation=kind, name=node.name)(images))
    if mode == "linear" and is_centred and factors.tolist() == [0.5, 0.5]:
        return image_value(layers.AveragePooling2D(2, name=node.name)(images))
    if None in sides:
        raise ModelError(
            "for pictures of any size, resize only by whole factors, with mode nearest, or mode "
            "linear and align_corners=False: change the model, or export it with a fixed size"
        )
    for axis, side in zip((2, 3), sides, strict=True):
        end = (scales if sizes is None else sizes)[axis - 4]
        swap = [{axis: 3, 3: axis}.get(place, place) for place in range(4)]
        turned = _transpose(Node({"perm": swap}), value)
        turned = _dense(Node({}), turned, _resampling(node, side, end))
        value = _transpose(Node({"perm": swap}), turned)
    return value


def _resampling(node: Node, side: int, end: Any) -> Array:
    """The matrix (side, new side) of Resize; `end` is the factor, or the new side as an integer."""
    is_side = end.dtype.kind == "i"
    ends = np.array([side if is_side else 1, end], end.dtype)
    unit = np.eye(side, dtype=np.float32)
    return node.fold(unit, *(None,) * (1 + is_side), ends)[0]


_UNARY = "Abs Ceil Cos Exp Floor Log Relu Round Selu Sigmoid Sign Sin Softplus Softsign Sqrt Tanh"
_ELEMENTWISE = {
    "And": ops.logical_and, "Equal": ops.equal, "Greater": ops.greater,
    "GreaterOrEqual": ops.greater_equal, "Less": ops.less, "LessOrEqual": ops.less_equal,
    "Max": ops.maximum, "Min": ops.minimum, "Mod": ops.mod, "Or": ops.logical_or,
    "Sub": ops.subtract, "Sum": ops.add,
}  # fmt: skip

OPERATORS: dict[str, Callable[..., Any]] = {
    **{name: _unary(getattr(ops, name.lower())) for name in _UNARY.split()},
    **{name: _elementwise(function) for name, function in _ELEMENTWISE.items()},
    **{
        f"Reduce{name}": _reduced(getattr(ops, name.lower()))
        for name in ("Max", "Mean", "Min", "Sum")
    },
    "Neg": _unary(ops.negative),
    "Not": _unary(ops.logical_not),
    "Where": lambda node, *parts: combined(ops.where, *parts),
    "Add": _add,
    "ArgMax": _extreme(ops.argmax),
    "ArgMin": _extreme(ops.argmin),
    "AveragePool": partial(_pool, layer=layers.AveragePooling2D, mode="constant"),
    "BatchNormalization": _batch_norm,
    "Cast": _cast,
    "Celu": _unary(ops.celu, alpha=1.0),
    "Clip": _clip,
    "Col2Im": _folded,
    "Concat": _concatenated,
    "Conv": _convolution,
    "ConvTranspose": _transposed,
    "DepthToSpace": _depth_to_space,
    "Div": _divide,
    "Dropout": lambda node, value, *_: value,
    "Einsum": _einsum,
    "Elu": _unary(ops.elu, alpha=1.0),
    "Erf": _unary(_erf),
    "Expand": lambda node, value, sides: _add(node, value, np.zeros(sides, np.float32)),
    "Flatten": _flatten,
    "Gather": _gather,
    "Gelu": lambda node, value: value._replace(
        tensor=ops.gelu(value.tensor, node.get("approximate") == "tanh")
    ),
    "Gemm": _gemm,
    "GlobalAveragePool": _global(ops.mean),
    "GlobalMaxPool": _global(ops.max),
    "HardSigmoid": _unary(
        lambda tensor, alpha, beta: ops.minimum(ops.relu(tensor * alpha + beta), 1.0),
        alpha=0.2,
        beta=0.5,
    ),
    "HardSwish": _unary(ops.hard_silu),
    "Identity": lambda node, value: value,
    "InstanceNormalization": _instance_norm,
    "LayerNormalization": _layer_norm,
    "LeakyRelu": _leaky,
    "MatMul": _matrices,
    "MaxPool": partial(_pool, layer=layers.MaxPooling2D, mode="edge"),
    "Mish": lambda node, value: value._replace(
        tensor=layers.Activation("mish", name=node.name)(value.tensor)
    ),
    "Mul": _multiply,
    "OneHot": _one_hot,
    "PRelu": _prelu,
    "Pad": _pad,
    "Pow": _power,
    "Reciprocal": _unary(lambda tensor: ops.divide(1.0, tensor)),
    "ReduceL1": _reduced(lambda value, axis: ops.sum(ops.abs(value), axis=axis)),
    "ReduceL2": _reduced(lambda value, axis: ops.sqrt(ops.sum(ops.square(value), axis=axis))),
    "Reshape": _reshape,
    "Resize": _resize,
    "Slice": _slice,
    "Softmax": _softmax,
    "SpaceToDepth": lambda node, value: image_value(
        SpaceToDepth(node.get("blocksize"), name=node.name)(image_like(value))
    ),
    "Split": _split,
    "Squeeze": _squeeze,
    "Swish": _unary(ops.silu),
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}

_SIMPLER = "export the model with opset_version=20, which uses simpler operators"
_CHOICES = "use constant indices, slices or torch.where instead"
_SAMPLING = "use nn.Upsample, nn.PixelShuffle or nn.ConvTranspose2d instead"
_LOOPS = "instead, use convolutions or attention, and do not branch on values"
REPLACEMENTS = {
    **dict.fromkeys(("Attention", "GroupNormalization", "RMSNormalization"), _SIMPLER),
    **dict.fromkeys(("GatherElements", "GatherND", "NonZero", "TopK"), _CHOICES),
    **dict.fromkeys(("AffineGrid", "GridSample", "MaxRoiPool", "MaxUnpool"), _SAMPLING),
    **dict.fromkeys(("GRU", "If", "LSTM", "Loop", "RNN", "Scan"), _LOOPS),
    **dict.fromkeys(("ScatterElements", "ScatterND"), "use torch.cat or torch.where instead"),
    "CumSum": "multiply by a triangular matrix with torch.matmul instead",
    "DFT": "multiply by a constant matrix with torch.matmul instead",
    "LRN": "use nn.GroupNorm or nn.BatchNorm2d instead",
    "LogSoftmax": "use nn.Softmax instead",
}
"""Replacements, in PyTorch code, for operators that codecs lack."""

OTHERWISE = (
    "use convolutions, nn.Linear, pooling, nn.Upsample, nn.PixelShuffle, attention, sums, products "
    "or an activation instead"
)
