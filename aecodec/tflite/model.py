"""A TFLite model as data: its tensors, and its operators in the order in which they run.

Tables and fields follow version 3 of TFLite's schema. Features that the exporters never use are
rejected: several subgraphs, variables, sparse tensors, custom operators, buffers outside the file.
"""

import math
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.errors import CodecError
from aecodec.tflite.flatbuffer import Table, root_table

Shape = tuple[int, ...]

ANY = -1
"""Stands for a side with any size."""

MAX_TENSORS = 1 << 14
MAX_OPERATORS = 1 << 12
MAX_RANK = 6
MAX_SIDE = 1 << 24
_MAX_TEXT = 1 << 16
_MAX_BYTES = 1 << 31

_IDENTIFIER = b"TFL3"
_VERSION = 3
_METADATA = (
    b"CONVERSION_METADATA",
    b"aecodec",
    b"min_runtime_version",
    b"reduced_precision_support",
)
"""Names of metadata from the converter and aecodec; some other names change what a runtime does."""


class Type(IntEnum):
    """Types of tensors, with the numbers of the schema."""

    FLOAT32 = 0
    FLOAT16 = 1
    INT32 = 2
    UINT8 = 3
    INT64 = 4
    BOOL = 6
    INT16 = 7
    INT8 = 9


DTYPES: dict[Type, type[Any]] = {
    Type.FLOAT32: np.float32,
    Type.FLOAT16: np.float16,
    Type.INT32: np.int32,
    Type.UINT8: np.uint8,
    Type.INT64: np.int64,
    Type.BOOL: np.bool_,
    Type.INT16: np.int16,
    Type.INT8: np.int8,
}

_SIZES = {kind: np.dtype(dtype).itemsize for kind, dtype in DTYPES.items()}


class Quantization(NamedTuple):
    """The mapping from integers to real numbers: real = (integer - zero) * scale.

    A tensor has one scale and zero point, or one for each slice along an axis; none if it is not
    quantized.
    """

    scales: npt.NDArray[np.float32]
    zeros: npt.NDArray[np.int64]
    axis: int

    @property
    def scale(self) -> float:
        """The scale of the tensor or of its first slice; 0 if it is not quantized."""
        return float(self.scales[0]) if len(self.scales) else 0.0


class Tensor(NamedTuple):
    """A tensor with its shape in the file.

    `signature` is the shape with `ANY` for sides of any size; `content` contains the bytes of a
    constant and is empty for other tensors.
    """

    type: Type
    shape: Shape
    signature: Shape
    quantization: Quantization
    content: npt.NDArray[np.uint8]

    @property
    def is_constant(self) -> bool:
        """Whether the file contains its values."""
        return len(self.content) > 0

    @property
    def values(self) -> npt.NDArray[Any]:
        return self.content.view(DTYPES[self.type]).reshape(self.shape)

    def bytes_of(self, shape: Shape) -> int:
        return math.prod(shape) * _SIZES[self.type]


class Operator(NamedTuple):
    """An operator, with the schema's numbers of its code and option type; 0 means no options.

    The number of an omitted input is -1. `table` is its table in the file.
    """

    code: int
    inputs: list[int]
    outputs: list[int]
    options_type: int
    table: Table

    def options(self, kind: int, fields: int) -> Table:
        """The operator's options, with this option type and number of fields.

        Raises CodecError if they are missing or belong to another operator.
        """
        if self.options_type not in (0, kind):
            raise CodecError("it has the options of another operator")
        options = self.table.table(4, fields) if self.options_type else None
        if options is None:
            raise CodecError("its options are left out")
        return options


class Model(NamedTuple):
    """A model with its operators in the order in which they run, one input and one output."""

    tensors: list[Tensor]
    operators: list[Operator]
    entry: int
    exit: int

    @property
    def input_shape(self) -> Shape:
        """Shape of the input in the file."""
        return self.tensors[self.entry].shape

    @property
    def output_shape(self) -> Shape:
        """Shape of the output for the input shape in the file."""
        return self.tensors[self.exit].shape


def read_model(content: bytes) -> Model:
    """Read a `.tflite` file; raise CodecError if it is damaged or not from an exporter."""
    if content[4:8] != _IDENTIFIER:
        raise CodecError("not a TFLite model")
    root = root_table(content, fields=10)
    buffers = [_buffer(table) for table in root.tables(4, 3, MAX_TENSORS)]
    graphs = root.tables(2, 6, MAX_OPERATORS)
    if root.number(0, "I") != _VERSION or len(graphs) != 1:
        raise CodecError("the TFLite model has loops or branches, or another version than 3")
    if not buffers or len(buffers[0]) or root.has(8) or root.has(9):
        raise CodecError("the TFLite model has data outside of its buffers")
    codes = [_code(table) for table in root.tables(1, 4, MAX_OPERATORS)]
    model = _graph(graphs[0], codes, buffers)
    root.text(3, _MAX_TEXT)
    root.vector(5, np.int32, MAX_TENSORS)
    _check_metadata(root.tables(6, 2, MAX_TENSORS), len(buffers))
    _check_signatures(root.tables(7, 5, MAX_OPERATORS), len(model.tensors))
    return model


