"""Golden files: their codecs, and the digests of their content."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import numpy as np

from aecodec import Codec, load_codec
from aecodec.base.errors import FormatError
from aecodec.codec.registry import codec_of_file
from aecodec.imaging.picture import to_array
from aecodec.native.headers import read_beginning, read_header

GOLDEN = Path(__file__).parents[2] / "golden"
REFINED = GOLDEN / "refined"
ZARR = GOLDEN / "zarr"

INTACT = ("unknown_codec", "refined_base")
"""Refused files that may be intact, but belong to other codecs, networks or pixels."""


@cache
def golden_codecs() -> dict[bytes, Codec]:
    codecs = [load_codec(path) for path in sorted(GOLDEN.glob("codecs/*.aecodec"))]
    return {codec.spec.codec_id: codec for codec in codecs}


def refused() -> dict[str, bytes]:
    """The files that decoders must reject, by their names, as `tests/golden/refused.txt` lists."""
    lines = (GOLDEN / "refused.txt").read_text("utf-8").splitlines()
    return {name: bytes.fromhex(content) for name, content in map(str.split, lines)}


def codec_of(data: bytes) -> Codec:
    """The codec of a golden file: a golden one, or one that ships."""
    return golden_codecs().get(read_header(data).codec_id) or codec_of_file(data)


def id_in(data: bytes) -> bytes:
    try:
        return bytes(read_beginning(data).id)
    except FormatError:
        return data[3:7]


def digests(data: bytes) -> dict[str, str]:
    """SHA-256 of the pixels or samples of a file and, if it has no refinements, of its codes."""
    decoder = codec_of(data).decoder
    pixels = to_array(decoder.decompress_picture(data))
    values = {"pixels": sha256(little_endian(pixels))}
    if not read_header(data).refinements:
        values["codes"] = sha256(decoder.codes(data).astype("<i2"))
    return values


def little_endian(samples: np.ndarray) -> np.ndarray:
    return np.ma.getdata(samples).astype(samples.dtype.newbyteorder("<"))


def sha256(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def listed() -> dict[str, dict[str, str]]:
    """The digests of each golden file by its name, as `tests/golden/digests.txt` lists them."""
    names: dict[str, dict[str, str]] = {}
    for line in (GOLDEN / "digests.txt").read_text("utf-8").splitlines():
        digest, kind, name = line.split()
        names.setdefault(name, {})[kind] = digest
    return names
