"""Make `aecodec/samples`: real digits of scikit-learn, centred and scaled as MNIST has them.

Usage: python tests/helpers/samples/digits.py [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

BOX, SIDE = 20, 28


def like_mnist(digit: np.ndarray) -> Image.Image:
    """An 8x8 digit (values 0..16) enlarged to 20x20, its centre of mass in the centre of 28x28."""
    tiny = Image.fromarray(np.rint(digit * 255 / 16).astype(np.uint8))
    large = np.asarray(tiny.resize((BOX, BOX), Image.Resampling.BICUBIC), np.float64)
    sharp = np.clip((large - 64) * 255 / 128, 0, 255)
    rows, columns = np.mgrid[:BOX, :BOX]
    top = round(SIDE / 2 - (rows * sharp).sum() / sharp.sum() - 0.5)
    left = round(SIDE / 2 - (columns * sharp).sum() / sharp.sum() - 0.5)
    canvas = Image.new("L", (SIDE, SIDE))
    canvas.paste(Image.fromarray(np.rint(sharp).astype(np.uint8)), (left, top))
    return canvas


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "aecodec/samples")
    digits = load_digits()
    for label in range(10):
        first = int(np.flatnonzero(digits.target == label)[0])
        like_mnist(digits.images[first]).save(folder / f"digit{label}.png", optimize=True)


if __name__ == "__main__":
    main()
