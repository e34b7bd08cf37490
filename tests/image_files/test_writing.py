"""Image files lose nothing that nobody chose to lose."""

from __future__ import annotations

import io

import numpy as np
import pytest
from helpers.images import opened
from image_files.odd_pictures import COLOURS, XMP_PACKET, exif_of, rgb, with_alpha
from image_files.profiles import P3
from PIL import Image

from aecodec.base.errors import AecodecWarning, UsageError
from aecodec.format.container import MetadataKind, Mode
from aecodec.image_files.formats import is_kept_by
from aecodec.image_files.reading import from_pil, read_image
from aecodec.image_files.writing import encode_frames, to_pil
from aecodec.imaging.picture import Picture


def encoded(image: Image.Image, suffix: str, quality: int | None = None) -> bytes:
    return encode_frames(from_pil(image), suffix, quality)[0]


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".avif"])
def test_formats_that_lose_something_need_a_quality(suffix: str) -> None:
    with pytest.raises(UsageError, match="choose a --quality"):
        encoded(rgb, suffix)
    assert len(encoded(rgb, suffix, 20)) < len(encoded(rgb, suffix, 95))


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_resolution_and_metadata_come_back(suffix: str) -> None:
    exif = exif_of(XResolution=300, YResolution=150, ResolutionUnit=2, Make="m")
    metadata = {MetadataKind.ICC: P3, MetadataKind.EXIF: exif, MetadataKind.XMP: XMP_PACKET}
    (content,) = encode_frames(Picture(COLOURS[None], None, metadata), suffix, 90)
    image = opened(io.BytesIO(content))
    assert image.info["dpi"] == pytest.approx((300, 150), abs=0.02)
    back = read_image(io.BytesIO(content)).metadata
    assert (back[MetadataKind.ICC], back[MetadataKind.XMP]) == (P3, XMP_PACKET)
    assert image.getexif()[271] == "m"


def test_what_a_format_does_not_hold_is_named() -> None:
    picture = Picture(COLOURS[None], None, {MetadataKind.EXIF: exif_of(Make="m")})
    with pytest.warns(AecodecWarning, match="aecodec drops its EXIF"):
        encode_frames(picture, ".bmp")
    with pytest.raises(UsageError, match=r"cannot write .gif files"):
        encoded(rgb, ".gif")


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp", ".bmp", ".ppm", ".tga", ".jp2"])
def test_formats_that_keep_a_mode_do(suffix: str, mode: Mode) -> None:
    if not is_kept_by(suffix, mode, None):
        return
    image = with_alpha(rgb).convert(mode.name)
    back = Image.open(io.BytesIO(encoded(image, suffix))).convert(mode.name)
    assert np.array_equal(np.asarray(back), np.asarray(image))
    (again,) = to_pil(from_pil(image))
    assert (again.mode, again.tobytes()) == (mode.name, image.tobytes())


@pytest.mark.parametrize("suffix", [".ppm", ".bmp", ".jpg"])
def test_alpha_is_not_lost_without_a_word(suffix: str) -> None:
    with pytest.raises(UsageError, match="does not support alpha"):
        encoded(with_alpha(rgb), suffix, 90)
    opaque = rgb.convert("RGBA")
    if suffix == ".jpg":
        with pytest.raises(UsageError, match="cannot write mode RGBA as JPEG; use PNG or TIFF"):
            encoded(opaque, suffix, 90)
    else:
        written = opened(io.BytesIO(encoded(opaque, suffix)))
        assert written.convert("RGB").tobytes() == rgb.tobytes()
