"""Golden files: their codecs, and the digests of their content."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from aecodec import Codec, load_codec
from aecodec.codec.registry import codec_of_file
from aecodec.errors import FormatError
from aecodec.format.container import LEVEL_UNITS
from aecodec.imaging.picture import to_array
from aecodec.native.headers import read_beginning, read_header

GOLDEN = Path(__file__).parents[2] / "golden"
REFINED = GOLDEN / "refined"
LIST = GOLDEN / "digests.txt"
ZARR = GOLDEN / "zarr"

INTACT = ("unknown_codec", "refined_base")
"""Refused files that may be intact, but belong to other codecs, networks or pixels."""


class Digests(NamedTuple):
    """SHA-256 of what a decoder makes of a file, in hexadecimal digits.

    Attributes:
        codes: of the codes (N, K), int16, little-endian.
        latents: of the decoder's int8 input.
        pixels: of the pixels, alpha last, uint8, or of the samples, little-endian.
    """

    codes: str
    latents: str
    pixels: str


@cache
def golden_codecs() -> dict[bytes, Codec]:
    """The codecs of `tests/golden/codecs` by their ids."""
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
    """The codec id in a file that may be damaged."""
    try:
        return bytes(read_beginning(data).id)
    except FormatError:
        return data[3:7]


def digests(data: bytes) -> Digests:
    """Decode a file, and take the digests."""
    codec = codec_of(data)
    codes = codec.decoder.codes(data)
    pixels = to_array(codec.decoder.decompress_picture(data))
    return Digests(
        sha256(codes.astype("<i2")),
        sha256(latents_of(data, codes)),
        sha256(little_endian(pixels)),
    )


def refined_sha256(data: bytes) -> str:
    """SHA-256 of the samples of a file with refinements, little-endian."""
    return sha256(little_endian(to_array(codec_of(data).decoder.decompress_picture(data))))


def latents_of(data: bytes, codes: np.ndarray) -> np.ndarray:
    """What the decoder's network gets: int8 (N, C)."""
    spec, index = codec_of(data).spec, read_header(data).level
    level = spec.level(index and index / LEVEL_UNITS)
    latents = np.zeros((len(codes), spec.latent_channels), np.int8)
    latents[:, level.start : level.stop] = level.dequantize(codes)
    return latents


def little_endian(samples: np.ndarray) -> np.ndarray:
    """Samples in little-endian byte order, without their mask."""
    return np.ma.getdata(samples).astype(samples.dtype.newbyteorder("<"))


def sha256(array: np.ndarray) -> str:
    """SHA-256 of an array, in hexadecimal digits."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def listed() -> dict[str, Digests]:
    """The digests of each golden file by its name, as `tests/golden/digests.txt` lists them."""
    kinds: dict[str, dict[str, str]] = {kind: {} for kind in Digests._fields}
    for line in LIST.read_text("utf-8").splitlines():
        digest, kind, name = line.split()
        kinds[kind][name] = digest
    return {
        name: Digests(*(digests[name] for digests in kinds.values())) for name in kinds["codes"]
    }
