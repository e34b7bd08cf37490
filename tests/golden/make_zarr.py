"""Make the golden Zarr store, and list the SHA-256 of its arrays: in C order, little-endian.

    python tests/golden/make_zarr.py

Arrays that exist stay as they are: released files must be read for ever.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1])]

import numcodecs
import numpy as np
import zarr
from helpers.codecs.golden import ZARR, golden_codecs, little_endian, sha256
from helpers.real_data import load_photograph
from PIL import Image
from zarr.codecs import TransposeCodec

from aecodec.chunks import remember
from aecodec.data.samples import sample_paths
from aecodec.zarr import Aecodec

BANDS: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {
    "uint8": ((6, 8, 3), {"level": 1, "max_error": 0}),
    "int8": ((3, 6, 8), {"level": 2}),
    "uint16": ((3, 13, 17), {"max_error": 2, "nodata": 0}),
    "int16": ((2, 3, 8, 10), {"level": 1, "max_error": 1}),
    "int32": ((2, 6, 8, 3), {"max_error": 0}),
    "float16": ((3, 5, 7), {"max_error": 0.5}),
    "float32": ((9, 8, 3), {"level": 1, "max_error": 0.01}),
}
"""Shape, and options of the codec, of the array with bands of each type."""


def arrays() -> Iterator[tuple[str, np.ndarray, dict[str, Any]]]:
    """(name, elements, options of `zarr.create_array`) of each array."""
    digits = np.stack([np.asarray(Image.open(path)) for path in sample_paths()])
    yield "digits", digits, {"chunks": (4, 28, 28), "serializer": Aecodec("digits", 2)}
    inner = {"chunks": (2, 28, 28), "shards": (6, 28, 28)}
    yield "digits_sharded", digits, {**inner, "serializer": Aecodec("digits", 1)}
    zarr_2 = {"compressors": numcodecs.get_codec({"id": "aecodec", "codec": "digits", "level": 2})}
    yield "digits_zarr_2", digits, {"chunks": (4, 28, 28), "zarr_format": 2, **zarr_2}
    photograph = load_photograph()[150:190, 200:248]
    yield "photo", photograph, {"chunks": (24, 32, 3), "serializer": Aecodec("photo", 3)}
    planes = {"filters": TransposeCodec(order=(1, 2, 0)), "chunks": (3, 40, 48)}
    exact = Aecodec("photo", max_error=0)
    yield "photo_planes", np.moveaxis(photograph, 2, 0), {**planes, "serializer": exact}
    alpha = np.tile(np.repeat(np.array([0, 255], np.uint8), 24), (40, 1))
    both = np.stack([np.dstack([photograph, alpha]), np.dstack([photograph[::-1], alpha])])
    yield "photo_alpha", both, {"chunks": (2, 40, 48, 4), "serializer": Aecodec("photo", 1)}
    yield from _with_bands()


def _with_bands() -> Iterator[tuple[str, np.ndarray, dict[str, Any]]]:
    """An array of each type; the codec has no encoder, so the function `_latents` replaces it."""
    codec = next(codec for codec in golden_codecs().values() if codec.spec.bands)
    codec.encoder.transform = _latents
    for name, (shape, coding) in BANDS.items():
        samples = np.random.default_rng(0).integers(10, 100, shape).astype(name)
        options: dict[str, Any] = {"chunks": shape, "serializer": Aecodec(codec, **coding)}
        if name == "uint16":
            samples[:, 3:6, 4:9] = 0
        elif name == "int16":
            options |= {"chunks": (1, *shape[1:]), "fill_value": -9999}
            samples[1], samples[0, :, 2:4] = -9999, -9999
        elif name == "float32":
            options["fill_value"] = samples[2:4, 3:5] = np.nan
        yield f"bands_{name}", samples, options


def _latents(pixels: np.ndarray) -> np.ndarray:
    """Pixels (N, H, W, C) as vectors (N, H / 2, W / 2, 4 * C), which the decoder moves back."""
    count, height, width, channels = pixels.shape
    tiles = pixels.reshape(count, height // 2, 2, width // 2, 2, channels).swapaxes(2, 3)
    return tiles.reshape(count, height // 2, width // 2, 4 * channels)


def main() -> None:
    """Write the arrays that are not there yet, and the list."""
    zarr.open_group(ZARR, mode="a", zarr_format=3)
    lines = []
    for name, elements, options in arrays():
        path = ZARR / name
        if not path.exists():
            whole = {"compressors": None} | options
            array = zarr.create_array(path, shape=elements.shape, dtype=elements.dtype, **whole)
            array[...] = elements
        restored = np.asarray(zarr.open_array(path, mode="r"))
        lines.append(f"{sha256(little_endian(restored))}  {name}\n")
    (ZARR / "arrays.sha256").write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    for golden_codec in golden_codecs().values():
        remember(golden_codec)
    main()
