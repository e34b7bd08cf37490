"""Files of scientific samples are restored as they were, or rejected with a clear message."""

from __future__ import annotations

import io
import re
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_files.files import fits_file, npz, numpy_file, tiff
from image_files.odd_pictures import ODD_PICTURES

from aecodec import AecodecWarning, ImageError, Picture, UsageError, load_codec
from aecodec.format.arrays import Layout, SampleType
from aecodec.format.container import MetadataKind
from aecodec.format.kept_tags import KeptTags, band_names
from aecodec.format.origin import Origin
from aecodec.image_files.colour import in_kept_colours
from aecodec.image_files.options import ReadOptions
from aecodec.image_files.reading import read_image
from aecodec.image_files.scientific import read_samples, write_samples

tifffile = pytest.importorskip("tifffile")

OME = (
    b'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image><Pixels '
    b'DimensionOrder="XYCZT" SizeX="5" SizeY="7" SizeC="2" SizeZ="3" SizeT="1">'
    b'<Channel Name="DAPI"/><Channel Name="GFP &amp; RFP"/></Pixels></Image></OME>'
)
IMAGEJ = b"ImageJ=1.53t\nimages=6\nchannels=2\nslices=3\nhyperstack=true\n"
BANDS = b"".join(
    b'<Item name="DESCRIPTION" sample="%d" role="description">band %d</Item>' % (band, band)
    for band in range(6)
)
GEOREFERENCE = [
    (33550, "d", 3, (30.0, 30.0, 0.0)),
    (33922, "d", 6, (0.0, 0.0, 0.0, 4e5, 5e6, 0.0)),
    (34735, "H", 8, (1, 1, 0, 1, 1024, 0, 1, 1)),
    (34736, "d", 2, (6378137.0, 298.25)),
    (34737, "s", 0, "WGS 84 / UTM zone 33N|"),
    (42112, "s", 0, b"<GDALMetadata>" + BANDS + b"</GDALMetadata>"),
]


def samples(shape: tuple[int, ...], dtype: str = "uint16") -> np.ndarray:
    """Values of both signs, if the type has them, over half of its range."""
    values = np.random.default_rng(0).integers(0, 100, shape)
    return (values - 50 * (np.dtype(dtype).kind != "u")).astype(dtype)


def tiff_with(layout: Layout, array: np.ndarray, **options: Any) -> bytes:
    planar = {Layout.HWB: "contig", Layout.BHW: "separate"}
    frame = Layout[layout.name.removeprefix("F")]
    pages = array if layout.has_frames else [array]
    return tiff(*pages, planarconfig=planar.get(frame), **options)


def read(content: bytes, **options: Any) -> Picture:
    return read_samples(io.BytesIO(content), ReadOptions(**options))


def restored(content: bytes, suffix: str, **options: Any) -> bytes:
    """A file that was compressed without loss and decompressed."""
    exact = load_codec("samples")
    picture = replace(read(content, **options), origin=Origin(suffix, 0))
    return write_samples(exact.decoder.decompress_picture(exact.compress(picture)), suffix)


def facts(content: bytes) -> list[Any]:
    """All that a TIFF file should get back: samples, types and kept tags of each page."""
    stored = {258, 259, 273, 278, 279, 317, 322, 323, 324, 325}
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        return [
            (
                file.byteorder,
                page.axes,
                page.dtype,
                page.asarray().tobytes(),
                {tag.code: tag.value for tag in page.tags if tag.code not in stored},
            )
            for page in file.pages
        ]


STORED = st.fixed_dictionaries(
    {
        "compression": st.sampled_from([None, "zlib", "lzw", "zstd", "packbits"]),
        "byte_order": st.sampled_from("<>"),
        "big": st.booleans(),
    },
    optional={
        "predictor": st.just(True),
        "tile": st.sampled_from([(16, 16), (32, 16)]),
        "rowsperstrip": st.integers(1, 9),
    },
)


@settings(deadline=None)
@given(
    st.sampled_from([kind.dtype for kind in SampleType]),
    st.sampled_from(list(Layout)),
    st.tuples(*map(st.integers, (1, 1, 1, 2), (3, 40, 40, 4))),
    STORED,
)
def test_arrays_are_restored(
    dtype: str, layout: Layout, sides: tuple[int, ...], stored: dict[str, Any]
) -> None:
    array = layout.apply(samples(sides, dtype))
    if stored["compression"] is None or dtype.endswith("64"):
        stored.pop("predictor", None)
    content = tiff_with(layout, array, **stored)
    assert np.array_equal(read(content).pixels, layout.undo(array))
    assert facts(restored(content, ".tif")) == facts(content)
    axis = -3 if layout in (Layout.BHW, Layout.FBHW) else None
    options = {"band_axis": axis, "bands": 1 if layout is Layout.FHW else None}
    content = numpy_file(array.astype(stored["byte_order"] + array.dtype.str[1:], order="C"))
    assert restored(content, ".npy", **options) == content


