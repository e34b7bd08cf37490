"""Pillow images and image files become pictures, and come back, by the rule of each mode."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from image_files.odd_pictures import animation, saved
from PIL import Image

from aecodec.base.errors import AecodecWarning, ImageError
from aecodec.format.arrays import ANY_BANDS
from aecodec.image_files.options import Frames, ReadOptions
from aecodec.image_files.reading import read_image
from aecodec.image_files.scientific import read_samples, write_samples

EVERY_VALUE = np.arange(65536, dtype=np.uint16).reshape(256, 256)


def test_16_bits_are_divided_by_257_and_rounded_if_the_user_says_so() -> None:
    """Pillow cuts colours to their upper byte, which differs by less than one level."""
    encode, deep = pytest.importorskip("imagecodecs").png_encode, ReadOptions(depth=8)
    pixels = read_image(io.BytesIO(encode(EVERY_VALUE)), deep).pixels
    assert (pixels.reshape(-1) == np.rint(np.arange(65536) / 257)).all()
    colours = np.repeat(EVERY_VALUE[..., None], 3, axis=-1)
    ppm = b"P6 256 256 65535\n" + colours.astype(">u2").tobytes()
    for content in (encode(colours), ppm):
        pixels = read_image(io.BytesIO(content), deep).pixels[0, ..., 0].reshape(-1)
        assert np.abs(pixels - np.arange(65536) / 257).max() < 1
        with pytest.raises(ImageError, match=r"16-bit channels .* the 8 bits that Pillow reads"):
            read_image(io.BytesIO(content))


def hidden_samples() -> dict[str, tuple[bytes, str]]:
    """Files of which Pillow shows fewer channels or bits than they have, and messages."""
    codecs = pytest.importorskip("imagecodecs")
    deep = np.arange(64 * 64 * 3, dtype=np.uint16).reshape(64, 64, 3)
    flat = deep.astype(np.uint8)
    psd = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 5, 4, 4, 8, 3) + bytes(14 + 16 * 5)
    sgi = struct.pack(">hBBHHHHii", 474, 0, 2, 3, 4, 4, 3, 0, 255).ljust(512 + 96, b"\0")
    return {
        "JPEG 2000 with 16 bits": (codecs.jpeg2k_encode(deep, level=0), "16-bit channels"),
        "JPEG 2000 with 12 bits": (
            codecs.jpeg2k_encode(deep[..., 0] % 4096, level=0, bitspersample=12),
            "its maximum is 4095|-bit channels",
        ),
        "JPEG 2000 with infrared": (
            codecs.jpeg2k_encode(np.dstack([flat, flat[..., 0]]), level=0, codecformat="j2k"),
            "only 3 of its 4 channels are",
        ),
        "AVIF": (codecs.avif_encode(deep % 1024, bitspersample=10), "-bit channels"),
        "Photoshop": (psd, "only 3 of its 5 channels are"),
        "SGI": (sgi, "16-bit channels"),
        "PGM": (b"P5 1 2 1000\n\0\1\3\xe8", "its maximum is 1000|-bit channels"),
        "FITS": (b"SIMPLE  =                    T".ljust(2880), "if it has bands|header"),
    }


def test_samples_that_pillow_hides_are_refused() -> None:
    for content, message in hidden_samples().values():
        for read in (read_image, read_samples):
            with pytest.raises(ImageError, match=message):
                read(io.BytesIO(content), ReadOptions(bands=ANY_BANDS))


def test_scaled_levels_and_transparent_ones_are_named_or_kept() -> None:
    with pytest.warns(AecodecWarning, match=r"levels from 0 to 15 were scaled"):
        read_image(io.BytesIO(b"P5 1 2 15\n\1\2"))
    content = saved(Image.fromarray(EVERY_VALUE), transparency=7)
    picture = read_samples(io.BytesIO(content))
    assert np.flatnonzero(picture.is_missing).tolist() == [7]
    assert Image.open(io.BytesIO(write_samples(picture, ".png"))).info["transparency"] == 7


def test_all_frames_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's limit is the default, at twice the number of pixels; it is not changed."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    frames = [Image.new("L", (10, 10), value) for value in (1, 2, 3)]
    content = animation("TIFF", frames)
    options = ReadOptions(frames=Frames.ALL)
    with pytest.raises(ImageError, match="3 x 10x10 pixels exceed the limit of 200"):
        read_image(io.BytesIO(content), options)
    options = ReadOptions(max_pixels=300, frames=Frames.ALL)
    assert read_image(io.BytesIO(content), options).frames == 3
    assert Image.MAX_IMAGE_PIXELS == 100
