"""Images to train on."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from aecodec.errors import ImageError


def load_images(path: Path, key: str) -> npt.NDArray[np.float32]:
    """The images of an `.npz` file, in 0..1.

    Args:
        path: the file; `mnist.npz` as `keras.datasets` downloads it, or one like it.
        key: which array: uint8, (N, H, W) or (N, H, W, C).

    Returns:
        (N, H, W, C) float32.

    Raises:
        ImageError: there is no such file or array.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            images: npt.NDArray[Any] = arrays[key]
    except (OSError, KeyError, ValueError, TypeError, AttributeError, BadZipFile) as error:
        raise ImageError(f"{path}: no array {key!r} of images in an .npz file ({error})") from error
    if images.dtype != np.uint8 or images.ndim not in (3, 4):
        raise ImageError(
            f"{path}: {key} is {images.dtype} of shape {images.shape}, not uint8 (N, H, W[, C])"
        )
    planes = images if images.ndim == 4 else images[..., None]
    return np.asarray(planes, np.float32) / np.float32(255)
