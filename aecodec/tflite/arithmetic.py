"""Integer arithmetic of TFLite's kernels: multipliers, shifts and rounding."""

import math

import numpy as np
import numpy.typing as npt

from aecodec.tflite.model import Tensor

Integers = npt.NDArray[np.int64]

_ACTIVATIONS: dict[int, tuple[float | None, float | None]] = {
    0: (None, None),
    1: (0.0, None),
    2: (-1.0, 1.0),
    3: (0.0, 6.0),
}
"""Limits of fused activations, by their numbers in the schema."""


def quantize_multiplier(factor: float) -> tuple[int, int]:
    """Return (m, s) with factor = m * 2^(s - 31), for a factor of at least 0; m has 31 bits.

    >>> quantize_multiplier(0.75)
    (1610612736, 0)
    """
    multipliers, shifts = quantize_multipliers(np.array([factor]))
    return int(multipliers[0]), int(shifts[0])


def quantize_multipliers(factors: npt.NDArray[np.float64]) -> tuple[Integers, Integers]:
    """:func:`quantize_multiplier` for several factors."""
    fractions, shifts = np.frexp(factors)
    multipliers = np.floor(fractions * 2**31 + 0.5).astype(np.int64)
    is_one = multipliers == 2**31
    multipliers, shifts = np.where(is_one, 2**30, multipliers), shifts + is_one
    is_tiny = shifts < -31
    return np.where(is_tiny, 0, multipliers), np.where(is_tiny, 0, shifts).astype(np.int64)


def multiply(values: Integers, multiplier: int, shift: int) -> Integers:
    """Multiply by a multiplier and a power of two, rounding twice like the reference kernels.

    The values may have any shape; shifted left, they must fit 32 bits.
    """
    high = ((values << max(0, shift)) * multiplier + (1 << 30)) >> 31
    right = max(0, -shift)
    return (high + (1 << right >> 1) - ((high < 0) & (right > 0))) >> right


def activation_range(output: Tensor, activation: int) -> tuple[int, int]:
    """Lowest and highest value of an int8 output after a fused activation."""
    scale, zero = np.float32(output.quantization.scale), zero_of(output)
    low, high = _ACTIVATIONS[activation]

    def quantized(value: float) -> int:
        ratio = float(np.float32(value) / scale)
        return zero + int(math.copysign(math.floor(abs(ratio) + 0.5), ratio))

    least = -128 if low is None else max(-128, quantized(low))
    most = 127 if high is None else min(127, quantized(high))
    return least, most


def zero_of(tensor: Tensor) -> int:
    """Zero point of a tensor with one scale."""
    return int(tensor.quantization.zeros[0])
