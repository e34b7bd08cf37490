"""List the digests of the golden files and arrays of Zarr.

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
    digests,
    golden_codecs,
    little_endian,
    sha256,
)

from aecodec.codec.registry import remember

if __name__ == "__main__":
    lines = [
        f"{digest}  {kind}  {path.relative_to(GOLDEN).with_suffix('').as_posix()}\n"
        for path in sorted([*GOLDEN.glob("*.aec"), *REFINED.glob("*.aec")])
        for kind, digest in digests(path.read_bytes()).items()
    ]
    LIST.write_text("".join(lines), "utf-8")
    for codec in golden_codecs().values():
        remember(codec)
    names = sorted(path.name for path in ZARR.iterdir() if path.is_dir())
    arrays = (zarr.open_array(ZARR / name, mode="r")[...] for name in names)
    lines = [f"{sha256(little_endian(a))}  {n}\n" for a, n in zip(arrays, names, strict=True)]
    (ZARR / "arrays.sha256").write_text("".join(lines), "utf-8")
