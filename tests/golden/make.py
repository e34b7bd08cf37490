"""Make the golden files of the codec `photo` that are missing, and list what all golden files hold.

    python tests/golden/make.py

Files that exist stay as they are: released files must be read for ever. The other golden files were
made once, by hand and by earlier programs.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]

import numpy as np
import zarr
from helpers.codecs.golden import (
    GOLDEN,
    LIST,
    REFINED,
    REFUSED,
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
from PIL import ImageCms

import aecodec
from aecodec.chunks import remember
from aecodec.format.binary import block, read_leb128
from aecodec.format.container import NOT_REDUCED, MetadataKind
from aecodec.format.origin import Origin
from aecodec.imaging.picture import Picture, from_array
from aecodec.zarr import Aecodec

METADATA = {
    MetadataKind.ICC: ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    MetadataKind.EXIF: b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0",
    MetadataKind.XMP: b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
}
ORIGIN = Origin(".png", 1700000000)


def photographs() -> Iterator[tuple[str, Picture, float | None, int]]:
    """(name, picture, level, reduction) of each golden file of the codec `photo`."""
    photograph = load_photograph()[150:247, 200:333]
    alpha = np.tile(np.arange(133, dtype=np.uint8), (97, 1))
    picture = from_array(photograph)
    yield "photo", picture, None, NOT_REDUCED
    yield "photo_grey_between_levels", from_array(photograph[..., 1]), 2.5, NOT_REDUCED
    yield "photo_with_alpha", from_array(np.dstack([photograph, alpha])), 8, NOT_REDUCED
    yield "photo_stack", from_array(np.stack([photograph, photograph[::-1]])), 1, NOT_REDUCED
    yield "photo_reduced", picture, 1, 5
    yield "photo_one_tile_high", from_array(photograph[:10]), 5, NOT_REDUCED
    upright = from_array(np.rot90(photograph)[:, :10])
    yield "photo_metadata", replace(upright, metadata=METADATA, origin=ORIGIN), None, NOT_REDUCED
    checks = np.kron(np.indices((8, 8)).sum(axis=0) % 2, np.ones((4, 4)))  # unlike any photograph
    yield "photo_escapes", from_array(np.uint8(255 * checks)), 8, NOT_REDUCED


def write_golden_files() -> None:
    """Write the files that are not there yet, and their codes."""
    encoder = aecodec.load_codec("photo").encoder
    for name, picture, level, reduction in photographs():
        data = encoder.encode(picture, reduction).to_bytes(level)
        if not (GOLDEN / f"{name}.aec").exists():
            (GOLDEN / f"{name}.aec").write_bytes(data)
            np.save(GOLDEN / f"{name}.npy", codec_of(data).decoder.codes(data))


def write_refined_files() -> None:
    """Write the files with refinements that are not there yet."""
    crop = load_photograph()[150:190, 200:251]
    for name, pixels, options in (
        ("photo_lossless", crop, {"max_error": 0}),
        ("photo_level", crop, {"level": 2.5, "max_error": 4}),
        ("photo_roots", crop, {"level": 1, "max_error": "0.5sqrt"}),
        ("photo_grey", crop[..., 1], {"level": 1, "max_error": 2}),
        ("grey_lossless", crop[..., 1], {"max_error": 0}),
    ):
        if not (REFINED / f"{name}.aec").exists():
            data = aecodec.compress(pixels, "photo", **options)
            (REFINED / f"{name}.aec").write_bytes(data)


def checked(content: bytes) -> bytes:
    """Append the CRC-32."""
    return content + zlib.crc32(content).to_bytes(4, "little")


def joined(base: bytes, refinements: list[bytes]) -> bytes:
    """A file of version 2."""
    data = b"\xaeC\2" + block(base)
    for refinement in refinements:
        data = checked(data + block(refinement))
    return data


def block_at(data: bytes, place: int) -> tuple[bytes, int]:
    """The block at a place of a file, and the place behind it."""
    size, start = read_leb128(data, place)
    return data[start : start + size], start + size


def split(data: bytes) -> tuple[bytes, list[bytes]]:
    """The base and the refinements of a file of version 2, without their checksums."""
    base, place = block_at(data, 3)
    refinements = list[bytes]()
    while not refinements or refinements[-1][0] & 1:
        refinement, place = block_at(data, place)
        refinements.append(refinement)
        place += 4
    return base, refinements


def write_refused_files() -> None:
    """Write files that break a single rule, instead of those that exist."""
    digit = (GOLDEN / "digit3.aec").read_bytes()
    lossless = (REFINED / "digit_lossless.aec").read_bytes()
    header, residuals = split(lossless)
    level = checked(header[:7] + bytes([header[7] | 8, 0x48]) + header[8:-4])
    base, refinements = split((REFINED / "digits_nested.aec").read_bytes())
    damaged = joined(base, refinements[:1])
    damaged = damaged[:-1] + bytes([damaged[-1] ^ 1])
    for refinement in refinements[1:]:
        damaged = checked(damaged + block(refinement))
    for name, content in {
        "version": checked(digit[:2] + b"\3" + digit[3:-4]),
        "refined_level": joined(level, residuals),
        "refined_none": checked(joined(base, [])),
        "refined_twice": joined(*split((REFUSED / "refined_twice.aec").read_bytes())),
        "refined_bytes_behind": checked(lossless + b"\0"),
        "refined_first_checksum": damaged,
    }.items():
        (REFUSED / f"{name}.aec").write_bytes(content)


def write_arrays() -> None:
    """Write the arrays of Zarr that are not there yet."""
    crop = load_photograph()[150:190, 200:248]
    alpha = np.repeat(np.uint8([[0, 255]]), 24, axis=1) * np.ones((40, 1), np.uint8)
    frames = np.stack([np.dstack([pixels, alpha]) for pixels in (crop, crop[::-1])])
    planes = np.moveaxis(crop, -1, 0)
    transpose = [{"name": "transpose", "configuration": {"order": [1, 2, 0]}}]
    for name, array, chunks, filters, serializer in (
        ("photo", crop, (24, 32, 3), [], Aecodec("photo", 3)),
        ("photo_planes", planes, planes.shape, transpose, Aecodec("photo", max_error=0)),
        ("photo_alpha", frames, frames.shape, [], Aecodec("photo", 1)),
    ):
        if not (ZARR / name).exists():
            zarr.create_array(
                ZARR / name,
                data=array,
                chunks=chunks,
                filters=filters,
                serializer=serializer,
                compressors=None,
            )


def write_lists() -> None:
    """List the digests of all golden files, files with refinements, and arrays of Zarr."""
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


if __name__ == "__main__":
    write_golden_files()
    write_refined_files()
    write_refused_files()
    write_arrays()
    write_lists()
