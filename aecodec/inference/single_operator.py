"""Single operators of a TFLite model, run by LiteRT's reference kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.errors import CodecError
from aecodec.inference.litert import Kernels, invoke, open_interpreter
from aecodec.inference.stderr import silent_stderr

_VALUES = 256


def results_of_int8(content: bytes, number: int) -> npt.NDArray[np.int8]:
    """What an operator on each element gives for all int8 values.

    The operator is run alone, by the kernels that define its results.

    Args:
        content: content of a `.tflite` file, checked.
        number: number of an operator of one variable input of int8; its other inputs are constants
            of one element.

    Returns:
        (256,) its results for -128 to 127.

    Raises:
        CodecError: LiteRT does not run it.
    """
    with silent_stderr():
        try:
            interpreter = open_interpreter(_alone(content, number), kernels=Kernels.REFERENCE)
        except (RuntimeError, ValueError) as error:
            raise CodecError(f"LiteRT cannot run it alone: {error}") from error
        return np.asarray(invoke(interpreter, np.arange(-128, 128).astype(np.int8)), np.int8)


def _alone(content: bytes, number: int) -> bytes:
    """A model of this operator alone, on 256 elements."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    source = schema.Model.GetRootAs(content)
    graph = source.Subgraphs(0)
    operator = schema.OperatorT.InitFromObj(graph.Operators(number))
    alone, made = schema.ModelT(), schema.SubGraphT()
    alone.version, alone.buffers, alone.subgraphs = 3, [schema.BufferT()], [made]
    code = source.OperatorCodes(operator.opcodeIndex)
    alone.operatorCodes, operator.opcodeIndex = [schema.OperatorCodeT.InitFromObj(code)], 0
    numbers = [*operator.inputs, *operator.outputs]
    made.tensors = [schema.TensorT.InitFromObj(graph.Tensors(each)) for each in numbers]
    is_constant = [_take_buffer(schema, source, alone, each) for each in made.tensors]
    operator.inputs, operator.outputs = list(range(len(numbers) - 1)), [len(numbers) - 1]
    made.inputs = [each for each in operator.inputs if not is_constant[each]]
    made.outputs, made.operators = operator.outputs, [operator]
    builder = flatbuffers.Builder(1 << 12)
    builder.Finish(alone.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _take_buffer(schema: Any, source: Any, alone: Any, tensor: Any) -> bool:
    """Take a constant's content along, or give a variable 256 elements; whether it is constant."""
    buffer = schema.BufferT.InitFromObj(source.Buffers(tensor.buffer))
    tensor.buffer, tensor.shapeSignature = 0, None
    if buffer.data is None or not len(buffer.data):
        tensor.shape = [_VALUES]
        return False
    alone.buffers.append(buffer)
    tensor.buffer = len(alone.buffers) - 1
    return True
