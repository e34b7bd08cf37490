"""Every kind of picture comes back as its policy says."""

from __future__ import annotations

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from aecodec import images, tiling
from aecodec.container import MetadataKind
from aecodec.errors import AecodecWarning, FormatError, ImageError
from aecodec.images import Picture, Pixels

pixel_arrays = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3])),
)


def assert_pil_round_trip(image: Image.Image) -> Picture:
    """A picture of one of the file's own modes comes back as it was."""
    picture = images.from_pil(image)
    (back,) = images.to_pil(picture)
    assert back.mode == image.mode
    assert back.tobytes() == image.tobytes()
    return picture


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_modes_of_the_format_are_taken_as_they_are(mode: str, photograph: Pixels) -> None:
    image = Image.fromarray(photograph[:50, :70]).convert(mode)
    if mode.endswith("A"):
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    assert assert_pil_round_trip(image).mode.name == mode


def test_black_and_white_palette_and_transparent_colours_keep_their_meaning() -> None:
    assert images.from_pil(Image.new("1", (3, 2), 1)).pixels.tolist() == [[[[255]] * 3] * 2]
    palette = Image.new("P", (3, 2), 1)
    palette.putpalette([0, 0, 0, 10, 20, 30])
    assert images.from_pil(palette).pixels[0, 0, 0].tolist() == [10, 20, 30]
    palette.info["transparency"] = 1
    picture = images.from_pil(palette)
    assert picture.mode.name == "RGBA"
    assert picture.alpha is not None
    assert not picture.alpha.any()


def test_equal_channels_become_one() -> None:
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert images.from_pil(Image.fromarray(np.stack([grey] * 3, -1))).mode.name == "L"


def test_other_colour_spaces_are_converted_with_a_warning() -> None:
    with pytest.warns(AecodecWarning, match="CMYK was converted"):
        assert images.from_pil(Image.new("CMYK", (3, 2), (9, 99, 5, 0))).mode.name == "RGB"


@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
def test_more_than_eight_bits_are_refused(mode: str) -> None:
    with pytest.raises(ImageError, match="8 bits"):
        images.from_pil(Image.new(mode, (3, 2)))


@pytest.mark.parametrize("kind", [2, 6])
def test_more_than_eight_bits_of_a_colour_are_refused(kind: int) -> None:
    """Pillow opens such PNGs as RGB and RGBA."""
    channels = {2: 3, 6: 4}[kind]
    header = struct.pack(">IIBBBBB", 4, 2, 16, kind, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + bytes(8 * channels) for _ in range(2)))
    chunks = [(b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )
    with pytest.raises(ImageError, match="more than 8 bits"):
        images.read(io.BytesIO(data))


def test_orientation_is_applied_and_metadata_kept() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    file = io.BytesIO()
    picture_on_disk = Image.new("RGB", (30, 20), (1, 2, 3))
    picture_on_disk.save(file, "PNG", exif=exif, icc_profile=b"profile")
    picture = images.read(io.BytesIO(file.getvalue()))
    assert picture.size == (20, 30)
    assert picture.metadata[MetadataKind.ICC] == b"profile"


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_metadata_goes_into_the_file(suffix: str) -> None:
    image = Image.new("RGB", (30, 20), (1, 2, 3))
    image.info["xmp"] = b"<x:xmpmeta/>"
    encoded = images.encode(image, suffix)
    back = images.read(io.BytesIO(encoded)).metadata
    assert back[MetadataKind.XMP].strip() == b"<x:xmpmeta/>"


def test_metadata_that_cannot_be_written_is_left_out_with_a_warning() -> None:
    image = Image.new("RGB", (30, 20))
    image.info["exif"] = b"junkjunk"
    with pytest.warns(AecodecWarning, match="left out"):
        assert images.encode(image, ".tif")


def test_a_profile_of_another_colour_space_is_dropped() -> None:
    for mode in ("CMYK", "RGB"):
        image = Image.new(mode, (3, 2))
        image.info["icc_profile"] = b"profile"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert MetadataKind.ICC not in images.from_pil(image).metadata


def test_an_animation_gives_its_first_frame_with_a_warning() -> None:
    file = io.BytesIO()
    frames = [Image.new("L", (4, 4), value) for value in (10, 200)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    with pytest.warns(AecodecWarning, match="several frames"):
        assert images.read(io.BytesIO(file.getvalue())).frames == 1


@pytest.mark.parametrize("kind", ["GIF", "TIFF"])
def test_a_damaged_animation_raises_nothing_else(kind: str, photograph: Pixels) -> None:
    file = io.BytesIO()
    frames = [Image.fromarray(photograph[n : n + 20, :30]) for n in (0, 100, 200)]
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])
    whole = file.getvalue()
    refused = 0
    for length in range(0, len(whole), 7):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                images.read(io.BytesIO(whole[:length]))
        except ImageError:
            refused += 1
    assert refused > len(whole) / 7 / 2


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ImageError):
            images.read(io.BytesIO(data))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((28, 28)), "float64"),
        (np.zeros((2, 3, 4, 5), np.uint8), "shape"),
        (np.zeros((0, 28, 28), np.uint8), "shape"),
        (np.zeros(28, np.uint8), "shape"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(array: np.ndarray, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        images.from_array(array)


@given(hnp.arrays(np.uint8, st.tuples(*[st.integers(1, 6)] * 3)))
def test_alpha_is_lossless(alpha: Pixels) -> None:
    assert (images.unpack_alpha(images.pack_alpha(alpha), alpha.shape) == alpha).all()


def test_damaged_alpha_is_refused_before_it_grows() -> None:
    bomb = images.pack_alpha(np.zeros((1, 4000, 4000), np.uint8))
    for data in (
        bomb,
        bomb[:-3],
        b"",
        b"garbage",
        images.pack_alpha(np.zeros((1, 2, 2), np.uint8)) + b"x",
    ):
        with pytest.raises(FormatError, match="alpha"):
            images.unpack_alpha(data, (1, 2, 2))


@given(pixel_arrays, st.integers(1, 5), st.integers(1, 5))
def test_tiles_merge_to_what_was_split(pixels: Pixels, height: int, width: int) -> None:
    tiles = tiling.split(pixels, (height, width))
    frames, rows, columns, _ = pixels.shape
    assert tiles.shape[1:3] == (height, width)
    assert (tiling.merge(tiles, frames, (columns, rows)) == pixels).all()


def test_a_stack_needs_one_size() -> None:
    small, large = (images.from_array(np.zeros((n, n), np.uint8)) for n in (3, 4))
    assert images.stack([small, small]).frames == 2
    coloured = images.from_array(np.repeat(small.pixels[0], 3, axis=2))
    both = images.stack([small, coloured])
    assert both.mode.name == "RGB"
    assert (both.pixels[0] == both.pixels[1]).all()
    with pytest.raises(ImageError, match="3x3 L, 4x4 L"):
        images.stack([small, large])
