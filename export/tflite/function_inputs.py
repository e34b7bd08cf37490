"""Let inputs of elementwise functions in TFLite models keep their own scales in int8."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np

from aecodec.compiler.elementwise import functions_of
from aecodec.compiler.model import Model, schema

CHOICES = ("MAXIMUM", "MINIMUM", "SELECT", "SELECT_V2")
"""Elementwise operators whose inputs and outputs share one scale."""

CONVERSIONS = ("QUANTIZE", "DEQUANTIZE")

_CLIPS = {"MAXIMUM", "MINIMUM", "RELU", "RELU6"}


def copy_inputs(whole: Any, model: Model) -> None:
    """Let functions that choose values read a copy of their input, in a float TFLite model.

    The converter would clip the input, also for other operators, to the range of the result. This
    is useful if only a clip reads the input, because int8 has finer steps in a smaller range.
    """
    (graph,) = whole.subgraphs
    operators = list(graph.operators)
    for function in functions_of(model):
        numbers = [n for n in function if model.operators[n].name not in CONVERSIONS]
        parts = [model.operators[number] for number in numbers]
        names = {part.name for part in parts}
        if names.isdisjoint(CHOICES):
            continue
        inner = {part.outputs[0] for part in parts}
        read = {at for part in parts for at in part.inputs} - inner
        (entry,) = (at for at in read if not model.tensors[at].is_constant)
        if model.tensors[entry].dtype != np.float32:
            continue
        readers = {n for n, operator in enumerate(model.operators) if entry in operator.inputs}
        if names <= _CLIPS and readers <= {*numbers}:
            limits = graph.tensors[parts[-1].outputs[0]].quantization
            for at in {entry, *inner}:
                graph.tensors[at].quantization = copy(limits)
        else:
            _copy_input(whole, entry, [operators[number] for number in numbers])


def _copy_input(whole: Any, entry: int, function: list[Any]) -> None:
    """Insert a LeakyReLU with a slope of 1, which the converter keeps."""
    (graph,) = whole.subgraphs
    tensor, code, identity = copy(graph.tensors[entry]), schema.OperatorCodeT(), schema.OperatorT()
    tensor.name, tensor.quantization = tensor.name + b"_copy", None
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.LEAKY_RELU
    identity.builtinOptionsType = schema.BuiltinOptions.LeakyReluOptions
    identity.builtinOptions = schema.LeakyReluOptionsT()
    identity.builtinOptions.alpha, identity.opcodeIndex = 1.0, len(whole.operatorCodes)
    number = len(graph.tensors)
    identity.inputs, identity.outputs = [entry], [number]
    for operator in function:
        operator.inputs = [number if at == entry else at for at in operator.inputs]
    for operator in function[:-1]:
        graph.tensors[operator.outputs[0]].quantization = None
    whole.operatorCodes.append(code)
    graph.tensors.append(tensor)
    graph.operators.insert(graph.operators.index(function[0]), identity)
