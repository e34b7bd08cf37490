"""The grid to which TFLite rounds int8 kernels.

TFLite rounds a kernel to integers in -127..127, with a separate step for each output channel. A
kernel (..., inputs, outputs) that was trained in this arithmetic must be rounded to exactly the
integers of the training. :func:`on_int8_grid` ensures that.
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
"""Maximum number of halvings of the grid of a kernel."""

_LARGEST_SUM_CHANGE = 2.0**-11
"""Maximum change of a channel's sum, as a share of the sum of its absolute weights."""


def int8_of(kernel: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Round a kernel (..., outputs) like TFLite.

    Returns integers in -127..127, and the step of each output channel (1, ..., outputs).

    >>> int8_of(np.array([[0.5, -1.0], [0.25, 0.75]]))[0].tolist()
    [[127.0, -127.0], [63.0, 95.0]]
    """
    largest = np.abs(kernel).max(axis=_input_axes(kernel), keepdims=True)
    step = largest / LARGEST_INT8 + SMALLEST_STEP
    return np.rint(kernel / step), step


def on_int8_grid(kernel: npt.NDArray[Any]) -> Float32:
    """Round an int8-rounded kernel (..., outputs) to few bits, which int8 rounds to the same.

    Each output channel is rounded to the coarsest grid of powers of two that distinguishes its
    integers and preserves its sum, by which uniform areas are multiplied. Such weights also
    compress well in an HDF5 file.
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
    """Whether rounding preserves the integers and the sum of each output channel."""
    over_inputs: Any = {"axis": _input_axes(exact), "keepdims": True}
    has_same_integers = (int8_of(rounded)[0] == integers).all(**over_inputs)
    change = np.abs((rounded - exact).sum(**over_inputs))
    return np.asarray(
        has_same_integers & (change <= _LARGEST_SUM_CHANGE * np.abs(exact).sum(**over_inputs))
    )


def _input_axes(kernel: npt.NDArray[Any]) -> tuple[int, ...]:
    """All axes except the axis of the output channels."""
    return tuple(range(kernel.ndim - 1))