def _buffer(table: Table) -> npt.NDArray[np.uint8]:
    if table.has(1) or table.has(2):
        raise CodecError("the TFLite model has data outside of its buffers")
    return table.vector(0, np.uint8, _MAX_BYTES)


def _code(table: Table) -> int:
    """The operator's number in an entry of the operator list; older files store it in 8 bits."""
    if table.has(1):
        raise CodecError("the TFLite model has an operator of its own")
    return max(int(table.number(0, "b")), int(table.number(3, "i")))


def _graph(table: Table, codes: list[int], buffers: list[npt.NDArray[np.uint8]]) -> Model:
    tensors = [_tensor(entry, buffers) for entry in table.tables(0, 11, MAX_TENSORS)]
    operators = [_operator(entry, codes) for entry in table.tables(3, 14, MAX_OPERATORS)]
    ends = [table.vector(field, np.int32, 1).tolist() for field in (1, 2)]
    if any(len(numbers) != 1 or not 0 <= numbers[0] < len(tensors) for numbers in ends):
        raise CodecError("the TFLite model has not one input and one output")
    table.text(4, _MAX_TEXT)
    return Model(tensors, operators, ends[0][0], ends[1][0])


def _tensor(table: Table, buffers: list[npt.NDArray[np.uint8]]) -> Tensor:
    kind, number = table.number(1, "b"), table.number(2, "I")
    if kind not in DTYPES or number >= len(buffers):
        raise CodecError("the TFLite model has a tensor of another type, or without a buffer")
    if table.number(5, "?") or table.has(6) or table.has(9) or table.number(10, "I"):
        raise CodecError("the TFLite model has a variable or a sparse tensor")
    shape = tuple(table.vector(0, np.int32, MAX_RANK).tolist())
    signature = tuple(table.vector(7, np.int32, MAX_RANK).tolist()) or shape
    _check_shape(shape, signature)
    table.text(3, _MAX_TEXT)
    tensor = Tensor(Type(kind), shape, signature, _quantization(table), buffers[number])
    if tensor.is_constant and len(tensor.content) != tensor.bytes_of(shape):
        raise CodecError("the TFLite model has a tensor of another size than its buffer")
    return tensor


def _check_shape(shape: Shape, signature: Shape) -> None:
    fits = len(shape) == len(signature) and all(
        1 <= side <= MAX_SIDE and stated in (side, ANY)
        for side, stated in zip(shape, signature, strict=True)
    )
    if not fits:
        raise CodecError("the TFLite model has a tensor whose shape is out of range")


def _quantization(table: Table) -> Quantization:
    parameters = table.table(4, 7)
    if parameters is None:
        return Quantization(np.empty(0, np.float32), np.empty(0, np.int64), 0)
    for field in (0, 1):
        parameters.vector(field, np.float32, MAX_SIDE)
    if parameters.number(4, "B") or parameters.has(5):
        raise CodecError("the TFLite model is quantized in a way of its own")
    scales = parameters.vector(2, np.float32, MAX_SIDE)
    zeros = parameters.vector(3, np.int64, MAX_SIDE)
    return Quantization(scales, zeros, int(parameters.number(6, "i")))


def _operator(table: Table, codes: list[int]) -> Operator:
    number = table.number(0, "I")
    inputs, outputs = (table.vector(field, np.int32, MAX_TENSORS).tolist() for field in (1, 2))
    has_more = any(table.has(field) for field in (5, 9, 10, 11, 12))
    if number >= len(codes) or has_more:
        raise CodecError("the TFLite model has an operator that is not of TFLite")
    if table.vector(7, np.bool_, MAX_TENSORS).any() or len(table.vector(8, np.int32, MAX_TENSORS)):
        raise CodecError("the TFLite model has an operator that keeps results")
    return Operator(codes[number], inputs, outputs, int(table.number(3, "B")), table)


def _check_metadata(entries: list[Table], buffers: int) -> None:
    for entry in entries:
        name, buffer = entry.text(0, _MAX_TEXT), entry.number(1, "I")
        if name not in _METADATA or buffer >= buffers:
            raise CodecError("the TFLite model has metadata that no exporter writes")


def _check_signatures(entries: list[Table], tensors: int) -> None:
    for entry in entries:
        entry.text(2, _MAX_TEXT)
        named = [tensor for field in (0, 1) for tensor in entry.tables(field, 2, MAX_TENSORS)]
        for tensor in named:
            tensor.text(0, _MAX_TEXT)
        if entry.number(4, "I") or any(tensor.number(1, "I") >= tensors for tensor in named):
            raise CodecError("the TFLite model has a signature of other tensors")
