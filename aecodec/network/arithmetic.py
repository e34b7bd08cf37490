"""Numbers that TFLite derives from scales, as its kernels derive them."""

from __future__ import annotations

import math

import numpy as np

from aecodec.tflite.model import Tensor

_ACTIVATIONS: dict[int, tuple[float | None, float | None]] = {
    0: (None, None),
    1: (0.0, None),
    2: (-1.0, 1.0),
    3: (0.0, 6.0),
}
"""Limits of the activations that are fused into operators, by their numbers in the schema."""


def quantize_multiplier(factor: float) -> tuple[int, int]:
    """A factor as an integer of 31 bits and a power of two.

    Args:
        factor: the factor, at least 0.

    Returns:
        The multiplier, and the shift to the left: factor = multiplier * 2^(shift - 31).

    >>> quantize_multiplier(0.75)
    (1610612736, 0)
    """
    fraction, shift = math.frexp(factor)
    multiplier = math.floor(fraction * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier, shift = multiplier // 2, shift + 1
    return (multiplier, shift) if shift >= -31 else (0, 0)


def activation_range(output: Tensor, activation: int) -> tuple[int, int]:
    """Least and most value of an int8 output after a fused activation."""
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
