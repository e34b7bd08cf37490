"""Make golden files with refinements, and list the SHA-256 sums of their samples.

    python tests/golden/make_refined.py

Files that exist stay as they are: released files must be read for ever.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1])]

import numpy as np
from helpers.codecs.golden import REFINED, golden_codecs, refined_sha256
from helpers.real_data import load_photograph
from PIL import Image

import aecodec
from aecodec import Codec
from aecodec.data.samples import sample_paths


def files() -> Iterator[tuple[str, Codec, Any, dict[str, Any]]]:
    """(name, codec, samples, options) of each golden file."""
    digits, photo = aecodec.load_codec("digits"), aecodec.load_codec("photo")
    photograph = load_photograph()[150:190, 200:251]
    pictures = np.stack([np.asarray(Image.open(path)) for path in sample_paths()[:3]])
    yield "digit_lossless", digits, pictures[0], {"max_error": 0}
    yield "digits_nested", digits, pictures, {"max_error": [32, 8, 0], "level": 1}
    yield "photo_lossless", photo, photograph, {"max_error": 0}
    yield "photo_level", photo, photograph, {"max_error": 4, "level": 2.5}
    yield "grey_lossless", photo, photograph[..., 1], {"max_error": 0}
    yield "photo_grey", photo, photograph[..., 1], {"max_error": 2, "level": 1}
    yield "photo_roots", photo, photograph, {"max_error": "0.5sqrt", "level": 1}
    yield from _with_bands(next(c for c in golden_codecs().values() if c.spec.bands))


def _with_bands(codec: Codec) -> Iterator[tuple[str, Codec, Any, dict[str, Any]]]:
    """Files of a codec that has no encoder: their bases are those of latents of 0."""
    tile, channels = codec.spec.tile, codec.spec.latent_channels
    codec.encoder.transform = lambda batch: np.zeros(
        (1, batch.shape[1] // tile[0], batch.shape[2] // tile[1], channels), np.int8
    )
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 30, (13, 17, codec.spec.channels)).cumsum(axis=1)
    masked = np.ma.masked_array(samples.astype(np.int16), rng.random(samples.shape) < 0.1)
    yield "bands_masked", codec, masked, {"max_error": 3}
    names = codec.spec.bands.names
    errors = [dict(zip(names, [e, 9, 2, 0, 3, 5, 7, 1], strict=False)) for e in (20, 4)]
    yield "bands_bounds", codec, masked, {"max_error": errors, "level": 1}
    roots = {"max_error": ["4sqrt", "0.5sqrt", 0], "level": 1}
    yield "bands_roots", codec, masked, roots
    yield "bands_bits", codec, samples.astype(np.float32), {"max_error": 0}
    yield "bands_float", codec, samples.astype(np.float32), {"max_error": 0.5, "level": 1}
    yield "bands_half", codec, samples.astype(np.float16), {"max_error": 0}


def main() -> None:
    """Write the files that are not there yet, and the list."""
    REFINED.mkdir(exist_ok=True)
    for name, codec, samples, options in files():
        path = REFINED / f"{name}.aec"
        if not path.exists():
            path.write_bytes(codec.compress(samples, **options))
    sums = {path.name: refined_sha256(path.read_bytes()) for path in sorted(REFINED.glob("*.aec"))}
    lines = [f"{digest}  {name}\n" for name, digest in sums.items()]
    (REFINED / "samples.sha256").write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    main()
