"""Pictures to measure on."""

from __future__ import annotations

from itertools import cycle, islice
from pathlib import Path

import numpy as np

from aecodec.base.arrays import Pixels
from aecodec.datasets.evaluation_set import open_dataset
from aecodec.imaging.picture import Picture, grey_if_possible


def first_pictures(data: Path, limit: int) -> list[Picture]:
    """The first pictures of a folder or an array, at most `limit`; RGB without colours as grey."""
    return [grey_if_possible(picture) for picture in islice(open_dataset(data), limit)]


def mnist(data: Path) -> tuple[Pixels, Pixels]:
    """Digits to train on and digits to measure on, (N, 28, 28) each, from a file as `mnist.npz`."""
    with np.load(data) as arrays:
        return arrays["x_train"], arrays["x_test"]


def mosaic(data: Path, side: int) -> Pixels:
    """One large picture (side, side, 3): the pictures of a folder in rows, cut at its edges."""
    canvas = np.zeros((side, side, 3), np.uint8)
    pictures = cycle([picture.pixels[0] for picture in open_dataset(data)])
    top = 0
    while top < side:
        left = height = 0
        while left < side:
            pixels = next(pictures)
            place = canvas[top : top + pixels.shape[0], left : left + pixels.shape[1]]
            place[...] = pixels[: place.shape[0], : place.shape[1]]
            left, height = left + pixels.shape[1], max(height, pixels.shape[0])
        top += height
    return canvas
