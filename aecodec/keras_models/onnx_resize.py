"""The operator Resize as matrices, one for each side of the picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aecodec.arrays import Float32, Float64
from aecodec.errors import ModelError


def resampling(attributes: dict[str, Any], side: int, factor: float) -> Float32:
    """The matrix (side, new side) by which ONNX's Resize multiplies rows or columns.

    Raises ModelError for antialiasing, and for coordinates of a region of interest.

    >>> resampling({"mode": "linear"}, 2, 2.0).round(2).tolist()
    [[1.0, 0.75, 0.25, 0.0], [0.0, 0.25, 0.75, 1.0]]
    """
    kind = attributes.get("coordinate_transformation_mode", "half_pixel")
    if attributes.get("antialias") or kind not in _PLACES:
        raise ModelError("antialiasing and crops are not supported: resize without antialias=True")
    count = int(side * factor + 1e-6)
    places = _PLACES[kind](np.arange(count, dtype=np.float64), side, count, factor)
    mode = attributes.get("mode", "nearest")
    if mode == "nearest":
        places = _ROUNDED[attributes.get("nearest_mode", "round_prefer_floor")](places)
    first = np.floor(places).astype(int)
    weights = np.zeros((side, count), np.float32)
    for tap in range(-1, 3):
        distance = np.abs(places - first - tap)
        share = _cubic(distance, attributes) if mode == "cubic" else np.maximum(1 - distance, 0)
        np.add.at(weights, ((first + tap).clip(0, side - 1), np.arange(count)), share)
    return weights


_PLACES: dict[str, Callable[..., Float64]] = {
    "half_pixel": lambda new, side, count, factor: (new + 0.5) / factor - 0.5,
    "pytorch_half_pixel": lambda new, side, count, factor: (
        (new + 0.5) / factor - 0.5 if count > 1 else new
    ),
    "align_corners": lambda new, side, count, factor: new * (side - 1) / max(count - 1, 1),
    "asymmetric": lambda new, side, count, factor: new / factor,
}
_ROUNDED: dict[str, Callable[..., Float64]] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "round_prefer_floor": lambda places: np.ceil(places - 0.5),
    "round_prefer_ceil": lambda places: np.floor(places + 0.5),
}


def _cubic(distance: Float64, attributes: dict[str, Any]) -> Float64:
    """The weights of cubic convolution: R. G. Keys, 1981."""
    a = attributes.get("cubic_coeff_a", -0.75)
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = a * (((distance - 5) * distance + 8) * distance - 4)
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0))
