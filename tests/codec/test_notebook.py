"""What notebooks show of codecs and files, read as a browser reads it."""

import base64
import io
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from helpers.codecs.made_up_codecs import change_spec, leave_out
from PIL import Image

import aecodec
from aecodec.arrays import Pixels
from aecodec.codec_files.codec_file import SectionKind


class Shown(HTMLParser):
    """The texts and the pictures of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.images: list[Image.Image] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        source = dict(attrs).get("src") or ""
        if source:
            kind, _, content = source.partition(",")
            assert kind == "data:image/png;base64"
            self.images.append(Image.open(io.BytesIO(base64.b64decode(content))))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_codec_is_a_table_of_its_levels(codec: aecodec.Codec, photo: aecodec.Codec) -> None:
    shown = Shown(codec._repr_html_())
    assert shown.texts == [
        *("digits (f206e96f): grey, 28x28 tiles", "level", "bytes", "PSNR in dB"),
        *("1", "8.12", "22.50", "2 (default)", "13.10", "25.24", "3", "25.46", "27.86"),
    ]
    assert shown.tags.count("tr") == 4
    assert Shown(photo._repr_html_()).texts[:6][2:] == ["bpp", "PSNR in dB", "1", "0.076"]


def test_a_codec_of_a_stranger_writes_no_html(copy: Path) -> None:
    change_spec(copy, name="<script>alert(1)</script>")
    codec = aecodec.load_codec(copy)
    shown = Shown(codec._repr_html_())
    assert set(shown.tags) == {"table", "caption", "tr", "th", "td"}
    assert shown.texts[0].startswith("<script>")
    made = codec.compress_picture(np.zeros((28, 28), np.uint8))
    assert Shown(made._repr_html_()).tags == ["figure", "img", "figcaption"]


@pytest.mark.parametrize("mode", ["L", "RGB", "LA", "RGBA"])
def test_a_file_is_its_picture_and_its_bytes(
    photo: aecodec.Codec, photograph: Pixels, mode: str
) -> None:
    image = Image.fromarray(photograph[:120, :160]).convert(mode)
    if mode.endswith("A"):
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    made = photo.compress_picture(image, level=2.5)
    size = len(made.data)
    text = f"{size} bytes, {8 * size / 19200:.3f} bpp: 160x120 {mode}, codec photo at level 2.5"
    shown = Shown(made._repr_html_())
    assert shown.texts == [text]
    assert repr(made) == f"Compressed({text})"
    expected = aecodec.decompress(made.data)
    png = made._repr_png_()
    assert png is not None
    for picture in (*shown.images, Image.open(io.BytesIO(png))):
        assert picture.mode == mode
        assert picture.tobytes() == expected.tobytes()


def test_without_a_decoder_there_is_the_text_alone(copy: Path) -> None:
    leave_out(copy, SectionKind.DECODER)
    made = aecodec.load_codec(copy).compress_picture(np.zeros((28, 28), np.uint8))
    assert made._repr_png_() is None
    assert Shown(made._repr_html_()).tags == ["figure", "figcaption"]
