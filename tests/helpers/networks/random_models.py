"""TFLite models of random int8 operators, made without TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.compiler.interpreter import open_interpreter, silent_stderr
from aecodec.compiler.model import name_of, packed, schema


def quantized(scales: Any, zero: Any, axis: int = 0) -> Any:
    ranges = schema.QuantizationParametersT()
    ranges.scale = np.atleast_1d(np.asarray(scales, np.float32))
    ranges.zeroPoint = np.full(len(ranges.scale), zero, np.int64)
    ranges.quantizedDimension = axis
    return ranges


class Maker:
    """A model in the making, with random scales, zero points and weights.

    LiteRT works out the shapes of all tensors but the first, so that any shape will do for them.
    """

    def __init__(self, rng: np.random.Generator | None = None) -> None:
        self.rng = rng or np.random.default_rng(0)
        self._whole, self._graph = schema.ModelT(), schema.SubGraphT()
        self._whole.version, self._whole.subgraphs = 3, [self._graph]
        self._whole.buffers, self._whole.operatorCodes = [schema.BufferT()], []
        self._graph.tensors, self._graph.operators = [], []

    def number(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high))

    def numbers(self, low: int, high: int, count: int) -> list[int]:
        return self.rng.integers(low, high, count).tolist()

    def is_one_of(self, count: int) -> bool:
        """True for one of `count` calls."""
        return self.number(0, count) == 0

    def choice(self, values: Sequence[Any]) -> Any:
        return values[self.number(0, len(values))]

    def scale(self) -> float:
        return float(np.float32(2 ** self.rng.uniform(-8, -2)))

    def zero(self) -> int:
        """A random zero point, often at an end as after a ReLU."""
        return int(self.choice([-128, 127, 0, self.number(-128, 128)]))

    def variable(
        self, shape: Sequence[int] = (1,), like: int | None = None, ranges: Any = None
    ) -> int:
        if like is not None:
            ranges = self._ranges_of(like)
        return self._tensor(shape, np.int8, ranges or quantized(self.scale(), self.zero()))

    def _ranges_of(self, tensor: int) -> Any:
        return self._graph.tensors[tensor].quantization

    def _tensor(self, shape: Sequence[int], dtype: npt.DTypeLike, ranges: Any) -> int:
        tensor, number = schema.TensorT(), len(self._graph.tensors)
        tensor.shape, tensor.buffer, tensor.quantization = list(shape), 0, ranges
        tensor.type = getattr(schema.TensorType, np.dtype(dtype).name.upper())
        tensor.name = f"tensor_{number}".encode()
        self._graph.tensors.append(tensor)
        return number

    def _constant(self, values: npt.NDArray[Any], ranges: Any = None) -> int:
        number, buffer = self._tensor(values.shape, values.dtype, ranges), schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self._graph.tensors[number].buffer = len(self._whole.buffers)
        self._whole.buffers.append(buffer)
        return number

    def constant(self, shape: Sequence[int], like: int | None = None) -> int:
        values = self.rng.integers(-128, 128, shape).astype(np.int8)
        ranges = quantized(self.scale(), self.zero())
        return self._constant(values, ranges if like is None else self._ranges_of(like))

    def weights(self, shape: Sequence[int], axis: int) -> int:
        """Add weights with a scale for each slice along an axis."""
        values = self.rng.integers(-127, 128, shape).astype(np.int8)
        scales = [self.scale() / 16 for _ in range(shape[axis])]
        return self._constant(values, quantized(scales, 0, axis))

    def bias(self, count: int) -> int:
        values = self.rng.integers(-3000, 3000, count).astype(np.int32)
        return self._constant(values, quantized(1, 0))

    def integers(self, values: Any) -> int:
        return self._constant(np.array(values, np.int32))

    def operator(
        self, name: str, inputs: list[int], output: int, kind: str = "", **fields: Any
    ) -> int:
        options = getattr(schema, f"{kind}OptionsT")() if kind else None
        for field, value in fields.items():
            assert hasattr(options, field)
            setattr(options, field, value)
        operator, names = schema.OperatorT(), [*map(name_of, self._whole.operatorCodes)]
        if name not in names:
            code = schema.OperatorCodeT()
            code.builtinCode = getattr(schema.BuiltinOperator, name)
            code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), 1
            self._whole.operatorCodes.append(code)
            names.append(name)
        operator.opcodeIndex = names.index(name)
        operator.inputs, operator.outputs = inputs, [output]
        if kind:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, f"{kind}Options")
            operator.builtinOptions = options
        self._graph.operators.append(operator)
        return output

    def single(
        self,
        name: str,
        inputs: list[int],
        kind: str = "",
        like: int | None = None,
        ranges: Any = None,
        **fields: Any,
    ) -> bytes:
        """The model from the first tensor to the output of an operator."""
        output = self.operator(name, inputs, self.variable([1], like, ranges), kind, **fields)
        self._graph.inputs, self._graph.outputs = [0], [output]
        with silent_stderr():
            interpreter = open_interpreter(packed(self._whole))
        for number, tensor in enumerate(self._graph.tensors):
            tensor.shape = interpreter.get_tensor_details()[number]["shape"].tolist()
        return packed(self._whole)


def _picture(make: Maker, most: int = 9) -> tuple[int, list[int]]:
    sides = [*make.numbers(1, most, 2), make.choice([1, 2, 3, 4, 5, 8, 16, 20, 33])]
    return make.variable([1, *sides]), sides


def _sweep(make: Maker, sides: Sequence[int], window: Sequence[int], dilated: bool = True) -> Any:
    """Options of a window that fits: padding, strides and dilations."""
    is_same = make.is_one_of(2) or any(w > s for w, s in zip(window, sides, strict=False))
    wide = make.choice([1, 1, 2]) if dilated and is_same else 1
    down, across = make.numbers(1, 4, 2) if wide == 1 else (1, 1)
    fields = {"padding": 0 if is_same else 1, "strideH": down, "strideW": across}
    return fields | ({"dilationHFactor": wide, "dilationWFactor": wide} if dilated else {})


def _activation(make: Maker) -> dict[str, int]:
    return {"fusedActivationFunction": make.choice([0, 0, 1, 3])}


def convolution(make: Maker) -> bytes:
    entry, sides = _picture(make)
    window = make.numbers(1, 5, 2)
    groups = 2 if sides[2] % 2 == 0 and make.is_one_of(4) else 1
    count = groups * make.number(1, 40)
    inputs = [entry, make.weights([count, *window, sides[2] // groups], 0), make.bias(count)]
    fields = {**_activation(make), **_sweep(make, sides, window)}
    return make.single("CONV_2D", inputs, "Conv2D", **fields)


def filtering(make: Maker) -> bytes:
    """A convolution as most networks have it: 3 by 3, of pictures that are not too small."""
    channels, count = 4 * make.number(2, 20), make.number(1, 40)
    entry = make.variable([1, *make.numbers(7, 26, 2), channels])
    inputs = [entry, make.weights([count, 3, 3, channels], 0), make.bias(count)]
    fields = {"padding": make.number(0, 2), "strideH": 1, "strideW": 1}
    return make.single("CONV_2D", inputs, "Conv2D", **fields, **_activation(make))


def depthwise(make: Maker) -> bytes:
    entry, sides = _picture(make)
    window, times = make.numbers(1, 4, 2), make.number(1, 4)
    count = times * sides[2]
    inputs = [entry, make.weights([1, *window, count], 3), make.bias(count)]
    fields = {**_activation(make), **_sweep(make, sides, window), "depthMultiplier": times}
    return make.single("DEPTHWISE_CONV_2D", inputs, "DepthwiseConv2D", **fields)


def matrix(make: Maker) -> bytes:
    entry, sides = _picture(make)
    count = make.number(2, 70)
    inputs = [entry, make.weights([count, int(np.prod(sides))], 0)]
    inputs.append(-1 if make.is_one_of(3) else make.bias(count))
    return make.single("FULLY_CONNECTED", inputs, "FullyConnected", **_activation(make))


def transposed(make: Maker) -> bytes:
    entry, (*sides, channels) = _picture(make, 6)
    window, step, count = make.numbers(1, 6, 2), make.number(1, 4), make.number(1, 9)
    padding = make.number(0, 2)
    more = [padding * max(0, side - step) for side in window]
    shape = [side * step + extra for side, extra in zip(sides, more, strict=True)]
    kernel = make.weights([count, *window, channels], 0)
    inputs = [make.integers([1, *shape, count]), kernel, entry, make.bias(count)]
    fields = {"padding": padding, "strideH": step, "strideW": step}
    return make.single("TRANSPOSE_CONV", inputs, "TransposeConv", **fields)


def pairs(make: Maker, name: str, kind: str = "", fused: bool = False) -> bytes:
    """Two tensors, of which one may be constant, and smaller then."""
    entry, sides = _picture(make)
    like = entry if name in ("MAXIMUM", "MINIMUM") else None
    if make.is_one_of(2):
        is_small = make.is_one_of(2)
        small = [1 if is_small and make.is_one_of(3) else side for side in (1, *sides)]
        second = make.constant(make.choice([small, small, [], [1]]), like)
    elif like is None:
        second = make.operator("LOGISTIC", [entry], make.variable(ranges=_SHARES))
    else:
        second = make.operator("RELU", [entry], make.variable([1], like))
    inputs = [entry, second] if make.is_one_of(2) else [second, entry]
    return make.single(name, inputs, kind, like, **(_activation(make) if fused else {}))


def slopes(make: Maker) -> bytes:
    entry, (_, _, channels) = _picture(make)
    return make.single("PRELU", [entry, make.constant([1, 1, channels])])


_SHARES = quantized(1 / 256, -128)


def shares(make: Maker) -> bytes:
    """A softmax over the last axis of up to four, of which the first may be no single picture."""
    rank, channels = make.number(1, 5), int(2 ** make.rng.uniform(0, 8.99))
    shape = [*make.numbers(1, 4, rank - 1), channels]
    whole = [1, int(np.prod(shape))] if rank == 4 else shape
    scale = float(2 ** make.rng.uniform(-11, 2))
    entry = taken = make.variable(whole, ranges=quantized(scale, make.zero()))
    if rank == 4:
        inputs = [entry, make.integers(shape)]
        taken = make.operator("RESHAPE", inputs, make.variable(shape, entry))
    beta = float(make.choice([1.0, 0.5, 3.0, 2 ** make.rng.uniform(-2, 2)]))
    return make.single("SOFTMAX", [taken], "Softmax", ranges=_SHARES, beta=beta)


def pool(make: Maker, name: str) -> bytes:
    entry, sides = _picture(make)
    window = make.numbers(1, 4, 2)
    fields = _activation(make) | _sweep(make, sides, window, dilated=False)
    fields |= dict(zip(("filterHeight", "filterWidth"), window, strict=True))
    return make.single(name, [entry], "Pool2D", entry, **fields)


def reduction(make: Maker, name: str) -> bytes:
    entry, _ = _picture(make)
    axes = make.choice([[1, 2], [3], [-1], [1], [2, 3], [1, 2, 3]])
    like, keeps = entry if name == "REDUCE_MAX" else None, make.is_one_of(2)
    return make.single(name, [entry, make.integers(axes)], "Reducer", like, keepDims=keeps)


def resized(make: Maker, name: str) -> bytes:
    (entry, sides), is_linear = _picture(make), name == "RESIZE_BILINEAR"
    size = make.numbers(1, 30, 2) if is_linear else np.multiply(sides[:2], make.numbers(1, 4, 2))
    inputs, way = [entry, make.integers(size)], make.number(0, 2 + is_linear)
    fields = {"alignCorners": is_linear and way == 1, "halfPixelCenters": way == 2 * is_linear}
    kind = "ResizeBilinear" if is_linear else "ResizeNearestNeighbor"
    return make.single(name, inputs, kind, entry, **fields)


def concatenation(make: Maker) -> bytes:
    entry, sides = _picture(make)
    axis, count = make.number(1, 4), make.number(1, 7)
    others = [make.constant([1, *sides], entry) for _ in range(count)]
    return make.single("CONCATENATION", [entry, *others], "Concatenation", entry, axis=axis)


def blocks(make: Maker, name: str) -> bytes:
    rows, columns, channels, side = make.numbers(1, 5, 4)
    flat, wide = (rows, columns, channels * side**2), (rows * side, columns * side, channels)
    is_deep = name == "DEPTH_TO_SPACE"
    entry = make.variable([1, *(flat if is_deep else wide)])
    kind = "DepthToSpace" if is_deep else "SpaceToDepth"
    return make.single(name, [entry], kind, entry, blockSize=side)


def border(make: Maker, name: str) -> bytes:
    (entry, sides), is_zero = _picture(make), name == "PAD"
    mode = {} if is_zero else {"mode": make.number(0, 2)}
    most = [4, 4] if is_zero else [side + mode["mode"] for side in sides[:2]]
    widths = [[0, 0], *(make.numbers(0, end, 2) for end in most), [0, 0]]
    kind = "Pad" if is_zero else "MirrorPad"
    return make.single(name, [entry, make.integers(widths)], kind, entry, **mode)


def box(make: Maker) -> bytes:
    entry, sides = _picture(make)
    begin = [0, *(make.number(0, side) for side in sides)]
    steps = [make.choice([1, 2, -1]) for _ in sides]
    ends = [side if step > 0 else -side - 1 for side, step in zip(sides, steps, strict=True)]
    inputs = [entry, *map(make.integers, (begin, [1, *ends], [1, *steps]))]
    return make.single("STRIDED_SLICE", inputs, "StridedSlice", entry)


def order(make: Maker) -> bytes:
    entry, _ = _picture(make, 6)
    axes = make.integers([0, *(1 + make.rng.permutation(3))])
    turned = make.operator("TRANSPOSE", [entry, axes], make.variable([1], entry), "Transpose")
    times = make.integers([1, *make.numbers(1, 4, 3)])
    return make.single("TILE", [turned, times], "Tile", entry)


def matrices(make: Maker) -> bytes:
    """Products of matrices, one of which may be constant, or the same for all batches."""
    rows, length, columns, batches = make.numbers(1, 9, 4)
    turned = [make.is_one_of(2), make.is_one_of(2)]
    entry = make.variable([1, batches, *((length, rows) if turned[0] else (rows, length))])
    shape = [columns, length] if turned[1] else [length, columns]
    shape = [*make.choice([[], [1, 1], [1, batches]]), *shape]
    size = int(np.prod(shape))
    if make.is_one_of(2):
        second = make.constant(shape)
    else:
        inputs = [entry, make.weights([size, rows * length * batches], 0), -1]
        flat = make.operator("FULLY_CONNECTED", inputs, make.variable(), "FullyConnected")
        inputs = [flat, make.integers(shape)]
        second = make.operator("RESHAPE", inputs, make.variable(shape, flat))
    adjoint = dict(zip(("adjX", "adjY"), turned, strict=True))
    return make.single("BATCH_MATMUL", [entry, second], "BatchMatMul", **adjoint)


def taken(make: Maker) -> bytes:
    entry, sides = _picture(make)
    axis = make.number(1, 4)
    numbers = make.numbers(0, sides[axis - 1], make.number(1, 12))
    if make.is_one_of(3):
        numbers = list(range(sides[axis - 1]))[:: make.choice([-1, 1, 2])]
    return make.single("GATHER", [entry, make.integers(numbers)], "Gather", entry, axis=axis)


LAYERS: dict[str, Callable[[Maker], bytes]] = {
    "CONV_2D": convolution,
    "CONV_2D of 3 by 3": filtering,
    "DEPTHWISE_CONV_2D": depthwise,
    "FULLY_CONNECTED": matrix,
    "TRANSPOSE_CONV": transposed,
    **{n: partial(pairs, name=n, kind=n.title(), fused=True) for n in ("ADD", "SUB", "MUL")},
    "SQUARED_DIFFERENCE": partial(pairs, name="SQUARED_DIFFERENCE", kind="SquaredDifference"),
    **{n: partial(pairs, name=n, kind="MaximumMinimum") for n in ("MAXIMUM", "MINIMUM")},
    "PRELU": slopes,
    "SOFTMAX": shares,
    **{n: partial(resized, name=n) for n in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR")},
    "CONCATENATION": concatenation,
    **{name: partial(border, name=name) for name in ("PAD", "MIRROR_PAD")},
    "STRIDED_SLICE": box,
    "TRANSPOSE": order,
    "GATHER": taken,
    "BATCH_MATMUL": matrices,
    "RELU": lambda make: make.single("RELU", [_picture(make)[0]]),
    **{name: partial(pool, name=name) for name in ("MAX_POOL_2D", "AVERAGE_POOL_2D")},
    **{name: partial(reduction, name=name) for name in ("MEAN", "REDUCE_MAX", "SUM")},
    **{name: partial(blocks, name=name) for name in ("DEPTH_TO_SPACE", "SPACE_TO_DEPTH")},
}
"""Random models of one operator, or of few, by its name."""
