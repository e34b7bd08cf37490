"""Speed of CompressAI's scale hyperprior on the CPU; the benchmark `megapixels` runs this program.

    python compressai_model.py PICTURE.npy THREADS FILE

It runs where compressai is installed, and needs nothing of aecodec. The weights are untrained: the
networks take the same time with any weights.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import numpy as np
import torch  # type: ignore[import-not-found]
from compressai.zoo import bmshj2018_hyperprior  # type: ignore[import-not-found]

_QUALITY, _ROUNDS = 3, 3


def main() -> None:
    """Write megapixels per second, of encoding and of decoding, to the file."""
    picture, threads, file = sys.argv[1:]
    torch.set_num_threads(int(threads))
    model = bmshj2018_hyperprior(quality=_QUALITY, pretrained=False).eval()
    model.update()
    pixels = np.load(picture)
    height, width = (side - side % 64 for side in pixels.shape[:2])
    images = torch.from_numpy(pixels[:height, :width].copy()).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        made = model.compress(images)
        encode = least_seconds(lambda: model.compress(images))
        decode = least_seconds(lambda: model.decompress(made["strings"], made["shape"]))
    megapixels = height * width / 1e6
    with open(file, "w") as out:
        json.dump({"encode": megapixels / encode, "decode": megapixels / decode}, out)


def least_seconds(work: Callable[[], object]) -> float:
    """Shortest time that some work takes in several rounds, in seconds."""
    times = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
