"""Adding tensors and operators to TFLite models."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.tflite.model import name_of, schema, type_of


class Builder:
    """The schema's object of a model with one graph, to which tensors and operators are added."""

    def __init__(self, whole: Any) -> None:
        self.whole = whole
        (self.graph,) = whole.subgraphs

    def variable(self, shape: Sequence[int], dtype: npt.DTypeLike, quantization: Any = None) -> int:
        """Add a tensor, and return its number. For its quantization, see :func:`quantized`."""
        tensor, number = schema.TensorT(), len(self.graph.tensors)
        tensor.shape, tensor.type, tensor.buffer = list(shape), type_of(dtype), 0
        tensor.name, tensor.quantization = f"added_{number}".encode(), quantization
        self.graph.tensors.append(tensor)
        return number

    def constant(self, values: npt.NDArray[Any], quantization: Any = None) -> int:
        """Add a constant tensor, and return its number."""
        number, buffer = self.variable(values.shape, values.dtype, quantization), schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self.whole.buffers.append(buffer)
        self.graph.tensors[number].buffer = len(self.whole.buffers) - 1
        return number

    def operator(self, name: str, inputs: list[int], output: int, options: Any = None) -> int:
        """Append an operator, and return its output."""
        made = schema.OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = self._code(name), inputs, [output]
        if options is not None:
            kind = type(options).__name__.removesuffix("T")
            made.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
            made.builtinOptions = options
        self.graph.operators.append(made)
        return output

    def _code(self, name: str) -> int:
        known = list(map(name_of, self.whole.operatorCodes))
        if name in known:
            return known.index(name)
        code, number = schema.OperatorCodeT(), getattr(schema.BuiltinOperator, name)
        code.builtinCode, code.deprecatedBuiltinCode, code.version = number, min(number, 127), 1
        self.whole.operatorCodes.append(code)
        return len(known)


def quantized(scales: Any, zero: Any, axis: int = 0) -> Any:
    """The schema's object of scales and zero points, one or one for each slice along an axis."""
    made = schema.QuantizationParametersT()
    made.scale = np.atleast_1d(np.asarray(scales, np.float32))
    made.zeroPoint = np.full(len(made.scale), zero, np.int64)
    made.quantizedDimension = axis
    return made
