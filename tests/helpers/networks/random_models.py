"""TFLite models of random int8 operators, made without TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from aecodec.tflite.interpreter import Kernels, open_interpreter, silent_stderr

Rng = np.random.Generator
CODES = {name: code for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
_OPTIONS = {
    name: code for name, code in vars(schema.BuiltinOptions).items() if isinstance(code, int)
}
_TYPES = {
    np.dtype(np.int8): schema.TensorType.INT8,
    np.dtype(np.int32): schema.TensorType.INT32,
    np.dtype(np.float32): schema.TensorType.FLOAT32,
}


class Maker:
    """A model in the making.

    Args:
        rng: where scales, zero points and weights come from.
    """

    def __init__(self, rng: Rng) -> None:
        self.rng = rng
        self._tensors: list[Any] = []
        self._operators: list[tuple[str, list[int], list[int], Any]] = []
        self._buffers: list[Any] = [schema.BufferT()]

    def scale(self) -> float:
        """A random scale."""
        return float(np.float32(2 ** self.rng.uniform(-8, -2)))

    def zero(self) -> int:
        """A random zero point, often at an end as after a ReLU."""
        return int(self.rng.choice([-128, 127, 0, int(self.rng.integers(-128, 128))]))

    def tensor(
        self,
        shape: Sequence[int],
        values: npt.NDArray[Any] | None = None,
        scales: Sequence[float] = (),
        zero: int = 0,
        axis: int = 0,
    ) -> int:
        """Add a tensor; a variable one of int8 if it has no values."""
        made = schema.TensorT()
        made.shape, made.name = list(shape), f"t{len(self._tensors)}".encode()
        made.type = schema.TensorType.INT8 if values is None else _TYPES[values.dtype]
        made.buffer = 0
        if values is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(values.tobytes(), np.uint8)
            self._buffers.append(buffer)
            made.buffer = len(self._buffers) - 1
        if len(scales):
            made.quantization = schema.QuantizationParametersT()
            made.quantization.scale = np.array(scales, np.float32)
            made.quantization.zeroPoint = np.full(len(scales), zero, np.int64)
            made.quantization.quantizedDimension = axis
        self._tensors.append(made)
        return len(self._tensors) - 1

    def variable(self, shape: Sequence[int], like: int | None = None) -> int:
        """Add a variable of int8, quantized at random or like another tensor."""
        if like is None:
            return self.tensor(shape, None, [self.scale()], self.zero())
        quantization = self._tensors[like].quantization
        return self.tensor(shape, None, quantization.scale, int(quantization.zeroPoint[0]))

    def constant(self, values: npt.NDArray[np.int8], like: int | None = None) -> int:
        """Add a constant of int8, quantized at random or like another tensor."""
        made = self.tensor(values.shape, values, [self.scale()], self.zero())
        if like is not None:
            self._tensors[made].quantization = self._tensors[like].quantization
        return made

    def weights(self, shape: Sequence[int], axis: int) -> int:
        """Add weights with a scale for each slice along an axis."""
        values = self.rng.integers(-127, 128, shape).astype(np.int8)
        scales = [self.scale() / 16 for _ in range(shape[axis])]
        return self.tensor(shape, values, scales, 0, axis)

    def bias(self, count: int) -> int:
        """Add a bias."""
        values = self.rng.integers(-3000, 3000, count).astype(np.int32)
        return self.tensor([count], values, [1.0])

    def integers(self, values: Any) -> int:
        """Add constant integers."""
        array = np.array(values, np.int32)
        return self.tensor(array.shape, array)

    def floats(self, values: Any) -> int:
        """Add constant floats."""
        array = np.array(values, np.float32)
        return self.tensor(array.shape, array)

    def typed(self, shape: Sequence[int], dtype: type[np.generic]) -> int:
        """Add a variable that is not quantized."""
        number = self.tensor(shape)
        self._tensors[number].type = _TYPES[np.dtype(dtype)]
        return number

    def operator(
        self, name: str, inputs: list[int], outputs: list[int], kind: str = "", **fields: Any
    ) -> int:
        """Add an operator, with options if a kind of them is given; its first output."""
        options = getattr(schema, f"{kind}T")() if kind else None
        for field, value in fields.items():
            assert hasattr(options, field)
            setattr(options, field, value)
        self._operators.append((name, inputs, outputs, (kind, options)))
        return outputs[0]

    def single(
        self, name: str, inputs: list[int], output: int, kind: str = "", **fields: Any
    ) -> bytes:
        """The model from the first tensor to the output of this operator, its last one."""
        return self.model(0, self.operator(name, inputs, [output], kind, **fields))

    def model(self, entry: int, exit_: int) -> bytes:
        """The model, with the shapes that LiteRT works out."""
        with silent_stderr():
            interpreter = open_interpreter(self._bytes(entry, exit_), kernels=Kernels.BUILTIN)
        for number, tensor in enumerate(self._tensors):
            tensor.shape = interpreter.get_tensor_details()[number]["shape"].tolist()
        return self._bytes(entry, exit_)

    def _bytes(self, entry: int, exit_: int) -> bytes:
        whole, graph = schema.ModelT(), schema.SubGraphT()
        whole.version, whole.buffers, whole.subgraphs = 3, self._buffers, [graph]
        whole.operatorCodes, graph.operators = [], []
        graph.tensors, graph.inputs, graph.outputs = self._tensors, [entry], [exit_]
        for number, (name, inputs, outputs, (kind, options)) in enumerate(self._operators):
            code = schema.OperatorCodeT()
            code.builtinCode = CODES[name]
            code.deprecatedBuiltinCode, code.version = min(CODES[name], 127), _VERSIONS.get(name, 1)
            whole.operatorCodes.append(code)
            made = schema.OperatorT()
            made.opcodeIndex, made.inputs, made.outputs = number, inputs, outputs
            made.builtinOptionsType, made.builtinOptions = _OPTIONS.get(kind, 0), options
            graph.operators.append(made)
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(whole.Pack(builder), b"TFL3")
        return bytes(builder.Output())


_VERSIONS = {
    "ADD": 2, "SUB": 2, "MUL": 2, "CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 4,
    "TRANSPOSE_CONV": 2, "MAX_POOL_2D": 2, "AVERAGE_POOL_2D": 2, "CONCATENATION": 2, "PAD": 2,
    "MEAN": 2, "RESIZE_BILINEAR": 2, "RESIZE_NEAREST_NEIGHBOR": 2, "MAXIMUM": 2,
    "MINIMUM": 2, "LOGISTIC": 2, "TANH": 2, "TRANSPOSE": 2, "STRIDED_SLICE": 2, "LEAKY_RELU": 2,
    "SQUARED_DIFFERENCE": 2, "DEPTH_TO_SPACE": 2, "SPACE_TO_DEPTH": 2, "SPLIT": 2, "QUANTIZE": 2,
    "RELU": 2, "RELU6": 2, "REDUCE_MAX": 2, "SLICE": 2, "TILE": 1, "HARD_SWISH": 1, "PADV2": 2,
    "SUM": 2, "SOFTMAX": 2, "BATCH_MATMUL": 2, "GATHER": 2, "MIRROR_PAD": 1,
}  # fmt: skip
"""Versions from which on the kernels take int8."""

Layer = Callable[[Maker], bytes]


def _picture(make: Maker, most: int = 9) -> tuple[int, tuple[int, int, int]]:
    rows, columns = (int(side) for side in make.rng.integers(1, most, 2))
    channels = int(make.rng.choice([1, 2, 3, 4, 5, 8, 16, 20, 33]))
    return make.variable([1, rows, columns, channels]), (rows, columns, channels)


def _sweep(make: Maker, sides: Sequence[int], window: Sequence[int], dilated: bool = True) -> Any:
    """Options of a window that fits: padding, strides and dilations."""
    is_same = bool(make.rng.integers(2)) or any(w > s for w, s in zip(window, sides, strict=True))
    down, across = (int(step) for step in make.rng.integers(1, 4, 2))
    fields = {"padding": 0 if is_same else 1, "strideH": down, "strideW": across}
    if dilated:
        wide = int(make.rng.choice([1, 1, 2])) if is_same else 1
        fields |= {"dilationHFactor": wide, "dilationWFactor": wide}
        if wide > 1:
            fields |= {"strideH": 1, "strideW": 1}
    return fields


def _activation(make: Maker) -> int:
    return int(make.rng.choice([0, 0, 1, 3]))


def convolution(make: Maker) -> bytes:
    """A convolution, which may be in groups."""
    entry, (rows, columns, channels) = _picture(make)
    window = [int(side) for side in make.rng.integers(1, 5, 2)]
    groups = 2 if channels % 2 == 0 and make.rng.integers(4) == 0 else 1
    count = groups * int(make.rng.integers(1, 40))
    kernel = make.weights([count, *window, channels // groups], 0)
    inputs = [entry, kernel, make.bias(count)]
    fields = _sweep(make, (rows, columns), window)
    output = make.variable([1, 1, 1, count])
    return make.single(
        "CONV_2D", inputs, output, "Conv2DOptions",
        fusedActivationFunction=_activation(make), **fields,
    )  # fmt: skip


def filtering(make: Maker) -> bytes:
    """A convolution as most networks have it: 3 by 3, of pictures that are not too small."""
    rows, columns = (int(side) for side in make.rng.integers(7, 26, 2))
    channels, count = 4 * int(make.rng.integers(2, 20)), int(make.rng.integers(1, 40))
    entry = make.variable([1, rows, columns, channels])
    inputs = [entry, make.weights([count, 3, 3, channels], 0), make.bias(count)]
    output = make.variable([1, 1, 1, count])
    return make.single(
        "CONV_2D", inputs, output, "Conv2DOptions", padding=int(make.rng.integers(2)),
        strideH=1, strideW=1, fusedActivationFunction=_activation(make),
    )  # fmt: skip


def depthwise(make: Maker) -> bytes:
    """A convolution of each channel for itself."""
    entry, (rows, columns, channels) = _picture(make)
    window = [int(side) for side in make.rng.integers(1, 4, 2)]
    times = int(make.rng.integers(1, 4))
    kernel = make.weights([1, *window, channels * times], 3)
    output = make.variable([1, 1, 1, channels * times])
    return make.single(
        "DEPTHWISE_CONV_2D", [entry, kernel, make.bias(channels * times)], output,
        "DepthwiseConv2DOptions", depthMultiplier=times,
        fusedActivationFunction=_activation(make), **_sweep(make, (rows, columns), window),
    )  # fmt: skip


def matrix(make: Maker) -> bytes:
    """A matrix product of a vector, or of a picture that it takes as one."""
    entry, (rows, columns, channels) = _picture(make)
    length, count = rows * columns * channels, int(make.rng.integers(2, 70))
    inputs = [entry, make.weights([count, length], 0)]
    inputs.append(make.bias(count) if make.rng.integers(3) else -1)
    output = make.variable([1, count])
    return make.single(
        "FULLY_CONNECTED", inputs, output, "FullyConnectedOptions",
        fusedActivationFunction=_activation(make),
    )  # fmt: skip


def transposed(make: Maker) -> bytes:
    """A transposed convolution."""
    entry, (rows, columns, channels) = _picture(make, 6)
    window = [int(side) for side in make.rng.integers(1, 6, 2)]
    step, count, is_same = (
        int(make.rng.integers(1, 4)),
        int(make.rng.integers(1, 9)),
        bool(make.rng.integers(2)),
    )
    more = [0 if is_same else max(0, side - step) for side in window]
    shape = [1, rows * step + more[0], columns * step + more[1], count]
    kernel = make.weights([count, *window, channels], 0)
    output = make.variable(shape)
    return make.single(
        "TRANSPOSE_CONV", [make.integers(shape), kernel, entry, make.bias(count)], output,
        "TransposeConvOptions", padding=0 if is_same else 1, strideH=step, strideW=step,
    )  # fmt: skip


def _stretched(make: Maker, shape: Sequence[int]) -> list[int]:
    """A shape that is broadcast to another."""
    return [1 if make.rng.integers(3) == 0 else int(side) for side in shape]


_FUSED = ("ADD", "SUB", "MUL")


def pairs(make: Maker, name: str, kind: str = "") -> bytes:
    """Two tensors, of which one may be constant, and smaller then."""
    entry, sides = _picture(make)
    shape = [1, *sides]
    like = entry if name in ("MAXIMUM", "MINIMUM") else None
    if make.rng.integers(2):
        small = _stretched(make, shape) if make.rng.integers(2) else shape
        values = make.rng.integers(-128, 128, small).astype(np.int8)
        other = make.constant(values, like)
    elif like is None:
        other = make.operator("LOGISTIC", [entry], [make.tensor(shape, None, [1 / 256], -128)])
    else:
        other = make.operator("RELU", [entry], [make.variable(shape, like)])
    inputs = [entry, other] if make.rng.integers(2) else [other, entry]
    fields = {"fusedActivationFunction": _activation(make)} if name in _FUSED else {}
    return make.single(name, inputs, make.variable(shape, like), kind, **fields)


def with_scalar(make: Maker, name: str, kind: str) -> bytes:
    """A tensor and a constant of one element."""
    variable, sides = _picture(make)
    shape = [[], [1], [1, 1, 1, 1]][int(make.rng.integers(3))]
    constant = make.constant(make.rng.integers(-128, 128, shape).astype(np.int8))
    inputs = [variable, constant] if make.rng.integers(2) else [constant, variable]
    output = make.variable([1, *sides])
    return make.single(name, inputs, output, kind, fusedActivationFunction=_activation(make))


def slopes(make: Maker) -> bytes:
    """A slope for each channel."""
    entry, sides = _picture(make)
    values = make.rng.integers(-128, 128, [1, 1, sides[2]]).astype(np.int8)
    slope = make.tensor([1, 1, sides[2]], values, [make.scale()], make.zero())
    output = make.variable([1, *sides])
    return make.single("PRELU", [entry, slope], output)


def function(
    make: Maker, name: str, scale: float = 0, zero: int = 0, kind: str = "", **fields: Any
) -> bytes:
    """A function of one variable."""
    entry, sides = _picture(make)
    output = make.tensor([1, *sides], None, [scale], zero) if scale else make.variable([1, *sides])
    return make.single(name, [entry], output, kind, **fields)


def shares(make: Maker) -> bytes:
    """A softmax over the last axis of up to four, of which the first may be no single picture."""
    rank, channels = int(make.rng.integers(1, 5)), int(2 ** make.rng.uniform(0, 8.99))
    shape = [*make.rng.integers(1, 4, rank - 1).tolist(), channels]
    whole = [1, int(np.prod(shape))] if rank == 4 else shape
    entry = make.tensor(whole, None, [float(2 ** make.rng.uniform(-11, 2))], make.zero())
    taken = entry if rank < 4 else make.variable(shape, entry)
    if rank == 4:
        make.operator("RESHAPE", [entry, make.integers(shape)], [taken])
    output = make.tensor(shape, None, [1 / 256], -128)
    beta = float(make.rng.choice([1.0, 0.5, 3.0, 2 ** make.rng.uniform(-2, 2)]))
    return make.single("SOFTMAX", [taken], output, "SoftmaxOptions", beta=beta)


def pool(make: Maker, name: str) -> bytes:
    """The mean or the maximum of windows."""
    entry, sides = _picture(make)
    window = [int(side) for side in make.rng.integers(1, 4, 2)]
    output = make.variable([1, 1, 1, sides[2]], entry)
    return make.single(
        name, [entry], output, "Pool2DOptions", filterHeight=window[0],
        filterWidth=window[1], fusedActivationFunction=_activation(make),
        **_sweep(make, sides[:2], window, dilated=False),
    )  # fmt: skip


def reduction(make: Maker, name: str) -> bytes:
    """Some axes drawn together."""
    entry, _ = _picture(make)
    axes = [[1, 2], [3], [-1], [1], [2, 3], [1, 2, 3]][int(make.rng.integers(6))]
    output = make.variable([1], entry if name == "REDUCE_MAX" else None)
    keeps = bool(make.rng.integers(2))
    return make.single(name, [entry, make.integers(axes)], output, "ReducerOptions", keepDims=keeps)


def resize(make: Maker, name: str) -> bytes:
    """A picture of another size."""
    entry, sides = _picture(make)
    if name == "RESIZE_BILINEAR":
        size = [int(side) for side in make.rng.integers(1, 30, 2)]
        way = int(make.rng.integers(3))
        fields = {"alignCorners": way == 1, "halfPixelCenters": way == 2}
        kind = "ResizeBilinearOptions"
    else:
        size = [
            side * int(times)
            for side, times in zip(sides[:2], make.rng.integers(1, 4, 2), strict=True)
        ]
        fields = {"alignCorners": False, "halfPixelCenters": bool(make.rng.integers(2))}
        kind = "ResizeNearestNeighborOptions"
    output = make.variable([1, 1, 1, sides[2]], entry)
    return make.single(name, [entry, make.integers(size)], output, kind, **fields)


def concatenation(make: Maker) -> bytes:
    """Several tensors one after the other."""
    entry, sides = _picture(make)
    axis, count = int(make.rng.integers(1, 4)), int(make.rng.integers(2, 8))
    parts = [entry]
    for _ in range(count - 1):
        values = make.rng.integers(-128, 128, [1, *sides]).astype(np.int8)
        parts.append(make.constant(values, entry))
    output = make.variable([1, *sides], entry)
    return make.single("CONCATENATION", parts, output, "ConcatenationOptions", axis=axis)


def blocks(make: Maker, name: str) -> bytes:
    """Channels to pixels, or back."""
    rows, columns, channels, side = (int(number) for number in make.rng.integers(1, 5, 4))
    flat, wide = (rows, columns, channels * side**2), (rows * side, columns * side, channels)
    is_deep = name == "DEPTH_TO_SPACE"
    entry = make.variable([1, *(flat if is_deep else wide)])
    output = make.variable([1, *(wide if is_deep else flat)], entry)
    kind = "DepthToSpaceOptions" if is_deep else "SpaceToDepthOptions"
    return make.single(name, [entry], output, kind, blockSize=side)


def border(make: Maker) -> bytes:
    """A border of zeros."""
    entry, sides = _picture(make)
    widths = [[0, 0], *make.rng.integers(0, 4, (2, 2)).tolist(), [0, 0]]
    output = make.variable([1, *sides], entry)
    return make.single("PAD", [entry, make.integers(widths)], output, "PadOptions")


def mirror(make: Maker) -> bytes:
    """A border that mirrors what is inside, of a picture or of a series of vectors."""
    entry, sides = _picture(make)
    mode = int(make.rng.integers(2))
    most = [side + mode for side in sides[:2]]
    widths = [[0, 0], *(make.rng.integers(0, width, 2).tolist() for width in most), [0, 0]]
    output = make.variable([1, *sides], entry)
    return make.single(
        "MIRROR_PAD", [entry, make.integers(widths)], output, "MirrorPadOptions", mode=mode
    )


def box(make: Maker) -> bytes:
    """A box of the picture, in steps."""
    entry, sides = _picture(make)
    begin = [0, *(int(make.rng.integers(side)) for side in sides)]
    step = [1, *(int(value) for value in make.rng.choice([1, 2, -1], 3))]
    end = [
        1,
        *(side if value > 0 else -side - 1 for side, value in zip(sides, step[1:], strict=True)),
    ]
    output = make.variable([1, *sides], entry)
    inputs = [entry, *(make.integers(value) for value in (begin, end, step))]
    return make.single("STRIDED_SLICE", inputs, output, "StridedSliceOptions")


def order(make: Maker) -> bytes:
    """The axes in another order, and the result several times."""
    entry, sides = _picture(make, 6)
    axes = [0, *(1 + make.rng.permutation(3)).tolist()]
    turned = make.variable([1, *sides], entry)
    make.operator("TRANSPOSE", [entry, make.integers(axes)], [turned], "TransposeOptions")
    output = make.variable([1, *sides], entry)
    times = [1, *make.rng.integers(1, 4, 3).tolist()]
    return make.single("TILE", [turned, make.integers(times)], output, "TileOptions")


def matrices(make: Maker) -> bytes:
    """Products of matrices, one of which may be constant, or the same for all batches."""
    rows, length, columns, batches = (int(side) for side in make.rng.integers(1, 9, 4))
    turned = make.rng.integers(2, size=2).astype(bool).tolist()
    entry = make.variable([1, batches, *((length, rows) if turned[0] else (rows, length))])
    shape = [columns, length] if turned[1] else [length, columns]
    shape = [*([[], [1, 1], [1, batches]][int(make.rng.integers(3))]), *shape]
    size = int(np.prod(shape))
    if make.rng.integers(2):
        other = make.constant(make.rng.integers(-128, 128, shape).astype(np.int8))
    else:
        long = make.weights([size, rows * length * batches], 0)
        flat = make.operator(
            "FULLY_CONNECTED", [entry, long, -1], [make.variable([1, size])],
            "FullyConnectedOptions",
        )  # fmt: skip
        other = make.variable(shape, flat)
        make.operator("RESHAPE", [flat, make.integers(shape)], [other])
    output = make.variable([1, batches, rows, columns])
    return make.single(
        "BATCH_MATMUL", [entry, other], output, "BatchMatMulOptions",
        adjX=turned[0], adjY=turned[1],
    )  # fmt: skip


def taken(make: Maker) -> bytes:
    """Slices by their numbers, along any axis."""
    entry, sides = _picture(make)
    axis = int(make.rng.integers(1, 4))
    count = int(make.rng.integers(1, 12))
    numbers = make.rng.integers(0, sides[axis - 1], count)
    if make.rng.integers(3) == 0:
        numbers = np.arange(sides[axis - 1])[:: int(make.rng.choice([-1, 1, 2]))]
    output = make.variable([1, *sides], entry)
    inputs = [entry, make.integers(numbers)]
    return make.single("GATHER", inputs, output, "GatherOptions", axis=axis, batchDims=0)


def _cast(make: Maker, tensor: int, shape: Sequence[int], dtype: type[np.generic]) -> int:
    return make.operator("CAST", [tensor], [make.typed(shape, dtype)], "CastOptions")


def _gathered(make: Maker, table: npt.NDArray[np.int8], rows: int, shape: Sequence[int]) -> int:
    inputs = [make.tensor(table.shape, table, [1.0]), rows]
    output = make.tensor([*shape, *table.shape[1:]], None, [1.0])
    return make.operator("GATHER", inputs, [output], "GatherOptions")


def searched(make: Maker) -> bytes:
    """The digits of the code with the largest score; several scores may be largest."""
    entry, (rows, columns, channels) = _picture(make)
    count, width, sides = (
        int(make.rng.integers(2, 60)),
        int(make.rng.integers(1, 3)),
        [1, rows, columns],
    )
    kernel = make.rng.integers(-3, 4, (count, channels)) * make.rng.choice([1, 900])
    floats = _cast(make, entry, [*sides, channels], np.float32)
    inputs = [floats, make.floats(kernel), make.floats(make.rng.integers(-99, 99, count))]
    scores = make.typed([*sides, count], np.float32)
    options = {"keepNumDims": True}
    make.operator("FULLY_CONNECTED", inputs, [scores], "FullyConnectedOptions", **options)
    axis, best = make.tensor([], np.array(-1, np.int32)), make.typed(sides, np.int32)
    kind = {"outputType": schema.TensorType.INT32}
    make.operator("ARG_MAX", [scores, axis], [best], "ArgMaxOptions", **kind)
    table = make.rng.integers(-128, 128, (count, width)).astype(np.int8)
    return make.model(entry, _gathered(make, table, best, sides))


def looked_up(make: Maker) -> bytes:
    """The row of a table that all channels stand for, clipped to the table."""
    entry, (rows, columns, channels) = _picture(make)
    count, sides = int(make.rng.integers(1, 60)), [1, rows, columns]
    table = make.rng.integers(-128, 128, (count, int(make.rng.integers(1, 9)))).astype(np.int8)
    number, total = (
        _cast(make, entry, [*sides, channels], np.float32),
        make.typed(sides, np.float32),
    )
    worth = make.floats(make.rng.integers(-3, 4, channels))
    product = make.typed([*sides, channels], np.float32)
    make.operator("MUL", [number, worth], [product], "MulOptions")
    make.operator("SUM", [product, make.integers([-1])], [total], "ReducerOptions")
    steps = (
        ("ADD", "Add", 7),
        ("MAXIMUM", "MaximumMinimum", 0),
        ("MINIMUM", "MaximumMinimum", count - 1),
    )
    for name, kind, limit in steps:
        inputs = [total, make.floats([limit])]
        total = make.operator(name, inputs, [make.typed(sides, np.float32)], f"{kind}Options")
    return make.model(entry, _gathered(make, table, _cast(make, total, sides, np.int32), sides))


def of_channels(make: Maker) -> bytes:
    """A table of 256 results for each channel."""
    entry, (rows, columns, channels) = _picture(make)
    sides = [1, rows, columns, channels]
    inputs = [_cast(make, entry, sides, np.float32), make.floats(256 * np.arange(channels) + 128)]
    total = make.operator("ADD", inputs, [make.typed(sides, np.float32)], "AddOptions")
    table = make.rng.integers(-128, 128, 256 * channels).astype(np.int8)
    return make.model(entry, _gathered(make, table, _cast(make, total, sides, np.int32), sides))


LAYERS: dict[str, Layer] = {
    "CONV_2D": convolution,
    "CONV_2D of 3 by 3": filtering,
    "DEPTHWISE_CONV_2D": depthwise,
    "FULLY_CONNECTED": matrix,
    "TRANSPOSE_CONV": transposed,
    "ADD": partial(pairs, name="ADD", kind="AddOptions"),
    "SUB": partial(pairs, name="SUB", kind="SubOptions"),
    "MUL": partial(pairs, name="MUL", kind="MulOptions"),
    "ADD of a scalar": partial(with_scalar, name="ADD", kind="AddOptions"),
    "SUB of a scalar": partial(with_scalar, name="SUB", kind="SubOptions"),
    "MUL by a scalar": partial(with_scalar, name="MUL", kind="MulOptions"),
    "SQUARED_DIFFERENCE": partial(
        pairs, name="SQUARED_DIFFERENCE", kind="SquaredDifferenceOptions"
    ),
    "MAXIMUM": partial(pairs, name="MAXIMUM", kind="MaximumMinimumOptions"),
    "MINIMUM": partial(pairs, name="MINIMUM", kind="MaximumMinimumOptions"),
    "PRELU": slopes,
    "LOGISTIC": partial(function, name="LOGISTIC", scale=1 / 256, zero=-128),
    "TANH": partial(function, name="TANH", scale=1 / 128, zero=0),
    "RELU": partial(function, name="RELU"),
    "RELU6": partial(function, name="RELU6"),
    "LEAKY_RELU": partial(function, name="LEAKY_RELU", kind="LeakyReluOptions", alpha=0.2),
    "HARD_SWISH": partial(function, name="HARD_SWISH", kind="HardSwishOptions"),
    "QUANTIZE": partial(function, name="QUANTIZE", kind="QuantizeOptions"),
    "SOFTMAX": shares,
    "MAX_POOL_2D": partial(pool, name="MAX_POOL_2D"),
    "AVERAGE_POOL_2D": partial(pool, name="AVERAGE_POOL_2D"),
    "MEAN": partial(reduction, name="MEAN"),
    "REDUCE_MAX": partial(reduction, name="REDUCE_MAX"),
    "SUM": partial(reduction, name="SUM"),
    "RESIZE_BILINEAR": partial(resize, name="RESIZE_BILINEAR"),
    "RESIZE_NEAREST_NEIGHBOR": partial(resize, name="RESIZE_NEAREST_NEIGHBOR"),
    "CONCATENATION": concatenation,
    "DEPTH_TO_SPACE": partial(blocks, name="DEPTH_TO_SPACE"),
    "SPACE_TO_DEPTH": partial(blocks, name="SPACE_TO_DEPTH"),
    "PAD": border,
    "MIRROR_PAD": mirror,
    "STRIDED_SLICE": box,
    "TRANSPOSE": order,
    "GATHER": taken,
    "BATCH_MATMUL": matrices,
    "GATHER of the best score": searched,
    "GATHER by digits": looked_up,
    "GATHER by channel": of_channels,
}
"""Random models of one operator, or of few, by its name."""
