"""Pillow images and image files become pictures, and come back, as each mode's rule says."""

from __future__ import annotations

import io
import struct
import warnings
import zlib

import pytest
from image_files import profiles
from PIL import Image

from aecodec.arrays import Pixels
from aecodec.errors import AecodecWarning, ImageError
from aecodec.format.container import MetadataKind
from aecodec.image_files.reading import from_pil, read_image
from aecodec.image_files.writing import to_pil
from aecodec.imaging.picture import Picture


def check_pil_round_trip(image: Image.Image) -> Picture:
    """Check that an image comes back unchanged, and return the picture in between."""
    picture = from_pil(image)
    (back,) = to_pil(picture)
    assert back.mode == image.mode
    assert back.tobytes() == image.tobytes()
    return picture


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_modes_of_the_format_are_taken_as_they_are(mode: str, photograph: Pixels) -> None:
    image = Image.fromarray(photograph[:50, :70]).convert(mode)
    if mode.endswith("A"):
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    assert check_pil_round_trip(image).mode.name == mode


def test_black_and_white_palette_and_transparent_colours_keep_their_meaning() -> None:
    assert from_pil(Image.new("1", (3, 2), 1)).pixels.tolist() == [[[[255]] * 3] * 2]
    palette = Image.new("P", (3, 2), 1)
    palette.putpalette([0, 0, 0, 10, 20, 30])
    assert from_pil(palette).pixels[0, 0, 0].tolist() == [10, 20, 30]
    palette.info["transparency"] = 1
    picture = from_pil(palette)
    assert picture.mode.name == "RGBA"
    assert picture.alpha is not None
    assert not picture.alpha.any()


def test_other_colour_spaces_are_converted_with_a_warning() -> None:
    with pytest.warns(AecodecWarning, match="CMYK was converted"):
        assert from_pil(Image.new("CMYK", (3, 2), (9, 99, 5, 0))).mode.name == "RGB"


@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
def test_images_of_more_than_8_bits_are_refused(mode: str) -> None:
    with pytest.raises(ImageError, match="8 bits"):
        from_pil(Image.new(mode, (3, 2)))


@pytest.mark.parametrize("colour_type", [2, 6])
def test_png_files_with_16_bits_per_colour_are_refused(colour_type: int) -> None:
    """Pillow opens these files as RGB and RGBA."""
    channels = {2: 3, 6: 4}[colour_type]
    header = struct.pack(">IIBBBBB", 4, 2, 16, colour_type, 0, 0, 0)
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
        read_image(io.BytesIO(data))


def test_orientation_is_applied_and_metadata_is_kept() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees
    file = io.BytesIO()
    image = Image.new("RGB", (30, 20), (1, 2, 3))
    image.save(file, "PNG", exif=exif, icc_profile=b"profile")
    picture = read_image(io.BytesIO(file.getvalue()))
    assert picture.size == (20, 30)
    assert picture.metadata[MetadataKind.ICC] == b"profile"


def test_a_profile_stays_with_equal_channels_and_goes_with_other_colour_spaces() -> None:
    """The colours of CMYK are those of its profile no more, once they are converted."""
    equal, press = Image.new("RGB", (3, 2)), Image.new("CMYK", (3, 2))
    equal.info["icc_profile"], press.info["icc_profile"] = profiles.srgb(), profiles.cmyk()
    assert from_pil(equal).metadata == {MetadataKind.ICC: profiles.srgb()}
    with pytest.warns(AecodecWarning, match="with its colour profile"):
        assert from_pil(press).metadata == {}


@pytest.mark.parametrize("file_format", ["GIF", "TIFF"])
def test_a_damaged_animation_raises_only_image_errors(file_format: str, photograph: Pixels) -> None:
    file = io.BytesIO()
    frames = [Image.fromarray(photograph[n : n + 20, :30]) for n in (0, 100, 200)]
    frames[0].save(file, file_format, save_all=True, append_images=frames[1:])
    whole = file.getvalue()
    refused = 0
    for length in range(0, len(whole), 7):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                read_image(io.BytesIO(whole[:length]))
        except ImageError:
            refused += 1
    assert refused > len(whole) / 7 / 2
