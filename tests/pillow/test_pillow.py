"""`Image.open` and `save` of `.aec` files: the pixels and bytes of aecodec, in any mode."""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.codecs.made_up_codecs import change_spec
from helpers.commands import Command
from helpers.images import saved
from helpers.writer import pack, with_checksum
from image_files import profiles
from PIL import ExifTags, Image, ImageFile, ImageSequence, UnidentifiedImageError

import aecodec
from aecodec.base.arrays import Pixels
from aecodec.codec import registry
from aecodec.format.container import Header
from aecodec.pillow import register_aec_opener


@pytest.fixture
def picture(photograph: Pixels) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(photograph[100:144, 200:260]))


@pytest.fixture
def digit(samples: Pixels) -> Image.Image:
    return Image.fromarray(samples[3])


@pytest.fixture
def stack(samples: Pixels) -> io.BytesIO:
    return io.BytesIO(aecodec.compress(samples))


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_size_mode_and_pixels_are_those_of_decompress(picture: Image.Image, mode: str) -> None:
    file = saved(picture.convert(mode))
    image = Image.open(file)
    assert (image.mode, image.size, image.format) == (mode, picture.size, "AEC")
    assert (image.n_frames, image.is_animated, image.info) == (1, False, {})
    assert image.get_format_mimetype() == "image/x-aec"
    assert image.tobytes() == aecodec.decompress(file.getvalue()).tobytes()


def test_paths_open_files_and_parsers(digit: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "digit.aec"
    digit.save(path)
    expected, parser = aecodec.decompress(path).tobytes(), ImageFile.Parser()
    parser.feed(path.read_bytes()[:7])
    parser.feed(path.read_bytes()[7:])
    assert parser.close().tobytes() == expected
    with path.open("rb") as file:
        assert Image.open(file).tobytes() == expected
        assert not file.closed
    image = Image.open(path)
    opened = image.fp
    assert image.tobytes() == expected
    assert opened is not None
    assert opened.closed


@pytest.mark.parametrize("content", [b"", b"\xae", b"AEC\1", bytes(20)])
def test_other_files_are_left_to_other_plugins(content: bytes) -> None:
    with pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(content))


