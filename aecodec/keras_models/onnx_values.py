"""Tensors of ONNX graphs as Keras tensors, with channels last.

A graph is read for one picture: the batch of the ONNX tensors is 1, and Keras adds its own batch in
front. The axes of the Keras tensor may be in a different order than in the ONNX tensor, so a
transposition costs nothing until an operator needs a certain order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt

from aecodec.base.errors import ModelError

Array = npt.NDArray[Any]
Axes = tuple[int, ...]

ANY_SIZE = "it depends on the size of the picture: export the model with a fixed size"


class Value(NamedTuple):
    """A tensor of an ONNX graph.

    `tensor` is a Keras tensor (N, ...). `axes` are the ONNX axes of its axes after the first;
    missing ONNX axes have length 1. `rank` is the number of ONNX axes.
    """

    tensor: Any
    axes: Axes
    rank: int

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Shape of the ONNX tensor. Sides are None for models that accept any size."""
        sides = dict(zip(self.axes, self.tensor.shape[1:], strict=True))
        return tuple(sides.get(axis, 1) for axis in range(self.rank))

    @property
    def known_shape(self) -> tuple[int, ...]:
        """The shape; ModelError if a side is not known."""
        if None in self.shape:
            raise ModelError(ANY_SIZE)
        return self.shape  # type: ignore[return-value]

    @property
    def all_axes(self) -> Axes:
        return tuple(axis for axis, side in enumerate(self.shape) if side != 1)

    def place(self, axis: int) -> int | None:
        """Axis of the Keras tensor; None if the ONNX axis is missing."""
        return self.axes.index(axis) + 1 if axis in self.axes else None


def arranged(value: Value, axes: Sequence[int]) -> Any:
    """The tensor with these ONNX axes after the batch; ModelError if any size prevents it."""
    shape = value.shape
    kept = [axis for axis in axes if axis in value.axes]
    order = [value.axes.index(axis) + 1 for axis in kept]
    order += [place for place in range(1, len(value.axes) + 1) if place not in order]
    tensor = value.tensor
    if order != sorted(order):
        tensor = keras.layers.Permute(order)(tensor)
    sides = tuple(shape[axis] for axis in axes)
    return tensor if tuple(tensor.shape[1:]) == sides else reshaped(tensor, sides)


def reshaped(tensor: Any, sides: Sequence[int | None]) -> Any:
    """A tensor (N, *sides); ModelError if a side is unknown or the counts differ."""
    if None in sides or None in tensor.shape[1:]:
        raise ModelError(ANY_SIZE)
    if math.prod(sides) != math.prod(tensor.shape[1:]):  # type: ignore[arg-type]
        raise ModelError("it mixes the pictures of a batch: export the model with batch size 1")
    return keras.layers.Reshape(tuple(sides))(tensor)


def image_like(value: Value) -> Any:
    """The tensor (N, height, width, channels); ModelError unless it is (1, C, H, W) in ONNX."""
    if value.rank != 4:
        raise ModelError(
            f"its input has {value.rank} axes instead of 4: use a layer for pictures, such as "
            "nn.MaxPool2d((1, 2)) instead of nn.MaxPool1d(2), after unsqueeze"
        )
    return arranged(value, (2, 3, 1))


def image_value(tensor: Any) -> Value:
    return Value(tensor, (2, 3, 1), 4)


def combined(function: Callable[..., Any], *parts: Value | Array) -> Value:
    """Apply an elementwise function to tensors, with NumPy's rules for different shapes."""
    rank = max(part.rank if isinstance(part, Value) else part.ndim for part in parts)
    parts = tuple(with_rank(part, rank) for part in parts)
    values = [part for part in parts if isinstance(part, Value)]
    lead = max(values, key=lambda value: len(value.all_axes)).axes
    wide = {axis for part in parts for axis, side in enumerate(part.shape) if side != 1}
    axes = (*lead, *sorted(wide - set(lead)))
    return Value(function(*(operand(part, axes) for part in parts)), axes, rank)


def with_rank(part: Value | Array, rank: int) -> Value | Array:
    if not isinstance(part, Value):
        return part.reshape((1,) * (rank - part.ndim) + part.shape)
    return Value(part.tensor, tuple(axis + rank - part.rank for axis in part.axes), rank)


def operand(part: Value | Array, axes: Axes) -> Any:
    if isinstance(part, Value):
        return arranged(part, axes)
    if part.size == 1:
        return part.item()
    dropped = tuple(axis for axis in range(part.ndim) if axis not in axes)
    ordered = part.transpose((*dropped, *axes)).reshape([part.shape[axis] for axis in axes])
    return ordered.astype(np.float32) if ordered.dtype.kind == "f" else ordered
