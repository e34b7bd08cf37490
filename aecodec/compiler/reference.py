"""LiteRT's reference kernels, which define the results of int8 models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Latents
from aecodec.base.errors import CodecError
from aecodec.compiler.interpreter import KERNELS, open_interpreter, silent_stderr
from aecodec.compiler.model import name_of, packed, schema


def reference_transform(model: bytes) -> Callable[[Latents], Latents]:
    """Make a transform of single inputs; it raises CodecError if LiteRT fails."""
    return _Runner(_for_reference_kernels(model))


class _Step(NamedTuple):
    """A single operator, and the numbers of the tensors that it reads and writes.

    The reference kernel of SUM (LiteRT 2.3) reads int8 as uint8 and returns wrong sums. An
    `is_unsigned` operator works on uint8: with 128 added to all elements and zero points, the sum
    is the correct sum of int8.
    """

    interpreter: Any
    entries: list[int]
    exits: list[int]
    is_unsigned: bool

    @classmethod
    def of(cls, whole: Any, operator: Any, values: dict[int, npt.NDArray[Any]]) -> _Step:
        alone, operator, (graph,) = copy(whole), copy(operator), map(copy, whole.subgraphs)
        exits = [int(end) for end in operator.outputs]
        ends = [int(end) for end in dict.fromkeys((*operator.inputs, *exits)) if end != -1]
        used = {graph.tensors[end].buffer for end in ends}
        alone.subgraphs, alone.signatureDefs, graph.operators = [graph], None, [operator]
        alone.operatorCodes = [whole.operatorCodes[operator.opcodeIndex]]
        operator.opcodeIndex = 0
        alone.buffers = [
            buffer if number in used else schema.BufferT()
            for number, buffer in enumerate(whole.buffers)
        ]
        variables = [end for end in ends if not _is_constant(whole, graph.tensors[end])]
        entries = [end for end in variables if end not in exits]
        graph.inputs, graph.outputs, graph.tensors = entries, exits, [*graph.tensors]
        for number in variables:
            graph.tensors[number] = copy(graph.tensors[number])
        for number in entries:
            graph.tensors[number].shape = values[number].shape
        is_sum = name_of(alone.operatorCodes[0]) == "SUM"
        is_unsigned = is_sum and graph.tensors[exits[0]].type == schema.TensorType.INT8
        if is_unsigned:
            for number in variables:
                _make_unsigned(graph.tensors[number])
        with silent_stderr():
            return cls(_interpreter(packed(alone)), entries, exits, is_unsigned)

    def run(self, values: dict[int, npt.NDArray[Any]]) -> None:
        for number in self.entries:
            value = values[number]
            value = (value ^ -128).view(np.uint8) if self.is_unsigned else value
            self.interpreter.set_tensor(number, value)
        try:
            self.interpreter.invoke()
        except RuntimeError as error:
            text = " ".join(str(error).split())  # which is several lines
            raise CodecError(f"LiteRT cannot run the model: {text}") from error
        for number in self.exits:
            value = self.interpreter.get_tensor(number)
            values[number] = value.view(np.int8) ^ -128 if self.is_unsigned else value


def _make_unsigned(tensor: Any) -> None:
    tensor.type, tensor.quantization = schema.TensorType.UINT8, copy(tensor.quantization)
    tensor.quantization.zeroPoint = np.add(tensor.quantization.zeroPoint, 128)


class _Runner:
    """Runs operators one by one with reference kernels, or with default kernels if there are none.

    The default kernels round some sums of convolutions to different integers.
    """

    def __init__(self, whole: Any) -> None:
        (graph,) = whole.subgraphs
        self._entry, self._exit = int(graph.inputs[0]), int(graph.outputs[0])
        self._shape = tuple(graph.tensors[self._entry].shape)
        self._whole, self._operators, self._steps = whole, graph.operators, list[_Step]()

    def __call__(self, inputs: Latents) -> Latents:
        shape = inputs.shape if inputs.ndim == len(self._shape) else self._shape
        if shape != self._shape:
            self._shape, self._steps = shape, []
        values = {self._entry: inputs.reshape(shape)}
        for number, operator in enumerate(self._operators):
            if number == len(self._steps):
                self._steps.append(_Step.of(self._whole, operator, values))
            self._steps[number].run(values)
        return np.asarray(values[self._exit], np.int8)


def _for_reference_kernels(model: bytes) -> Any:
    """Set all versions to 1: the reference kernels are registered with these, but support more."""
    whole = schema.ModelT.InitFromPackedBuf(model)
    for code in whole.operatorCodes:
        code.version = 1
    return whole


def results_of_int8(content: bytes, numbers: Sequence[int]) -> npt.NDArray[np.int8]:
    """Return the results (256,) of a chain of elementwise operators for -128 to 127.

    Besides the variable of the first operator, all inputs are constants with one element. Values
    that LiteRT rejects, such as negative ones for the logarithm, get the result of the lowest
    accepted value. Raises CodecError if LiteRT cannot run the operators.
    """
    run = _Runner(_alone(content, numbers))
    values = np.arange(-128, 128).astype(np.int8)
    for least in values[:-1]:
        try:
            return run(np.maximum(values, least))
        except CodecError:
            continue
    return run(np.maximum(values, values[-1]))


def _interpreter(model: bytes) -> Any:
    for kernels in KERNELS:
        try:
            return open_interpreter(model, kernels)
        except (RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
    raise CodecError(f"LiteRT cannot load the model: {reason}")


def _alone(content: bytes, numbers: Sequence[int]) -> Any:
    whole = schema.ModelT.InitFromPackedBuf(content)
    (graph,) = whole.subgraphs
    graph.operators = [graph.operators[number] for number in numbers]
    for end in {int(end) for op in graph.operators for end in (*op.inputs, *op.outputs)}:
        tensor = graph.tensors[end]
        tensor.shape, tensor.shapeSignature = [1 if _is_constant(whole, tensor) else 256], None
    graph.inputs = [
        end for end in graph.operators[0].inputs if not _is_constant(whole, graph.tensors[end])
    ]
    graph.outputs = graph.operators[-1].outputs
    return whole


def _is_constant(whole: Any, tensor: Any) -> bool:
    content = whole.buffers[tensor.buffer].data
    return content is not None and len(content) > 0
