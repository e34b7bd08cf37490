"""Does the core in WebAssembly make the files and pixels of the C library, bit by bit?

Node runs the modules of the npm package. What the C library itself is compared with is in
`c_library`.
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
from aecodec.arrays import Pixels
from aecodec.datasets.evaluation_set import open_dataset
from benchmarks.c_codec import CCodec, add_options, bundle_of, totals_by_level
from benchmarks.harness import ROOT, Options, Row

_AT_ONCE = 200
"""Pictures for one process of Node."""


def add_arguments(parser: Options) -> None:
    """Add the data, the codec, its levels, and the number of pictures."""
    add_options(parser)


def measure(options: Namespace) -> Iterator[Row]:
    """One row per level."""
    codec = aecodec.load_codec(options.codec)
    totals = totals_by_level(codec, options.levels)
    samples = islice(open_dataset(options.data), options.limit)
    pixels = (sample.picture.pixels for sample in samples)
    while some := list(islice(pixels, _AT_ONCE)):
        _compare(bundle_of(codec.folder), some, totals)
    for level, total in totals.items():
        yield {"codec": codec.spec.name, "level": level, **total}


def _compare(bundle: bytes, pictures: Sequence[Pixels], totals: dict[float, Counter[str]]) -> None:
    """Count what is the same in the files of some pictures, level by level."""
    c = CCodec(bundle)
    for picture, of_levels in zip(pictures, _digests(bundle, pictures, [*totals]), strict=True):
        for (level, total), (file_digest, pixels_digest) in zip(
            totals.items(), of_levels, strict=True
        ):
            file = c.compress(picture, level)
            total["pictures"] += 1
            total["same_files"] += sha256(file).hexdigest() == file_digest
            total["same_pixels"] += sha256(c.decompress(file)).hexdigest() == pixels_digest


def _digests(
    bundle: bytes, pictures: Sequence[Pixels], levels: Sequence[float]
) -> list[list[tuple[str, str]]]:
    """SHA-256 of each picture's files, and of the pixels in them, by WebAssembly."""
    names = ("frames", "height", "width", "channels")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pictures")
        Path(folder, "bundle").write_bytes(bundle)
        path.with_suffix(".raw").write_bytes(b"".join(picture.tobytes() for picture in pictures))
        shapes = [dict(zip(names, picture.shape, strict=True)) for picture in pictures]
        path.with_suffix(".json").write_text(json.dumps(shapes))
        command = ["node", Path(__file__).with_suffix(".mjs"), ROOT / "web/src"]
        command += [Path(folder, "bundle"), path, *map(str, levels)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    digests: list[list[tuple[str, str]]] = json.loads(done.stdout)
    return digests
