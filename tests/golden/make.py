"""Make golden files of a codec for photographs that is new, and list what all golden files hold.

    python tests/golden/make.py photo3

The argument begins the names of the files. Files that exist stay as they are: released files must
be read for ever. The other golden files were made once, by hand and by earlier programs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]

import numpy as np
import zarr
from helpers.codecs.golden import (
    GOLDEN,
    LIST,
    REFINED,
    ZARR,
    Digests,
    codec_of,
    digests,
    golden_codecs,
    little_endian,
    refined_sha256,
    sha256,
)
from helpers.real_data import load_photograph

import aecodec
from aecodec.arrays import Pixels
from aecodec.chunks import remember
from aecodec.format.container import NOT_REDUCED
from aecodec.imaging.picture import from_array


def photographs(start: str) -> Iterator[tuple[str, Pixels, float | None, int]]:
    """(name, pixels, level, reduction) of each golden file of the codec `photo`."""
    photograph = load_photograph()[150:247, 200:333]
    alpha = np.tile(np.arange(133, dtype=np.uint8), (97, 1))
    yield start, photograph, None, NOT_REDUCED
    yield f"{start}_grey_between_levels", photograph[..., 1], 2.5, NOT_REDUCED
    yield f"{start}_with_alpha", np.dstack([photograph, alpha]), 8, NOT_REDUCED
    yield f"{start}_stack", np.stack([photograph, photograph[::-1]]), 1, NOT_REDUCED
    yield f"{start}_reduced", photograph, 1, 5
    yield f"{start}_one_tile_high", photograph[:10], 5, NOT_REDUCED
    checks = np.kron(np.indices((8, 8)).sum(axis=0) % 2, np.ones((4, 4)))  # unlike any photograph
    yield f"{start}_escapes", np.uint8(255 * checks), 8, NOT_REDUCED


def write_golden_files(start: str) -> None:
    """Write the files that are not there yet, and their codes."""
    encoder = aecodec.load_codec("photo").encoder
    for name, pixels, level, reduction in photographs(start):
        picture = from_array(pixels)
        header = encoder.header(picture)._replace(reduction=reduction)
        data = encoder.encode(picture, header).to_bytes(level)
        if not (GOLDEN / f"{name}.aec").exists():
            (GOLDEN / f"{name}.aec").write_bytes(data)
            np.save(GOLDEN / f"{name}.npy", codec_of(data).decoder.codes(data))


def write_lists() -> None:
    """List the digests of all golden files, files with refinements, and arrays of Zarr."""
    of_files = {path.stem: digests(path.read_bytes()) for path in sorted(GOLDEN.glob("*.aec"))}
    lines = [
        f"{getattr(of_file, kind)}  {kind}  {name}\n"
        for kind in Digests._fields
        for name, of_file in of_files.items()
        if getattr(of_file, kind)
    ]
    LIST.write_text("".join(lines), "utf-8")
    refined = sorted(REFINED.glob("*.aec"))
    lines = [f"{refined_sha256(path.read_bytes())}  {path.name}\n" for path in refined]
    (REFINED / "samples.sha256").write_text("".join(lines), "utf-8")
    for codec in golden_codecs().values():
        remember(codec)
    names = sorted(path.name for path in ZARR.iterdir() if path.is_dir())
    arrays = (zarr.open_array(ZARR / name, mode="r")[...] for name in names)
    lines = [f"{sha256(little_endian(a))}  {n}\n" for a, n in zip(arrays, names, strict=True)]
    (ZARR / "arrays.sha256").write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    write_golden_files(sys.argv[1])
    write_lists()
