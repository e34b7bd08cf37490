"""Changing TFLite models in tests, by the objects of their schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import Builder

Change = Callable[[Any], None]
"""Changes a model, as the objects of the schema, in place."""


def changed(content: bytes, change: Change) -> bytes:
    """A model after a change."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    change(model)
    builder = Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def tensor(
    kind: int, shape: tuple[int, ...], buffer: int = 0, scale: float | None = None
) -> schema.TensorT:
    """A tensor of a type of the schema; quantized if it has a scale."""
    made = schema.TensorT()
    made.type, made.shape, made.buffer, made.name = kind, np.array(shape, np.int32), buffer, b"x"
    if scale is not None:
        made.quantization = schema.QuantizationParametersT()
        made.quantization.scale = np.array([scale], np.float32)
        made.quantization.zeroPoint = np.array([0], np.int64)
    return made


def operator(inputs: list[int], outputs: list[int]) -> schema.OperatorT:
    """The first operator of a model's list, without options."""
    made = schema.OperatorT()
    made.opcodeIndex, made.inputs, made.outputs = 0, inputs, outputs
    return made


def one_operator(
    code: int, tensors: list[schema.TensorT], inputs: list[int], constants: list[Any] | None = None
) -> bytes:
    """A model of one operator, whose input is the first tensor and whose output is the last one.

    Args:
        code: number of the operator in the schema.
        tensors: all tensors; their buffers are 0, or from 1 the constants.
        inputs: numbers of the tensors that the operator reads.
        constants: contents of the buffers.
    """
    model, graph, kind = schema.ModelT(), schema.SubGraphT(), schema.OperatorCodeT()
    kind.builtinCode, kind.deprecatedBuiltinCode, kind.version = code, min(code, 127), 1
    graph.tensors, graph.operators = tensors, [operator(inputs, [len(tensors) - 1])]
    graph.inputs, graph.outputs = [0], [len(tensors) - 1]
    model.version, model.subgraphs, model.operatorCodes = 3, [graph], [kind]
    model.buffers = [schema.BufferT()]
    for values in constants or []:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(np.asarray(values).tobytes(), np.uint8)
        model.buffers.append(buffer)
    builder = Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
