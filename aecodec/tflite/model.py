"""A TFLite model as data: its tensors, and its operators in the order in which they run.

Tables and fields follow version 3 of TFLite's schema.
"""

import struct
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.errors import CodecError, ModelError
from aecodec.tflite.flatbuffer import Table, root_table

Shape = tuple[int, ...]

_IDENTIFIER = b"TFL3"


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
    """A tensor with its shape in the file; `content` is empty unless it is constant."""

    type: Type
    shape: Shape
    quantization: Quantization
    content: npt.NDArray[np.uint8]

    @property
    def is_constant(self) -> bool:
        """Whether the file contains its values."""
        return len(self.content) > 0

    @property
    def values(self) -> npt.NDArray[Any]:
        """The values of a constant; ModelError for other tensors."""
        if not self.is_constant:
            raise ModelError("its weights, sizes or axes are not constant")
        return self.content.view(DTYPES[self.type]).reshape(self.shape)


class Operator(NamedTuple):
    """An operator, with the schema's numbers of its code and option type; 0 means no options.

    The number of an omitted input is -1. `table` is its table in the file.
    """

    code: int
    inputs: list[int]
    outputs: list[int]
    options_type: int
    table: Table

    def options(self, kind: int) -> Table:
        """The operator's options of this type; ModelError if they are missing."""
        options = self.table.table(4) if self.options_type == kind else None
        if options is None:
            raise ModelError("its options are left out")
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
    """Read a `.tflite` file.

    Raises CodecError if it is damaged, and ModelError if it has loops, several inputs or outputs,
    or tensors of other types.
    """
    if content[4:8] != _IDENTIFIER:
        raise CodecError("not a TFLite model")
    try:
        return _model(root_table(content))
    except (struct.error, LookupError, ValueError) as error:
        raise CodecError(f"the TFLite model is damaged ({error})") from error


def _model(root: Table) -> Model:
    buffers = [table.vector(0, np.uint8) for table in root.tables(4)]
    graphs = root.tables(2)
    if len(graphs) != 1:
        raise ModelError("the TFLite model has loops or branches")
    codes = [max(int(item.number(0, "b")), int(item.number(3, "i"))) for item in root.tables(1)]
    tensors = [_tensor(entry, buffers) for entry in graphs[0].tables(0)]
    operators = [_operator(entry, codes) for entry in graphs[0].tables(3)]
    entries, exits = (graphs[0].vector(field, np.int32).tolist() for field in (1, 2))
    if len(entries) != 1 or len(exits) != 1:
        raise ModelError("the TFLite model has not one input and one output")
    return Model(tensors, operators, entries[0], exits[0])


def _tensor(table: Table, buffers: list[npt.NDArray[np.uint8]]) -> Tensor:
    kind = table.number(1, "b")
    if kind not in DTYPES:
        raise ModelError("the TFLite model has a tensor of another type")
    shape = tuple(table.vector(0, np.int32).tolist())
    return Tensor(Type(kind), shape, _quantization(table), buffers[table.number(2, "I")])


def _quantization(table: Table) -> Quantization:
    parameters = table.table(4)
    if parameters is None:
        return Quantization(np.empty(0, np.float32), np.empty(0, np.int64), 0)
    scales, zeros = parameters.vector(2, np.float32), parameters.vector(3, np.int64)
    return Quantization(scales, zeros, int(parameters.number(6, "i")))


def _operator(table: Table, codes: list[int]) -> Operator:
    inputs, outputs = (table.vector(field, np.int32).tolist() for field in (1, 2))
    code, options = codes[table.number(0, "I")], int(table.number(3, "B"))
    return Operator(code, inputs, outputs, options, table)
