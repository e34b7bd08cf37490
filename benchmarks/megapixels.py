"""How many megapixels a second, on one core and on two, and where does the time go?

    python -m benchmarks.megapixels DATA [--codec photo] [--megapixels 12] [--venv FOLDER]
                                         [--json FILE]

DATA is a folder of pictures; they are laid side by side until they make so many megapixels. All is
done in memory, in a process that is warm. With `--venv`, CompressAI is installed into a virtual
environment there, and its scale hyperprior measured on two megapixels.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from math import isqrt
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

import aecodec
from aecodec import images
from benchmarks.environments import environment
from benchmarks.large import mosaic
from benchmarks.peers_in_pillow import restored, saved
from benchmarks.rows import codec_arguments, least_seconds, write_rows

_COMPRESSAI = ("compressai==1.2.8",)
_MODEL = Path(__file__).with_name("compressai_model.py")
_ROUNDS = 3
_PEERS: dict[str, tuple[str, dict[str, Any]]] = {
    "JPEG": ("JPEG", {"quality": 60}),
    "WebP, method 4": ("WebP", {"quality": 50, "method": 4}),
    "JPEG XL, effort 7": ("JXL", {"quality": 60, "effort": 7}),
    "AVIF, speed 4": ("AVIF", {"quality": 50, "speed": 4}),
    "AVIF, speed 6": ("AVIF", {"quality": 50, "speed": 6}),
}


def main() -> None:
    parser = codec_arguments(__doc__, "photo")
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--venv", type=Path)
    options = parser.parse_args()
    rows = []
    for row in _rows(options.data, options.codec, options.megapixels, options.venv):
        print(row, flush=True)
        rows.append(row)
    write_rows(options.json, rows)


def _rows(data: Path, codec: str, megapixels: float, venv: Path | None) -> Iterator[dict[str, Any]]:
    for cores in (1, 2):
        os.environ["OPENBLAS_NUM_THREADS"] = str(cores)  # read when NumPy is loaded
        with ProcessPoolExecutor(1, get_context("spawn")) as apart:
            yield from apart.submit(_measured, data, codec, megapixels, cores).result()
        if venv:
            yield _compressai(data, environment(venv, _COMPRESSAI), cores)


def _measured(data: Path, codec: str, megapixels: float, cores: int) -> list[dict[str, Any]]:
    """All of one number of cores, in a process that has no more."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    pixels = mosaic(data, isqrt(round(1e6 * megapixels)))
    rows = []
    for what, forth, back in (*_ours(codec, pixels), *_theirs(pixels)):
        made = forth()
        rows.append(
            {
                "what": what,
                "cores": cores,
                "encode": _megapixels_a_second(pixels, forth),
                "decode": _megapixels_a_second(pixels, lambda: back(made)),  # noqa: B023
            }
        )
    return rows


def _compressai(data: Path, python: Path, cores: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        picture, file = Path(folder, "picture.npy"), Path(folder, "row.json")
        np.save(picture, mosaic(data, 1408))
        command = [python, _MODEL, picture, str(cores), file]
        subprocess.run(command, check=True, capture_output=True)
        row = json.loads(file.read_text("utf-8"))
    speeds = {name: round(value, 2) for name, value in row.items()}
    return {"what": "CompressAI, scale hyperprior", "cores": cores, **speeds}


Work = tuple[str, Callable[[], Any], Callable[[Any], Any]]


def _ours(name: str, pixels: images.Pixels) -> Iterator[Work]:
    """The whole, and its parts."""
    codec = aecodec.load_codec(name)
    picture = images.from_array(pixels)
    header = codec.encoder.header(picture)
    encoding, level = codec.encoder.encode(picture, header), codec.spec.level()
    yield "aecodec", lambda: codec.compress(picture), codec.decompress
    yield (
        "aecodec: network",
        lambda: codec.encoder.encode(picture, header),
        lambda made: codec.decoder.restore(made.header, level.rounded(made.integers)),
    )
    yield "aecodec: prior and coder", encoding.file, codec.decoder.check


def _theirs(pixels: images.Pixels) -> Iterator[Work]:
    for title, (name, settings) in _PEERS.items():
        yield (
            title,
            lambda name=name, settings=settings: saved(pixels, name, settings),
            lambda file: restored(file, pixels),
        )


def _megapixels_a_second(pixels: images.Pixels, work: Callable[[], object]) -> float:
    megapixels = pixels.shape[0] * pixels.shape[1] / 1e6
    return round(megapixels / least_seconds(work, _ROUNDS), 2)


if __name__ == "__main__":
    main()
