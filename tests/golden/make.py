"""Make golden files of a codec for photographs that is new, and list what all golden files hold.

    python tests/golden/make.py photo3
    python tests/golden/make.py bands

The argument begins the names of the files. `bands` makes the codec `bands`, its files, and the
rejected files of codecs with bands. Files that exist stay as they are: released files must be read
for ever. The other golden files were made once, by hand and by earlier programs.
"""

from __future__ import annotations

import sys
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]

import numpy as np
from helpers.codecs.band_codecs import band_codec
from helpers.codecs.golden import GOLDEN, LIST, REFUSED, Digests, codec_of, digests
from sklearn.datasets import load_sample_image

import aecodec
from aecodec.arrays import Pixels
from aecodec.format import container
from aecodec.format.binary import leb128
from aecodec.format.container import NOT_REDUCED, MetadataKind
from aecodec.imaging.picture import Picture, from_array, samples_picture
from aecodec.imaging.transfer import Transfer


def photographs(start: str) -> Iterator[tuple[str, Pixels, float | None, int]]:
    """(name, pixels, level, reduction) of each golden file of the codec `photo`."""
    photograph = load_sample_image("china.jpg")[150:247, 200:333]
    alpha = np.tile(np.arange(133, dtype=np.uint8), (97, 1))
    yield start, photograph, None, NOT_REDUCED
    yield f"{start}_grey_between_levels", photograph[..., 1], 2.5, NOT_REDUCED
    yield f"{start}_with_alpha", np.dstack([photograph, alpha]), 8, NOT_REDUCED
    yield f"{start}_stack", np.stack([photograph, photograph[::-1]]), 1, NOT_REDUCED
    yield f"{start}_reduced", photograph, 1, 5
    yield f"{start}_one_tile_high", photograph[:10], 5, NOT_REDUCED


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


def bands_codec(path: Path, has_encoder: bool) -> aecodec.Codec:
    """The codec `bands`: a linear, a square and a cubic transfer, 2 phases, and file limits."""
    limits = [(0, 4000), (-100, 4000), (-1.5, 100.25)]
    curves = np.linspace(0, 1, 511) ** np.array([[1], [2], [3]])
    transfer = Transfer(np.array(limits), np.rint(65535 * curves).astype(np.uint16))
    folder = band_codec(
        path,
        limits,
        file_limits=True,
        transfer=transfer,
        has_encoder=has_encoder,
        neighbours=1,
    )
    return aecodec.Codec(folder)


