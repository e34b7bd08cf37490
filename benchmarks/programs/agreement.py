"""Do WebAssembly, or the Python engine, make the files and pixels of the C library, bit by bit?

With `--against wasm`, Node runs the modules of the npm package. With `--against python`, LiteRT's
reference kernels run the networks, which takes minutes for each picture of Kodak.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path

import aecodec
from aecodec import Codec
from aecodec.arrays import Pixels
from aecodec.datasets.evaluation_set import open_dataset
from aecodec.format.limits import UNLIMITED
from aecodec.imaging.picture import Picture
from benchmarks.c_codec import CCodec, bundle_of, reference_pair
from benchmarks.harness import ROOT, Options, Row

_BATCH = 200
"""Pictures for one process of Node."""

Digests = list[tuple[str, str]]
"""SHA-256 of a picture's file and of the pixels in it, for each level."""


def add_arguments(parser: Options) -> None:
    """Add the data, the codec, its levels, the number of pictures, and the implementation."""
    parser.add_data()
    parser.add_codec("photo")
    parser.add_argument("--levels", type=float, nargs="*", help="default: all")
    parser.add_limit()
    parser.add_argument("--against", choices=_IMPLEMENTATIONS, default="wasm")


def measure(options: Namespace) -> Iterator[Row]:
    """One row per level."""
    codec = aecodec.load_codec(options.codec)
    levels = options.levels or list(range(1, len(codec.spec.levels) + 1))
    totals: list[Counter[str]] = [Counter() for _ in levels]
    samples = islice(open_dataset(options.data), options.limit)
    pixels = (sample.picture.pixels for sample in samples)
    while batch := list(islice(pixels, _BATCH)):
        compared = _IMPLEMENTATIONS[options.against](codec, batch, levels)
        for pair in zip(_c(codec, batch, levels), compared, strict=True):
            for total, c_digests, digests in zip(totals, *pair, strict=True):
                total["pictures"] += 1
                total["same_files"] += c_digests[0] == digests[0]
                total["same_pixels"] += c_digests[1] == digests[1]
    for level, total in zip(levels, totals, strict=True):
        yield {"codec": codec.spec.name, "level": level, "against": options.against, **total}


def _c(codec: Codec, pictures: Sequence[Pixels], levels: Sequence[float]) -> list[Digests]:
    c_codec = CCodec(bundle_of(codec.folder))
    files = ([c_codec.compress(picture, level) for level in levels] for picture in pictures)
    return [[_digests(file, c_codec.decompress(file)) for file in of_levels] for of_levels in files]


def _python(codec: Codec, pictures: Sequence[Pixels], levels: Sequence[float]) -> list[Digests]:
    encoder, decoder = reference_pair(codec.folder)

    def digests(picture: Picture) -> Digests:
        encoded = encoder.encode(picture, encoder.header(picture, metadata=False))
        files = [encoded.to_bytes(level) for level in levels]
        return [
            _digests(file, decoder.decompress_picture(file, UNLIMITED).pixels) for file in files
        ]

    return [digests(Picture(picture)) for picture in pictures]


def _wasm(codec: Codec, pictures: Sequence[Pixels], levels: Sequence[float]) -> list[Digests]:
    names = ("frames", "height", "width", "channels")
    with tempfile.TemporaryDirectory() as folder:
        bundle, path = Path(folder, "bundle"), Path(folder, "pictures")
        bundle.write_bytes(bundle_of(codec.folder))
        path.with_suffix(".raw").write_bytes(b"".join(picture.tobytes() for picture in pictures))
        shapes = [dict(zip(names, picture.shape, strict=True)) for picture in pictures]
        path.with_suffix(".json").write_text(json.dumps(shapes))
        script, modules = Path(__file__).with_suffix(".mjs"), ROOT / "web/src"
        command = ["node", *map(str, (script, modules, bundle, path, *levels))]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return [[(file, pixels) for file, pixels in picture] for picture in json.loads(done.stdout)]


def _digests(file: bytes, pixels: Pixels) -> tuple[str, str]:
    return sha256(file).hexdigest(), sha256(pixels.tobytes()).hexdigest()


_IMPLEMENTATIONS = {"wasm": _wasm, "python": _python}
