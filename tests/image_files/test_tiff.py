"""TIFF files are counted before they are decoded."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from helpers.codecs.band_codecs import band_codec
from image_files.files import fits_header, tiff

import aecodec
from aecodec.base.errors import AecodecWarning, ImageError, UsageError
from aecodec.format.arrays import ANY_BANDS
from aecodec.image_files.options import ReadOptions
from aecodec.image_files.reading import read_image
from aecodec.image_files.scientific import read_samples

tifffile = pytest.importorskip("tifffile")

GREY, MASK = np.arange(1, 193, dtype=np.uint8).reshape(12, 16), np.eye(12, 16) == 0
WIDE, BANDS = GREY.astype(np.uint16), np.stack([GREY] * 5, axis=-1)
AS_RGB, SPARE = {"photometric": "rgb"}, {"photometric": "rgb", "extrasamples": (0,)}
REDUCED, TRANSPARENCY = {"subfiletype": 1}, {"photometric": "mask", "subfiletype": 4}
FOR_BANDS = {
    "2 bands in planes": tiff(BANDS[..., :2].transpose(2, 0, 1), planarconfig="separate"),
    "5 bands": tiff(BANDS, planarconfig="contig"),
    "infrared": tiff(BANDS[..., :4], **SPARE),
    "deep planes": tiff(np.stack([WIDE] * 3), planarconfig="separate", **AS_RGB),
    "deep, white is 0": tiff(WIDE, photometric="miniswhite"),
    "signed": tiff(GREY.view(np.int8)),
    "ink": tiff(BANDS, photometric="separated", extrasamples=(0,)),
    "mask": tiff(BANDS[..., :3], (MASK, TRANSPARENCY), **AS_RGB),
    "preview": tiff((GREY, REDUCED), WIDE),
}


@pytest.mark.parametrize("colours", [1, 3])
def test_images_without_pages_are_rejected(colours: int) -> None:
    """tifffile and ImageJ can store images behind the first without pages."""
    frames = np.stack([np.squeeze(BANDS[..., :colours])] * 2)
    options = {"photometric": "rgb" if colours == 3 else "minisblack", "metadata": {}}
    for read in (read_image, read_samples):
        with pytest.raises(ImageError, match="list 2 images for 1 pages"):
            read(io.BytesIO(tiff(frames, truncate=True, **options)))
    content = io.BytesIO(tiff(frames, **options))
    assert read_samples(content).pixels.shape == (2, 12, 16, colours)


@pytest.mark.parametrize("kind", FOR_BANDS)
@pytest.mark.parametrize("depth", [None, 8])
def test_pillow_reads_no_tiff_file_whose_samples_it_drops(kind: str, depth: int | None) -> None:
    content = io.BytesIO(FOR_BANDS[kind])
    with pytest.raises(ImageError, match=r"--max-error|plain TIFF"):
        read_image(content, ReadOptions(depth=depth))
    picture = read_samples(content, ReadOptions(bands=ANY_BANDS, names_dropped=False))
    with tifffile.TiffFile(io.BytesIO(FOR_BANDS[kind])) as file:
        page = next(page for page in file.pages if not page.is_reduced)
        assert picture.pixels.size == page.size
        assert picture.pixels.dtype == page.dtype


def test_what_is_dropped_is_named() -> None:
    pyramid = tiff((WIDE, {"subifds": 1}), (WIDE[::2, ::2], REDUCED))
    sparse = bytearray(tiff(WIDE, tile=(16, 16), compression="zlib"))
    with tifffile.TiffFile(io.BytesIO(sparse)) as file:
        places = [file.pages[0].tags[code].offset + 8 for code in (324, 325)]
    for place in places:
        sparse[place : place + 4] = bytes(4)
    for content, note in (
        (pyramid, "its overviews"),
        (tiff((WIDE, {"subifds": 1}), WIDE[::2]), "pictures in its SubIFDs"),
        (FOR_BANDS["mask"], "samples that its mask hides"),
        (bytes(sparse), "1 of its strips or tiles are missing"),
    ):
        with pytest.warns(AecodecWarning, match=note):
            read_samples(io.BytesIO(content))
    assert read_samples(io.BytesIO(sparse), ReadOptions(nodata=7)).is_missing.all()
    sparse[places[1]] = 9
    with pytest.raises(ImageError, match="1 of its strips or tiles lack"):
        read_samples(io.BytesIO(sparse))


def test_files_beside_an_image_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(tiff(GREY))
    for name in ("a.tif.msk", "a.tfw"):
        (tmp_path / name).touch()
    with pytest.warns(AecodecWarning) as caught:
        aecodec.compress(tmp_path / "a.tif", max_error=0)
    said = " ".join(str(warning.message) for warning in caught)
    assert "aecodec ignores the file a.tif.msk" in said
    assert "aecodec ignores the file a.tfw" in said


def test_alpha_of_bands_is_exact(tmp_path: Path) -> None:
    """A maximum error does not apply to bands that the tags call alpha, and levels reject them."""
    alpha = np.where(GREY % 3, 255, GREY)
    scene = tiff(
        np.dstack([BANDS[..., :4], alpha]), extrasamples=(0, 0, 0, 2), **{"planarconfig": "contig"}
    )
    codec = aecodec.Codec(band_codec(tmp_path, [(0, 255)] * 5))
    picture = read_samples(io.BytesIO(scene))
    with pytest.raises(UsageError, match="alpha, which no level keeps exact"):
        codec.compress(picture, level=1)
    restored = codec.decompress_array(codec.compress(picture, max_error=9))
    assert (restored[..., 4] == alpha).all()
    assert not (restored[..., :4] == BANDS[..., :4]).all()


def claims(**entries: int) -> bytes:
    numbers = {256: 4, 257: 4, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 4, 279: 16}
    numbers |= {int(code[1:]): number for code, number in entries.items()}
    fields = [struct.pack("<HHII", code, 4, 1, number) for code, number in sorted(numbers.items())]
    return b"II*\0" + struct.pack("<IH", 8, len(fields)) + b"".join(fields) + bytes(4)


def npz_of_header(size: int) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", b"\x93NUMPY\2\0" + struct.pack("<I", size) + bytes(1 << 26))
    return content.getvalue()


def jpeg_of(side: int) -> bytes:
    return b"\xff\xd8\xff\xc0\0\x0b\x08" + struct.pack(">HHB", side, side, 1) + b"\1\x11\0"


HOSTILE = {
    "tags that share a text": b"II*\0"
    + struct.pack("<IH", 8, 100)
    + b"".join(struct.pack("<HHII", code, 2, 1 << 16, 0) for code in range(65000, 65100))
    + bytes(1 << 16),
    "many tags": b"II*\0" + struct.pack("<IH", 8, 1 << 15) + bytes(1 << 20),
    "pages that repeat": claims()[:-4] + struct.pack("<I", 8),
    "wide page": claims(t256=1 << 31, t257=1 << 31),
    "large tiles": claims(t322=1 << 16, t323=1 << 16, t324=8, t325=16),
    "no rows": claims(t257=0),
    "many samples": claims(t277=60_000),
    "JPEG in a strip": claims(t259=7, t273=122, t279=15) + jpeg_of(60_000),
    "header of an array": npz_of_header(1 << 26),
    "FITS axes": fits_header(SIMPLE="T", BITPIX=8, NAXIS=2, NAXIS1=-1, NAXIS2=-99),
    "FITS headers": (b"SIMPLE  = T".ljust(80) + b"A".ljust(80) * (1 << 16)),
    "sides of an array": b"\x93NUMPY\1\0\x40\0"
    + b"{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 64, 3)}".ljust(64)
    + bytes(1 << 24),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_limits_come_before_reading(kind: str) -> None:
    file = io.BytesIO(HOSTILE[kind])
    tracemalloc.start()
    try:
        with pytest.raises(ImageError):
            read_samples(file, ReadOptions(max_pixels=10_000))
        assert tracemalloc.get_traced_memory()[1] < 1 << 24
    finally:
        tracemalloc.stop()
