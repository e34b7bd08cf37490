"""A call of an operator: its inputs, its outputs and its cost."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.errors import CodecError
from aecodec.tflite.flatbuffer import Table
from aecodec.tflite.model import MAX_RANK, MAX_SIDE, Operator, Shape, Tensor, Type

REAL = (Type.FLOAT32, Type.INT8, Type.INT16)
"""Types of tensors that represent real numbers."""

QUANTIZED = (Type.INT8, Type.INT16)
INTEGERS = (Type.INT32, Type.INT64)
ANY_TYPE = (*REAL, *INTEGERS, Type.BOOL)

_ACTIVATIONS = range(4)
"""Fused activations: none, and three kinds of ReLU."""


def ensure(holds: Any, text: str) -> None:
    """Raise CodecError with this text unless a condition holds."""
    if not holds:
        raise CodecError(text)


class Value(NamedTuple):
    """A tensor in a run of the model, with its shape in this run.

    It is static if it is the same in every run: a constant, or computed from constants.
    """

    tensor: Tensor
    shape: Shape
    is_static: bool

    @property
    def type(self) -> Type:
        return self.tensor.type

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def scale(self) -> float:
        """Scale of the tensor; 0 if it is not quantized."""
        return self.tensor.quantization.scale


class Result(NamedTuple):
    """The shapes of an operator's outputs, and their cost.

    `work` is an approximate number of multiplications, in addition to one pass over the outputs;
    `scratch` is the temporary memory in bytes.
    """

    shapes: tuple[Shape, ...]
    work: int = 0
    scratch: int = 0


def output_of(shape: Shape, work: int = 0) -> Result:
    """The result of an operator with one output; CodecError if its shape is out of range."""
    ensure(len(shape) <= MAX_RANK, "its output has too many axes")
    ensure(all(1 <= side <= MAX_SIDE for side in shape), "its output is empty or too large")
    return Result((shape,), work)


class Call(NamedTuple):
    """An operator with its inputs and outputs; an omitted input is None."""

    operator: Operator
    inputs: list[Value | None]
    outputs: list[Tensor]

    def take(self, count: int, outputs: int = 1) -> list[Value]:
        """Its inputs, none omitted; CodecError if the number of inputs or outputs is wrong."""
        values = [value for value in self.inputs if value is not None]
        ensure(
            len(values) == len(self.inputs) == count >= 1 and len(self.outputs) == outputs >= 1,
            "it has another number of inputs or outputs",
        )
        return values

    def take_movable(self, count: int) -> list[Value]:
        """The inputs of the operator; the first has any type, because its elements only move.

        Raises CodecError if the number of tensors or the type of an output is wrong.
        """
        values = self.take(count)
        self.check_types(values[:1], *ANY_TYPE)
        return values

    def take_with_bias(self, count: int) -> tuple[list[Value], Value | None]:
        """Its inputs and an optional bias; CodecError if the number of tensors is wrong."""
        ensure(count <= len(self.inputs) <= count + 1, "it has another number of inputs")
        values = [value for value in self.inputs[:count] if value is not None]
        ensure(len(values) == count and len(self.outputs) == 1, "an input is left out")
        return values, self.inputs[count] if len(self.inputs) > count else None

    @property
    def output(self) -> Tensor:
        return self.outputs[0]

    def options(self, kind: int, fields: int) -> Table:
        """Its options, with the errors of :meth:`Operator.options`."""
        return self.operator.options(kind, fields)

    def check_types(self, values: list[Value], *allowed: Type) -> None:
        """Raise CodecError unless these values and all outputs have one of the allowed types."""
        types = {value.type for value in values} | {output.type for output in self.outputs}
        ensure(len(types) == 1 and types <= set(allowed), "its inputs are of other types")


Check = Callable[[Call], Result]
"""Checks a call, and returns the shapes of its outputs and its cost.

It raises CodecError if a runtime could not run the call safely.
"""


def check_activation(options: Table, field: int) -> None:
    """Raise CodecError if a fused activation is unknown."""
    ensure(options.number(field, "b") in _ACTIVATIONS, "its activation cannot be fused")


def constant(value: Value, rank: int) -> npt.NDArray[np.integer[Any]]:
    """The integers of a constant input with this rank; CodecError for any other input."""
    is_fit = value.tensor.is_constant and value.type in INTEGERS and value.rank == rank
    ensure(is_fit, "a shape, an axis or a size is not constant")
    return np.asarray(value.tensor.values)


def constants(value: Value, rank: int = 1) -> list[int]:
    """The integers of a constant input as a flat list, with the errors of :func:`constant`."""
    return [int(number) for number in constant(value, rank).ravel()]


def scalar(value: Value) -> int:
    """The integer of a constant input with one element, with the errors of :func:`constant`."""
    ensure(value.size == 1 and value.rank <= 1, "a constant of one element has several")
    return constants(value, value.rank)[0]


def broadcast(rank: int, *shapes: Shape) -> Shape:
    """Return the shape to which shapes are broadcast; raise CodecError if they do not fit together.

    Unless all shapes are equal, they may have at most `rank` axes.

    >>> broadcast(4, (2, 3), (1,))
    (2, 3)
    """
    axes = max(map(len, shapes))
    ensure(axes <= (MAX_RANK if len(set(shapes)) == 1 else rank), "it has too many axes")
    padded = [(1,) * (axes - len(shape)) + shape for shape in shapes]
    for sides in zip(*padded, strict=True):
        ensure(len(set(sides) - {1}) <= 1, "the shapes of its inputs do not fit together")
    return tuple(max(sides) for sides in zip(*padded, strict=True))


def normalized_axis(axis: int, rank: int) -> int:
    """Return a non-negative axis; raise CodecError if the axis does not exist."""
    ensure(-rank <= axis < rank, "an axis does not exist")
    return axis % rank


def normalized_axes(axes: list[int], rank: int) -> list[int]:
    """Return non-negative axes; raise CodecError if one does not exist or occurs twice."""
    normalized = [normalized_axis(axis, rank) for axis in axes]
    ensure(len(set(normalized)) == len(normalized), "an axis occurs twice")
    return normalized