GREY, SIX = samples((7, 5)), samples((7, 5, 6), "int16")
WITH_TAGS = {
    "GeoTIFF": tiff(SIX, planarconfig="contig", extratags=GEOREFERENCE, byte_order=">"),
    "transformation": tiff(GREY, extratags=[(34264, "d", 16, (0.5,) * 16)]),
    "OME": tiff(samples((6, 7, 5)), description=OME, software="tifffile.py"),
    "ImageJ": tiff(samples((6, 7, 5)), description=IMAGEJ, byte_order=">"),
    "georeferenced pages": tiff(*samples((6, 7, 5)), extratags=GEOREFERENCE, software=False),
    "tifffile": tiff(GREY, metadata={}, software="tifffile.py"),
    "resolution": tiff(GREY, resolution=((300, 7), (72, 1)), resolutionunit="CENTIMETER"),
    "white is zero": tiff(GREY, photometric="miniswhite"),
    "RGBA": tiff(SIX[..., :4], photometric="rgb", planarconfig="contig", extrasamples=(2,)),
    "RGB": tiff(SIX[..., :3], photometric="rgb", planarconfig="separate"),
    "CMYK": tiff(SIX[..., :4], photometric="separated", planarconfig="contig"),
    "time": tiff(GREY, datetime="2026:01:01 00:00:00"),
}


@pytest.mark.parametrize("kind", WITH_TAGS)
def test_tags_are_restored(kind: str) -> None:
    assert facts(restored(WITH_TAGS[kind], ".tif")) == facts(WITH_TAGS[kind])


@pytest.mark.parametrize(
    ("kind", "shape", "names"),
    [
        ("GeoTIFF", (1, 7, 5, 6), tuple(f"band {band}" for band in range(6))),
        ("OME", (3, 7, 5, 2), ("DAPI", "GFP & RFP")),
        ("ImageJ", (3, 7, 5, 2), None),
        ("RGBA", (1, 7, 5, 4), None),
    ],
)
def test_channels_are_bands(kind: str, shape: tuple[int, ...], names: tuple[str, ...]) -> None:
    picture = read(WITH_TAGS[kind])
    assert picture.pixels.shape == shape
    assert band_names(KeptTags.unpack(picture.metadata[MetadataKind.TIFF]), shape[-1]) == names


def test_pages_are_bands_if_the_user_says_so() -> None:
    content = tiff(*samples((4, 7, 5)))
    assert read(content, band_axis=-3).pixels.shape == (1, 7, 5, 4)
    assert facts(restored(content, ".tif", band_axis=-3)) == facts(content)


@pytest.mark.parametrize(
    ("nodata", "dtype"),
    [
        ("-9999", "int16"),
        ("0", "uint8"),
        ("65535", "uint16"),
        ("-3.4028234663852886e+38", "float32"),
        ("nan", "float32"),
        ("-32768.0", "int32"),
        ("-inf", "float16"),
        *((nodata, "uint16") for nodata in ("-9999", "1.5", "none", "")),
    ],
)
def test_nodata_is_restored(nodata: str, dtype: str) -> None:
    """GDAL's nodata value marks missing samples, unless the type cannot hold it."""
    array, is_held = samples((7, 5), dtype), dtype != "uint16" or nodata == "65535"
    if is_held:
        with np.errstate(over="ignore"):
            array[2:4] = np.array(float(nodata)).astype(dtype)
    content = tiff(array, extratags=[(42113, "s", 0, nodata)])
    missing = read(content).is_missing.all(axis=(0, 2, 3))
    assert np.flatnonzero(missing).tolist() == [2, 3] * is_held
    assert facts(restored(content, ".tif")) == facts(content)


def test_nodata_of_the_user() -> None:
    array = np.array([[1, 2], [3, 4]], np.uint8)
    for content, suffix in (
        (tiff(array, extratags=[(42113, "s", 0, "1")]), ".tif"),
        (fits_file(array, BLANK=1), ".fits"),
    ):
        with pytest.warns(AecodecWarning, match="with 1, .*: 1 samples of 1 are no longer missing"):
            picture = read(content, nodata=4)
        assert picture.missing is not None
        assert picture.missing[0, ..., 0].tolist() == [[False, False], [False, True]]
        with pytest.warns(AecodecWarning, match="no longer missing"):
            assert read(restored(content, suffix, nodata=4)).nodata == 4
    content = numpy_file(array)
    assert restored(content, ".npy", nodata=4) == content
    assert read(restored(content, ".tif", nodata=4)).nodata == 4


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_masks_are_pages(dtype: str) -> None:
    """A transparency mask marks missing pixels of all bands; TIFF files get it back."""
    mask, of_mask = np.indices((7, 5)).sum(0) > 3, {"photometric": "mask", "subfiletype": 4}
    array = np.where(mask[..., None], samples((7, 5, 3), dtype), 0)
    content = tiff(array, (mask, of_mask), photometric="rgb", software=False)
    picture = read(content)
    assert picture.missing is not None
    assert np.array_equal(picture.missing[0, ..., 0], ~mask)
    assert facts(restored(content, ".tif")) == facts(content)
    by_band = replace(picture, missing=np.eye(7, 5, dtype=bool)[None, ..., None] * [0, 1, 1] > 0)
    with pytest.raises(UsageError, match="only one mask"):
        write_samples(by_band, ".tif")
    if dtype == "uint16":  # floats have NaN
        with pytest.raises(UsageError, match="only TIFF files can store"):
            write_samples(picture, ".npy")


