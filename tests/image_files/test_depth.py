"""Deep images are scaled to 8 bits: by their type where it has a range, else by their own."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from image_files.odd_pictures import DEEP, deep_png, deep_ppm
from PIL import Image

from aecodec.errors import AecodecWarning, ImageError
from aecodec.image_files.reading import from_pil, read_image

EVERY_VALUE = np.arange(65536, dtype=np.uint16).reshape(256, 256)


def test_16_bits_are_divided_by_257_and_rounded() -> None:
    pixels = read_image(io.BytesIO(deep_png(EVERY_VALUE[..., None])), DEEP).pixels
    assert (pixels.reshape(-1) == np.rint(np.arange(65536) / 257)).all()


def test_16_bits_of_colours_are_less_than_one_level_from_that() -> None:
    """Pillow cuts them to their upper byte."""
    colours = np.repeat(EVERY_VALUE[..., None], 3, axis=-1)
    for content in (deep_png(colours), deep_ppm(colours)):
        pixels = read_image(io.BytesIO(content), DEEP).pixels[0, ..., 0].reshape(-1)
        assert np.abs(pixels - np.arange(65536) / 257).max() < 1


@pytest.mark.parametrize(
    "content", [deep_png(np.zeros((2, 2, 3), np.uint16)), deep_ppm(np.zeros((2, 2, 3), np.uint16))]
)
def test_colours_of_16_bits_are_refused_by_a_sentence_that_names_the_option(content: bytes) -> None:
    with pytest.raises(ImageError, match=re.escape("(16): scale it to 8 bits with compress")):
        read_image(io.BytesIO(content))


def test_floats_that_are_no_numbers_become_black_and_white() -> None:
    values = np.array([[np.nan, -np.inf, np.inf, -1.0, 1.0, 3.0]], np.float32)
    with pytest.warns(AecodecWarning, match="values from -1 to 3 were scaled"):
        picture = from_pil(Image.fromarray(values), DEEP)
    assert picture.pixels.reshape(-1).tolist() == [0, 0, 255, 0, 128, 255]
