"""`Image.open` of `.aec` files: header, damage, and decompression bombs."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from helpers.images import saved
from helpers.writer import pack, with_checksum
from PIL import Image, ImageFile, UnidentifiedImageError

import aecodec
from aecodec.format.container import MAGIC, Header
from aecodec.pillow import AecImageFile, register_aec_opener


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_size_and_mode_come_back(picture: Image.Image, mode: str) -> None:
    file = saved(picture.convert(mode))
    image = Image.open(file)
    assert (image.mode, image.size, image.format) == (mode, picture.size, "AEC")
    assert (image.n_frames, image.is_animated, image.info) == (1, False, {})
    assert image.get_format_mimetype() == "image/x-aec"
    assert image.tobytes() == aecodec.decompress(file.getvalue()).tobytes()


def test_files_of_every_kind_are_opened(digit: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "digit.aec"
    digit.save(path)
    expected = aecodec.decompress(path).tobytes()
    with path.open("rb") as file:
        for source in (path, str(path), file, io.BytesIO(path.read_bytes())):
            image = Image.open(source)
            assert image.fp is not None
            assert image.tobytes() == expected
            assert image.fp is None
        assert not file.closed


def test_a_file_is_parsed_as_it_arrives(digit: Image.Image) -> None:
    file, parser = saved(digit), ImageFile.Parser()
    while part := file.read(7):
        assert parser.image is None
        parser.feed(part)
    image = parser.close()
    assert image.tobytes() == aecodec.decompress(file.getvalue()).tobytes()


@pytest.mark.parametrize("use", ["load", "verify"])
def test_a_file_of_pillow_is_closed_once_it_is_used(
    digit: Image.Image, tmp_path: Path, use: str
) -> None:
    digit.save(tmp_path / "digit.aec")
    image = Image.open(tmp_path / "digit.aec")
    file = image.fp
    assert file is not None
    getattr(image, use)()
    assert file.closed


@pytest.mark.parametrize(
    "content", [b"", b"\xae", MAGIC, b"AEC\1", bytes(20), MAGIC[::-1] + b"\1" + bytes(20)]
)
def test_other_files_are_left_to_other_plugins(content: bytes) -> None:
    with pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(content))
    with pytest.raises(SyntaxError, match=r"not an \.aec file"):
        AecImageFile(io.BytesIO(content))


@pytest.mark.parametrize("is_accepted_by_pillow", [False, True])
def test_a_truncated_file_is_refused(
    digit: Image.Image, is_accepted_by_pillow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LOAD_TRUNCATED_IMAGES makes no picture of half a file either."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", is_accepted_by_pillow)
    file = saved(digit).getvalue()
    for size in range(3, len(file)):
        with pytest.raises(OSError, match="damaged") as caught:
            Image.open(io.BytesIO(file[:size]))
        assert isinstance(caught.value, aecodec.FormatError)


def test_damage_behind_a_right_checksum_is_found_when_it_is_loaded_or_verified(
    digit: Image.Image,
) -> None:
    damaged = with_checksum(saved(digit).getvalue()[:-4] + bytes(50))
    image = Image.open(io.BytesIO(damaged))
    for _ in range(2):
        with pytest.raises(aecodec.FormatError) as caught:
            image.load()
        assert isinstance(caught.value, OSError)
    with pytest.raises(OSError, match="damaged"):
        Image.open(io.BytesIO(damaged)).verify()


def test_a_codec_that_is_not_known_is_named_when_it_is_needed(
    digit: Image.Image, picture: Image.Image, own_codec: Path
) -> None:
    large, small = saved(picture, codec=own_codec), saved(digit, codec=own_codec)
    image = Image.open(large)
    assert (image.size, image.mode) == (picture.size, "RGB")
    for fails in (image.load, image.verify, lambda: Image.open(small)):
        with pytest.raises(aecodec.CodecError, match="register_aec_opener") as caught:
            fails()
        assert isinstance(caught.value, OSError)


def test_files_of_a_codec_of_ones_own_are_opened_once_it_is_known(
    digit: Image.Image, picture: Image.Image, own_codec: Path
) -> None:
    codec = aecodec.load_codec(own_codec)
    for image in (digit, picture):
        file = saved(image, codec=codec)
        register_aec_opener(codec)
        expected = codec.decompress(file.getvalue()).tobytes()
        assert Image.open(file).tobytes() == expected
    register_aec_opener(own_codec, str(own_codec))
    with pytest.raises(aecodec.CodecError):
        register_aec_opener("no-codec")


Bomb, Suspect = Image.DecompressionBombError, Image.DecompressionBombWarning


def stack_of(count: int) -> io.BytesIO:
    """A file of pictures of 28x28 pixels."""
    return io.BytesIO(aecodec.compress(np.zeros((count, 28, 28), np.uint8), level=1))


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> int:
    """Pillow warns above 3 pictures of 28x28 pixels, and refuses more than 6."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 3 * 28 * 28)
    return 3 * 28 * 28


def test_a_picture_is_measured_by_pillow(limit: int, picture: Image.Image) -> None:
    wide = saved(picture.resize((limit // 4 + 1, 4)))
    with pytest.warns(Suspect, match="exceeds limit of 2352 pixels") as caught:
        Image.open(wide).load()
    assert len(caught) == 1
    with pytest.raises(Bomb, match="exceeds limit of 4704 pixels"):
        Image.open(saved(picture.resize((limit // 2 + 1, 4))))


def test_all_pictures_of_a_stack_count(limit: int) -> None:
    with pytest.warns(Suspect, match="4 pictures of 28x28 pixels in a file of") as caught:
        Image.open(stack_of(4)).load()
    assert len(caught) == 1
    with pytest.raises(Bomb, match=r"7 pictures of 28x28 pixels .*MAX_IMAGE_PIXELS"):
        Image.open(stack_of(7))


def test_a_few_bytes_that_claim_much_are_suspect() -> None:
    """What `aecodec.decompress` refuses: Pillow's limit alone would let it pass."""
    codec_id = aecodec.load_codec("photo").spec.codec_id
    bomb = pack(Header(codec_id, size=(8000, 8000)), b"")
    with pytest.warns(Suspect, match="8000x8000 pixels in a file of"):
        Image.open(io.BytesIO(bomb))
    with pytest.raises(aecodec.LimitError):
        aecodec.decompress(bomb)


def test_many_small_pictures_are_no_bomb() -> None:
    image = Image.open(stack_of(3000))
    image.seek(2999)
    image.load()
    with pytest.raises(aecodec.LimitError):
        aecodec.decompress_frames(stack_of(3000), max_frames=1000)
