"""LiteRT's reference kernels, which define the results of int8 models."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Latents
from aecodec.errors import CodecError
from aecodec.tflite.building import Builder, quantized
from aecodec.tflite.interpreter import Kernels, invoke, open_interpreter, resize, silent_stderr
from aecodec.tflite.model import name_of, packed, schema

_VALUES = 256


def reference_transform(model: bytes) -> Callable[[Latents], Latents]:
    """Make a transform of single inputs from an int8 `.tflite` file, with reference kernels.

    Raises CodecError if LiteRT cannot load the file.
    """
    with silent_stderr():
        interpreter = _interpreter(_for_reference_kernels(model))
    own = interpreter.get_input_details()[0]["shape"]

    def run(inputs: Latents) -> Latents:
        if inputs.ndim != len(own):
            inputs = inputs.reshape(own)
        if inputs.shape != tuple(interpreter.get_input_details()[0]["shape"]):
            resize(interpreter, inputs.shape)
        return np.asarray(invoke(interpreter, inputs), np.int8)

    return run


def _for_reference_kernels(model: bytes) -> bytes:
    """Change a model so that the reference kernels accept it: versions of 1, and unsigned sums.

    A version states the types and options that a kernel must support. The reference kernels are
    registered with lower versions than the others, although they support as much.
    """
    whole = schema.ModelT.InitFromPackedBuf(model)
    _make_sums_unsigned(Builder(whole))
    for code in whole.operatorCodes:
        code.version = 1
    return packed(whole)


def _make_sums_unsigned(builder: Builder) -> None:
    """Replace each SUM of int8 with a SUM of uint8 between two conversions.

    The reference kernel of SUM (LiteRT 2.3) reads int8 as uint8 and returns wrong sums. With 128
    added to every element and zero point, the sum of uint8 is the correct sum of int8.
    """
    graph, codes = builder.graph, builder.whole.operatorCodes
    operators, graph.operators = graph.operators, []
    for operator in operators:
        entry, exit_ = int(operator.inputs[0]), int(operator.outputs[0])
        is_sum = name_of(codes[operator.opcodeIndex]) == "SUM"
        if not is_sum or graph.tensors[entry].type != schema.TensorType.INT8:
            graph.operators.append(operator)
            continue
        unsigned = [_add_unsigned(builder, end) for end in (entry, exit_)]
        builder.operator("QUANTIZE", [entry], unsigned[0])
        operator.inputs, operator.outputs = [unsigned[0], *operator.inputs[1:]], unsigned[1:]
        graph.operators.append(operator)
        builder.operator("QUANTIZE", [unsigned[1]], exit_)


def _add_unsigned(builder: Builder, number: int) -> int:
    """Add a uint8 tensor that replaces an int8 tensor; return its number."""
    own = builder.graph.tensors[number]
    ranges = quantized(own.quantization.scale, np.add(own.quantization.zeroPoint, 128))
    return builder.variable(own.shape, np.uint8, ranges)


def results_of_int8(content: bytes, numbers: Sequence[int]) -> npt.NDArray[np.int8]:
    """Return the results (256,) of a chain of elementwise operators for -128 to 127.

    The first operator has one variable input, of int8; each later operator reads the output of the
    previous one. All other inputs are constants with one element. The reference kernels run the
    operators without the rest of the model. If LiteRT rejects the lowest values, as for the
    logarithm, they get the result of the lowest accepted value.

    Raises CodecError if LiteRT cannot run the operators.
    """
    alone = _alone(content, numbers)
    values = np.arange(-128, 128).astype(np.int8)
    for least in values[:-1]:
        try:
            return _run(alone, np.maximum(values, least))
        except CodecError:
            continue
    return _run(alone, np.maximum(values, values[-1]))


def _run(model: bytes, values: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    with silent_stderr():
        return np.asarray(invoke(_interpreter(model), values), np.int8)


def _interpreter(model: bytes) -> Any:
    """An interpreter with reference kernels, or with LiteRT's other kernels if there are none."""
    for kernels in (Kernels.REFERENCE, Kernels.BUILTIN):
        try:
            return open_interpreter(model, kernels=kernels)
        except (RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
    raise CodecError(f"LiteRT cannot load the model: {reason}")


def _alone(content: bytes, numbers: Sequence[int]) -> bytes:
    """A model with only these operators, on 256 elements."""
    whole = schema.ModelT.InitFromPackedBuf(content)
    (graph,), whole.signatureDefs = whole.subgraphs, None
    graph.operators = [graph.operators[number] for number in numbers]
    ends = {int(end) for one in graph.operators for end in (*one.inputs, *one.outputs)}
    used = {graph.tensors[end].buffer for end in ends}
    for number, buffer in enumerate(whole.buffers):
        buffer.data = buffer.data if number in used else None
    sizes = {end: _size_alone(whole, graph.tensors[end]) for end in ends}
    for end, size in sizes.items():
        graph.tensors[end].shape, graph.tensors[end].shapeSignature = [size], None
    graph.inputs = [end for end in graph.operators[0].inputs if sizes[int(end)] == _VALUES]
    graph.outputs = graph.operators[-1].outputs
    return packed(whole)


def _size_alone(whole: Any, tensor: Any) -> int:
    """The size of a tensor between the operators: 1 if it is constant, else 256."""
    content = whole.buffers[tensor.buffer].data
    return _VALUES if content is None or not len(content) else 1
