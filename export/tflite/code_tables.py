"""Integer tables of the layers of codes, for the int8 vectors before or after them."""

from __future__ import annotations

from typing import Any

import numpy as np

from aecodec.base.arrays import Float32
from aecodec.compiler.codes import Lookup, Search
from aecodec.keras_models.codes import CodeVectors, NearestCode

_LARGEST_SUM, _LARGEST_WEIGHT = (1 << 30) - 1, (1 << 15) - 1

Quantization = tuple[float, int]


def code_tables(layer: Any, quantization: Quantization) -> Search | Lookup:
    """The tables of a layer of :mod:`aecodec.keras_models.codes`, and of the vectors' scale."""
    constants, (scale, zero) = layer.constants(), quantization
    if isinstance(layer, NearestCode):
        return integer_scores(constants, quantization)
    if isinstance(layer, CodeVectors):
        table = np.rint(constants["table"].astype(np.float64) / scale) + zero
        return Lookup.of(table, constants["offset"], constants["bases"])
    channels = len(constants["table"])
    values = (np.arange(-128, 128, dtype=np.float32)[:, None] - zero) * np.float32(scale)
    table = np.asarray(layer(np.repeat(values, channels, axis=1))).T.reshape(-1, 1)
    return Lookup.of(table, 256 * np.arange(channels) + 128, np.ones(channels))


def integer_scores(constants: dict[str, Float32], quantization: Quantization) -> Search:
    """The tables of a :class:`NearestCode`; weights have as many bits as C supports."""
    scale, zero = quantization
    kernel, bias = (constants[name].astype(np.float64) for name in ("kernel", "bias"))
    bias = (bias - zero * scale * kernel.sum(axis=0)) / scale
    largest = (128 * np.abs(kernel).sum(axis=0) + np.abs(bias)).max()
    unit = max(largest / (_LARGEST_SUM - 128 * len(kernel)), np.abs(kernel).max() / _LARGEST_WEIGHT)
    weights, biases = (np.rint(part / unit) for part in (kernel.T, bias))
    return Search.of(weights, biases, constants["digits"])
