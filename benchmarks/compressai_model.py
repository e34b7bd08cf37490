"""Time of CompressAI's scale hyperprior on the CPU; run by `megapixels`.

    python compressai_model.py PICTURE.npy THREADS FILE

Runs where compressai is installed, and nothing of ours. The weights are untrained, which is the
same work for the networks.
"""

import json
import sys
import time

import numpy as np
import torch
from compressai.zoo import bmshj2018_hyperprior

_QUALITY, _ROUNDS = 3, 3


def main():
    picture, threads, file = sys.argv[1:]
    torch.set_num_threads(int(threads))
    model = bmshj2018_hyperprior(quality=_QUALITY, pretrained=False).eval()
    model.update()
    pixels = np.load(picture)
    height, width = (side - side % 64 for side in pixels.shape[:2])
    images = torch.from_numpy(pixels[:height, :width].copy()).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        made = model.compress(images)
        encode = least(lambda: model.compress(images))
        decode = least(lambda: model.decompress(made["strings"], made["shape"]))
    megapixels = height * width / 1e6
    with open(file, "w") as out:
        json.dump({"encode": megapixels / encode, "decode": megapixels / decode}, out)


def least(work):
    times = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