def test_damage_is_an_error(digit: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    """LOAD_TRUNCATED_IMAGES makes no picture of half a file either."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    file = saved(digit).getvalue()
    for size in range(3, len(file)):
        with pytest.raises(OSError, match="damaged") as caught:
            Image.open(io.BytesIO(file[:size]))
        assert isinstance(caught.value, aecodec.AecodecError)
    image = Image.open(io.BytesIO(with_checksum(file[:-4] + bytes(50))))
    for _ in range(2):
        with pytest.raises(OSError, match="damaged"):
            image.load()


@pytest.fixture
def own_codec(copy: Path) -> Iterator[Path]:
    change_spec(copy, name="own-digits")
    yield copy
    registry._known.clear()


def test_files_of_an_own_codec_are_opened_once_it_is_known(
    digit: Image.Image, picture: Image.Image, own_codec: Path
) -> None:
    large, small = saved(picture, codec=own_codec), saved(digit, codec=own_codec)
    image = Image.open(large)
    assert (image.size, image.mode) == (picture.size, "RGB")
    for fails in (image.load, lambda: Image.open(small)):
        with pytest.raises(OSError, match="register_aec_opener"):
            fails()
    codec = aecodec.load_codec(own_codec)
    register_aec_opener(codec, str(own_codec))
    assert image.tobytes() == codec.decompress(large.getvalue()).tobytes()
    assert Image.open(small).tobytes() == codec.decompress(small.getvalue()).tobytes()


def test_few_bytes_with_many_pixels_are_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    codec_id = aecodec.load_codec("photo").spec.codec_id
    image = Image.open(io.BytesIO(pack(Header(codec_id, size=(8000, 8000)), b"")))
    with pytest.raises(OSError, match="may be a decompression bomb"):
        image.load()
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # the file is trusted
    with pytest.raises(OSError, match="damaged"):
        image.load()


def test_frames_are_those_of_decompress_frames(stack: io.BytesIO) -> None:
    image = Image.open(stack)
    assert (image.n_frames, image.is_animated, image.tell()) == (10, True, 0)
    expected = aecodec.decompress_frames(stack.getvalue())
    frames = [np.array(frame) for frame in ImageSequence.Iterator(image)]
    assert np.array_equal(frames, expected)
    for number in (7, 2, 2, 9, 0):
        image.seek(number)
        assert image.tell() == number
        assert np.array_equal(image, expected[number])
        assert np.array_equal(pickle.loads(pickle.dumps(image)), expected[number])
    for number in (-1, 10):
        with pytest.raises(EOFError):
            image.seek(number)
    assert image.tell() == 0


def test_one_frame_or_all_frames_are_saved(
    digit: Image.Image, stack: io.BytesIO, samples: Pixels
) -> None:
    image, restored = Image.open(stack), aecodec.decompress_frames(stack.getvalue())
    image.seek(7)
    assert Image.open(saved(image)).tobytes() == Image.open(saved(image.copy())).tobytes()
    whole = saved(image, save_all=True, level=3).getvalue()
    assert whole == aecodec.compress(restored, level=3)
    assert image.tell() == 7
    appended = saved(digit, save_all=True, append_images=(digit, image)).getvalue()
    pictures = np.concatenate([np.stack([samples[3]] * 2), restored])
    assert appended == aecodec.compress(pictures)


@pytest.mark.parametrize(
    ("options", "same"),
    [
        ({}, {}),
        ({"codec": "photo", "level": 2.5}, {}),
        ({"codec": aecodec.load_codec("photo"), "min_psnr": 24}, {}),
        ({"max_bytes": 40, "metadata": True}, {}),
        ({"lossless": True}, {"max_error": 0}),
    ],
)
def test_the_options_are_those_of_compress(
    digit: Image.Image, options: dict[str, Any], same: dict[str, Any]
) -> None:
    assert saved(digit, **options).getvalue() == aecodec.compress(digit, **(same or options))


@pytest.mark.parametrize(
    ("image", "options", "text"),
    [
        (Image.new("L", (28, 28)), {"level": 1, "max_bytes": 99}, "cannot be combined"),
        (Image.new("L", (28, 28)), {"codec": "none"}, "codec 'none' does not exist"),
        (Image.new("L", (28, 28)), {"exif": None}, "set it in the image"),
        (Image.new("I;16", (28, 28)), {}, "--lossless"),
        (Image.new("RGB", (1, 0)), {}, "each side must have 1 to"),
    ],
)
def test_what_cannot_be_saved_leaves_no_file(
    tmp_path: Path, image: Image.Image, options: dict[str, Any], text: str
) -> None:
    with pytest.raises(OSError, match=re.escape(text)) as caught:
        image.save(tmp_path / "x.aec", **options)
    assert isinstance(caught.value, aecodec.AecodecError)
    assert list(tmp_path.iterdir()) == []


def test_metadata_is_that_of_the_info_of_the_first_picture(picture: Image.Image) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "somebody"
    picture.info |= {
        "exif": exif.tobytes(),
        "xmp": b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><text>a subject</text></x:xmpmeta>',
        "icc_profile": profiles.P3,
    }
    appended = [picture.rotate(90, expand=False)]
    for file in (saved(picture), saved(picture, save_all=True, append_images=appended)):
        image = Image.open(file)
        assert image.info == picture.info
        assert image.getexif()[ExifTags.Base.Artist] == "somebody"


def test_aec_files_are_not_pictures_for_commands(
    tmp_path: Path, digit: Image.Image, command: Command
) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    for name in ("a.aec", "b.png", "._b.png"):
        digit.save(folder / name)
    assert command("compress", folder).status == 0
    assert [path.name for path in Path("scans_aec").iterdir()] == ["b.aec"]
    with pytest.raises(aecodec.ImageError, match=r"already an \.aec file: use decompress"):
        aecodec.compress(folder / "a.aec")
    assert command("decompress", folder).status == 0
    result = command("decompress", folder / "a.aec", "-o", "again.aec")
    assert "cannot write .aec files" in result.err