def test_arrays_of_npz_keep_their_names() -> None:
    content = restored(npz(tas=np.asfortranarray(GREY)), ".npz")
    with np.load(io.BytesIO(content)) as arrays:
        assert arrays.files == ["tas"]
        assert np.array_equal(arrays["tas"], GREY)
    with pytest.warns(AecodecWarning, match="other arrays"):
        assert read(npz(a=GREY, b=GREY + 1), array="b").pixels[0, 0, 0, 0] == GREY[0, 0] + 1


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32"])
def test_fits_files_are_restored(dtype: str) -> None:
    extension = {} if dtype == "int16" else {"XTENSION": "'IMAGE   '"}
    cards = extension if dtype == "float32" else {**extension, "BLANK": 3}
    content = fits_file(samples((4, 7, 5), dtype), **cards)
    assert read(content).pixels.shape == (1, 7, 5, 4)
    assert restored(content, ".fits") == content
    blank = fits_file(samples((4, 7, 5), dtype), **cards, DATASUM="1")
    [card] = re.findall(rb"DATASUM =.{71}", blank)
    assert restored(blank, ".fits") == blank.replace(card, b" " * 80)  # samples may have changed


def test_deep_png_is_restored() -> None:
    content = write_samples(read(numpy_file(GREY)), ".png")
    assert np.array_equal(read(content).pixels[0, ..., 0], GREY)
    assert restored(content, ".png") == content


COLOURS = np.zeros((3, 256), np.uint16)
REJECTED: dict[str, tuple[bytes, str]] = {
    "complex TIFF": (tiff(np.zeros((7, 5), np.complex64)), "not complex64"),
    "objects": (numpy_file(np.array([[None]])), "not object"),
    "1 bit": (tiff(np.zeros((7, 8), bool), photometric="minisblack"), "samples have 1 bits"),
    "257 bands TIFF": (tiff(np.zeros((7, 5, 257), np.uint8), planarconfig="contig"), "256"),
    "pages of two sizes": (tiff(GREY, GREY[1:]), "pages differ"),
    "palette": (tiff(GREY.astype("u1"), photometric="palette", colormap=COLOURS), "PALETTE"),
    "several arrays": (npz(a=GREY, b=GREY), "--array.*a, b"),
    "part of an array": (numpy_file(GREY)[:-1], "is incomplete"),
    "part of a TIFF": (tiff(GREY)[:100], "ends in the middle of its tags"),
    "another version": (b"\x93NUMPY\x09\0", "version 9.0 is not supported"),
    "nothing": (b"", "empty"),
    "another file": (b"text of a file", "not an image"),
    "DICOM": (bytes(128) + b"DICM", "pydicom"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REJECTED)
def test_rejected_files(kind: str) -> None:
    content, message = REJECTED[kind]
    with pytest.raises(ImageError, match=message):
        read(content)


@pytest.mark.parametrize("content", [tiff(SIX, planarconfig="contig"), numpy_file(SIX), npz(a=SIX)])
def test_too_many_pixels(content: bytes) -> None:
    """A pixel counts once for every 3 bytes; the limit is checked before memory is taken."""
    assert read(content, max_pixels=140).pixels.shape == (1, 7, 5, 6)
    with pytest.raises(ImageError, match=r"5x7 pixels of 12 bytes .* limit of 139: .* 140"):
        read(content, max_pixels=139)


DAMAGED = WITH_TAGS | {odd.name: odd.content for odd in ODD_PICTURES if len(odd.content) < 50_000}
DAMAGED |= {"npy": numpy_file(SIX), "npz": npz(a=SIX), "FITS": fits_file(GREY)}


@pytest.mark.filterwarnings("ignore::aecodec.AecodecWarning")
@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_files(kind: str) -> None:
    rng, content = np.random.default_rng(1), DAMAGED[kind]
    places = max(0, content.find(b"acsp")), len(content)
    for _ in range(30):
        damaged = bytearray(content)
        for place in rng.integers(*places, 3):
            damaged[place] = rng.integers(256)
        for reading in (read_samples, read_image):
            with suppress(ImageError):
                file = io.BytesIO(damaged[: len(content) // rng.integers(1, 3)])
                in_kept_colours(reading(file, ReadOptions(max_pixels=10**6)), {})


def test_dropped_tags_are_named() -> None:
    with pytest.warns(AecodecWarning, match="^a.tif: aecodec drops its TIFF tags 65000$"):
        read_samples(io.BytesIO(tiff(GREY, extratags=[(65000, "I", 1, 7)])), name="a.tif")
    picture = replace(read(WITH_TAGS["GeoTIFF"]), origin=Origin(".tif", 0))
    with pytest.warns(AecodecWarning, match="aecodec drops its TIFF tags"):
        write_samples(picture, ".npy")
