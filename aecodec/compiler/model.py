"""A TFLite model as data: its tensors, and its operators in the order in which they run."""

import struct
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.base.errors import AecodecError, CodecError, ModelError
from aecodec.compiler.interpreter import NEEDS_LITERT

try:
    import flatbuffers
    from ai_edge_litert import schema_py_generated
except ImportError as error:
    raise AecodecError(NEEDS_LITERT) from error

schema: Any = schema_py_generated
"""The classes of TFLite's schema, and their objects, whose names end in T."""

Shape = tuple[int, ...]

_IDENTIFIER = b"TFL3"

_NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items()}

_DTYPES = {
    getattr(schema.TensorType, name.upper()): np.dtype(name)
    for name in ("float32", "float16", "int32", "uint8", "int64", "bool", "int16", "int8")
}


class Tensor(NamedTuple):
    """A tensor with its shape in the file; `content` is empty unless it is constant.

    Integers stand for real numbers: real = (integer - zero) * scale. A tensor has one scale and
    zero point, or one for each slice along an axis; none if it is not quantized.
    """

    dtype: np.dtype[Any]
    shape: Shape
    scales: npt.NDArray[np.float32]
    zeros: npt.NDArray[np.int64]
    content: npt.NDArray[np.uint8]

    @property
    def scale(self) -> float:
        """The scale of the tensor or of its first slice; 0 if it is not quantized."""
        return float(self.scales[0]) if len(self.scales) else 0.0

    @property
    def is_constant(self) -> bool:
        return len(self.content) > 0

    @property
    def values(self) -> npt.NDArray[Any]:
        """The values of a constant; ModelError for other tensors."""
        if not self.is_constant:
            raise ModelError("its weights, sizes or axes are not constant")
        return self.content.view(self.dtype).reshape(self.shape)


class Operator(NamedTuple):
    """An operator with its name and options in TFLite; an omitted input is -1."""

    name: str
    inputs: list[int]
    outputs: list[int]
    options: Any


class Model(NamedTuple):
    """A model with its operators in the order in which they run, one input and one output."""

    tensors: list[Tensor]
    operators: list[Operator]
    entry: int
    exit: int


def read_model(content: bytes) -> Model:
    """Read a `.tflite` file.

    Raises CodecError if it is damaged, and ModelError if it has loops, several inputs or outputs,
    or tensors of other types.
    """
    if content[4:8] != _IDENTIFIER:
        raise CodecError("not a TFLite model")
    try:
        return _model(schema.ModelT.InitFromPackedBuf(content))
    except (struct.error, AttributeError, LookupError, TypeError, ValueError) as error:
        raise CodecError(f"the TFLite model is damaged ({error})") from error


def _model(whole: Any) -> Model:
    if len(whole.subgraphs) != 1:
        raise ModelError("the TFLite model has loops or branches")
    (graph,) = whole.subgraphs
    names = [name_of(code) for code in whole.operatorCodes]
    tensors = [_tensor(tensor, whole.buffers) for tensor in graph.tensors]
    operators = [
        Operator(names[op.opcodeIndex], _list(op.inputs), _list(op.outputs), op.builtinOptions)
        for op in graph.operators
    ]
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise ModelError("the TFLite model must have one input and one output")
    return Model(tensors, operators, int(graph.inputs[0]), int(graph.outputs[0]))


def packed(whole: Any) -> bytes:
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(whole.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())


def name_of(code: Any) -> str:
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    return _NAMES.get(number, f"number {number}")


def _tensor(tensor: Any, buffers: list[Any]) -> Tensor:
    if tensor.type not in _DTYPES:
        raise ModelError("the TFLite model has a tensor of an unsupported type")
    ranges, content = tensor.quantization, buffers[tensor.buffer].data
    return Tensor(
        _DTYPES[tensor.type],
        tuple(_list(tensor.shape)),
        _array(ranges and ranges.scale, np.float32),
        _array(ranges and ranges.zeroPoint, np.int64),
        _array(content, np.uint8),
    )


def _array(values: Any, dtype: type[Any]) -> npt.NDArray[Any]:
    return np.asarray([] if values is None else values, dtype)


def _list(numbers: Any) -> list[int]:
    return _array(numbers, np.int64).tolist()
