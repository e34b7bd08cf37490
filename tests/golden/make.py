"""List the digests of the golden files, files with refinements, and arrays of Zarr.

    python tests/golden/make.py

The files were made once, by hand and by earlier programs, and stay as they are.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]

import zarr
from helpers.codecs.golden import (
    GOLDEN,
    LIST,
    REFINED,
    ZARR,
    Digests,
    digests,
    golden_codecs,
    little_endian,
    refined_sha256,
    sha256,
)

from aecodec.codec.registry import remember

if __name__ == "__main__":
    of_files = {path.stem: digests(path.read_bytes()) for path in sorted(GOLDEN.glob("*.aec"))}
    lines = [
        f"{getattr(of_file, kind)}  {kind}  {name}\n"
        for kind in Digests._fields
        for name, of_file in of_files.items()
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
