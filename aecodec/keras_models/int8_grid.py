"""The grid of int8 kernels: what TFLite rounds a kernel to, and kernels that are already rounded.

TFLite rounds a kernel to integers in -127..127, with a step of its own for each output channel. A
kernel (..., inputs, outputs) that was trained in this arithmetic must come out of that rounding
with the very integers it was trained with. :func:`on_int8_grid` writes it that way, and
:func:`is_on_int8_grid` recognizes it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float32

LARGEST_INT8 = 127
SMALLEST_STEP = 1e-9
"""Added to every step, so that no step is 0."""

_FINEST_HALVING = 5
"""Most halvings of the grid of a kernel."""

_LARGEST_SUM_CHANGE = 2.0**-11
"""Largest share of the sum of its absolute weights by which the sum of a channel may change."""


def int8_of(kernel: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Round a kernel as TFLite does.

    Args:
        kernel: (..., outputs) weights.

    Returns:
        Integers in -127..127, and the step of each output channel (1, ..., outputs).

    >>> int8_of(np.array([[0.5, -1.0], [0.25, 0.75]]))[0].tolist()
    [[127.0, -127.0], [63.0, 95.0]]
    """
    largest = np.abs(kernel).max(axis=_input_axes(kernel), keepdims=True)
    step = largest / LARGEST_INT8 + SMALLEST_STEP
    return np.rint(kernel / step), step


def on_int8_grid(kernel: npt.NDArray[Any]) -> Float32:
    """Write a kernel with few significant bits, so that int8 rounds it to the same integers.

    Each output channel goes to the coarsest grid of powers of two that tells its integers apart and
    keeps its sum, which is what even areas are multiplied by. Such weights also compress well in an
    HDF5 file.

    Args:
        kernel: (..., outputs) weights that are already rounded to int8.
    """
    integers, step = int8_of(kernel)
    exact, coarsest = integers * step, np.exp2(np.floor(np.log2(step)))
    gridded = exact
    for halvings in range(_FINEST_HALVING, -1, -1):
        unit = coarsest / 2**halvings
        rounded = np.rint(exact / unit) * unit
        gridded = np.where(_is_equivalent(rounded, exact, integers), rounded, gridded)
    return np.asarray(gridded, np.float32)


def _is_equivalent(
    rounded: npt.NDArray[Any], exact: npt.NDArray[Any], integers: npt.NDArray[Any]
) -> npt.NDArray[np.bool_]:
    """Whether int8 gives the same integers for each output channel, and its sum stays the same."""
    over_inputs: Any = {"axis": _input_axes(exact), "keepdims": True}
    is_told_apart = (int8_of(rounded)[0] == integers).all(**over_inputs)
    change = np.abs((rounded - exact).sum(**over_inputs))
    return np.asarray(
        is_told_apart & (change <= _LARGEST_SUM_CHANGE * np.abs(exact).sum(**over_inputs))
    )


def is_on_int8_grid(kernel: npt.NDArray[Any]) -> bool:
    """Whether a kernel (..., outputs) has the few significant bits of :func:`on_int8_grid`.

    Weights that were trained in floats never have.

    >>> is_on_int8_grid(np.array([[0.5, -1.0], [0.25, 0.75]]))
    True
    >>> is_on_int8_grid(np.array([[0.1, 0.2], [0.3, 0.4]]))
    False
    """
    step = int8_of(kernel)[1]
    # One halving more, because rounding may have changed the step.
    unit = np.exp2(np.floor(np.log2(step)) - _FINEST_HALVING - 1)
    return bool((np.rint(kernel / unit) * unit == kernel).all())


def _input_axes(kernel: npt.NDArray[Any]) -> tuple[int, ...]:
    """All axes but that of the output channels."""
    return tuple(range(kernel.ndim - 1))
