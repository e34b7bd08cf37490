"""Files of many pixels are read quietly up to a limit, which no other part of the program sees."""

from __future__ import annotations

import io
import warnings

import pytest
from image_files.odd_pictures import animation, saved
from PIL import Image

from aecodec.errors import ImageError
from aecodec.image_files.options import Frames, ReadOptions
from aecodec.image_files.reading import read_image


@pytest.fixture(autouse=True)
def limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow warns above 100 pixels, and refuses more than 200."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)


def read(image: Image.Image, options: ReadOptions | None = None) -> tuple[int, int]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_image(io.BytesIO(saved(image)), options or ReadOptions()).size


def test_more_is_refused_unless_the_option_accepts_it() -> None:
    """The message names the option, which leaves the program its limit."""
    image = Image.new("L", (67, 3))
    with pytest.raises(ImageError, match=r"67x3 pixels .* limit of 200: .*--max-pix"):
        read(image)
    assert read(image, ReadOptions(max_pixels=201)) == (67, 3)
    assert Image.MAX_IMAGE_PIXELS == 100
    with pytest.raises(ImageError, match="limit of 5"):
        read(Image.new("L", (3, 2)), ReadOptions(max_pixels=5))


def test_all_frames_count() -> None:
    frames = [Image.new("L", (10, 10), value) for value in (1, 2, 3)]
    content = animation("TIFF", frames)
    options = ReadOptions(frames=Frames.ALL)
    with pytest.raises(ImageError, match="3 x 10x10 pixels are more than the limit of 200"):
        read_image(io.BytesIO(content), options)
    options = ReadOptions(max_pixels=300, frames=Frames.ALL)
    assert read_image(io.BytesIO(content), options).frames == 3