def scenes() -> Iterator[tuple[str, Picture, float]]:
    """(name, picture, level) of each golden file of the codec `bands`."""
    rows, columns = np.mgrid[:11, :13]
    waves = 1 + np.sin(rows / 3 + columns / 5)[..., None] * [0.9, 0.7, 0.5]
    hole = (rows - 4) ** 2 + (columns - 6) ** 2 < 9
    scene = (waves * [1500, 1200, 40]).astype(np.int16)
    holes = hole[..., None] | (np.arange(3) == 1) & (rows == 0)[..., None]
    repeated = scene.copy()
    repeated[..., 2] = scene[:4, :4, 2].repeat(4, axis=0).repeat(4, axis=1)[3:14, 1:14]
    first = np.moveaxis(scene, -1, 0)
    yield "bands", samples_picture(np.where(holes, -9999, scene).astype("<i2"), nodata=-9999), 2
    yield "bands_repeated", samples_picture(repeated.astype(">u2")), 1
    yield "bands_masked", samples_picture(first.astype(np.int32), band_axis=0, mask=hole), 2
    floats = np.where(holes, np.nan, scene / 7).astype(">f4")
    yield "bands_nan", samples_picture(np.stack([floats, floats[::-1]])), 1
    yield "bands_half", samples_picture(first[None].astype(np.float16) / 16, band_axis=1), 2
    yield "bands_wide", samples_picture((scene * 16.0 - 9000).astype(np.float32)), 2
    yield "bands_negative", samples_picture((scene // 16 - 90).astype(np.int8)), 2
    tags = {MetadataKind.TIFF: b"II*\0\x08\0\0\0\0\0\0\0\0\0"}
    yield "bands_tags", replace(samples_picture((scene // 16).astype(np.uint8)), metadata=tags), 2


def write_bands() -> None:
    """Write the codec, its files, their codes, and rejected files that are not there yet."""
    folder = GOLDEN / "codecs" / "bands"
    if not folder.exists():
        bands_codec(folder, has_encoder=False)
    with tempfile.TemporaryDirectory() as path:
        codec = bands_codec(Path(path), has_encoder=True)
        for name, picture, level in scenes():
            write_once(GOLDEN / f"{name}.aec", codec.compress(picture, level=level))
    for name, data in broken_files((GOLDEN / "bands.aec").read_bytes()):
        write_once(REFUSED / f"{name}.aec", data)


def write_once(path: Path, data: bytes) -> None:
    """Write a file, and the codes of a golden one, unless it exists."""
    if path.exists():
        return
    path.write_bytes(data)
    if path.parent == GOLDEN:
        np.save(path.with_suffix(".npy"), codec_of(data).decoder.codes(data))


def broken_files(data: bytes) -> Iterator[tuple[str, bytes]]:
    """(name, content) of files that break a rule of codecs with bands, made of a golden file."""
    header, payload = container.unpack(data)
    start = container.pack(header._replace(samples=None), b"")[:-4]
    digits = (GOLDEN / "digit3.aec").read_bytes()

    def sealed(block: bytes, flags: int = 0x80, fields: bytes = b"") -> bytes:
        body = start[:7] + bytes([start[7] | flags]) + start[8:] + fields
        body += leb128(len(block)) + block + payload
        return body + zlib.crc32(body).to_bytes(4, "little")

    mask = zlib.compress(bytes(18))
    yield "bands_type", sealed(b"\x07\x11")
    yield "bands_layout", sealed(b"\x03\x16")
    yield "bands_without_axis", sealed(b"\x03\x10")
    yield "bands_frames", sealed(b"\x03\x11", 0x90, b"\2")
    yield "bands_low_limit", sealed(b"\x08\x11\0\1\0\1\5\5")
    yield "bands_range", sealed(b"\x0c\x11" + 3 * bytes([0, 0, 0, 0, 0, 0, 1, 0]))
    yield "bands_infinite_limit", sealed(b"\x0d\x11" + 3 * b"\0\0\0\x7c")
    yield "bands_phase", sealed(b"\x43\x11\1\0\2\x20\1\0")
    yield "bands_factor", sealed(b"\x43\x11\1\0\x11\0\1\0")
    yield "bands_planes", sealed(b"\x23\x11\2" + mask)
    yield "bands_no_mask", sealed(b"\x23\x11\1")
    yield "bands_bytes_behind", sealed(b"\x03\x11\0")
    yield "bands_colour", sealed(b"\x03\x11", 0x81)
    yield "bands_reduced", sealed(b"\x03\x11", 0xC0, b"\4")
    yield "bands_number", sealed(b"\x03\x09")
    yield "bands_mask_too_small", sealed(b"\x23\x11\1" + zlib.compress(bytes(17)))
    yield "bands_mask_too_large", sealed(b"\x23\x11\1" + zlib.compress(bytes(19)))
    yield "bands_mask_padding", sealed(b"\x23\x11\1" + zlib.compress(bytes(17) + b"\1"))
    yield "bands_mask_checksum", sealed(b"\x23\x11\1" + mask[:-1] + b"\xff")
    yield "bands_mask_ends_early", sealed(b"\x23\x11\1" + mask + b"\0")
    yield "bands_missing", container.pack(header._replace(samples=None), payload)
    assert header.samples is not None
    samples = header.samples._replace(bands=1, mask=b"", mask_planes=0)
    without, content = container.unpack(digits)
    yield "bands_of_digits", container.pack(without._replace(samples=samples), content)


def write_list() -> None:
    """List the digests of all golden files."""
    of_files = {path.stem: digests(path.read_bytes()) for path in sorted(GOLDEN.glob("*.aec"))}
    lines = [
        f"{getattr(of_file, kind)}  {kind}  {name}\n"
        for kind in Digests._fields
        for name, of_file in of_files.items()
        if getattr(of_file, kind)
    ]
    LIST.write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    write_bands() if sys.argv[1] == "bands" else write_golden_files(sys.argv[1])
    write_list()
