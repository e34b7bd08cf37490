"""Images to train on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from aecodec.dataset import load_array


def load_images(path: Path, key: str) -> npt.NDArray[np.float32]:
    """The images of an `.npz` or `.npy` file, in 0..1.

    Args:
        path: the file; `mnist.npz` as `keras.datasets` downloads it, or one like it.
        key: which array of an `.npz` file: uint8, (N, H, W) or (N, H, W, C).

    Returns:
        (N, H, W, C) float32.

    Raises:
        ImageError: there is no such file or array.
    """
    images = load_array(path, key)
    planes = images if images.ndim == 4 else images[..., None]
    return np.asarray(planes, np.float32) / np.float32(255)
