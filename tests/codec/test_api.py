"""The public functions: what they take, what they return, what they refuse."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import aecodec
from aecodec import Codec, DecoderCodec, Picture, UsageError
from aecodec.base.arrays import Pixels
from aecodec.data.samples import sample_paths

DIGIT = sample_paths()[3]


class Tensor:
    def __init__(self, array: Pixels) -> None:
        self._array = array

    def __array__(self, dtype: object = None, copy: object = None) -> Pixels:
        return self._array


@pytest.fixture
def digit() -> Pixels:
    return np.asarray(Image.open(DIGIT))


def test_dir_shows_the_public_names_alone() -> None:
    assert dir(aecodec) == sorted(aecodec.__all__)
    assert len(dir(aecodec)) <= 26
    for name in dir(aecodec):
        assert name == "__version__" or getattr(aecodec, name).__doc__


def test_images_may_come_from_anywhere(digit: Pixels) -> None:
    expected = aecodec.compress(Image.open(DIGIT))
    picture = Picture(digit[None, ..., None])
    for image in (digit, Tensor(digit), picture, DIGIT, str(DIGIT), io.BytesIO(DIGIT.read_bytes())):
        assert aecodec.compress(image) == expected


def test_files_may_come_from_anywhere(digit: Pixels, tmp_path: Path) -> None:
    data, path = aecodec.compress(digit), tmp_path / "digit.aec"
    path.write_bytes(data)
    expected = aecodec.decompress(data).tobytes()
    array = np.frombuffer(data, np.uint8)
    for source in (bytearray(data), memoryview(data), array, path, str(path), io.BytesIO(data)):
        assert aecodec.decompress(source).tobytes() == expected
    assert aecodec.read_header(path) == aecodec.read_header(data)


def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(aecodec.ImageError, match=r"nothing\.png"):
        aecodec.compress(tmp_path / "nothing.png")
    for thing in (None, 5):
        with pytest.raises(aecodec.ImageError, match="is not an image"):
            aecodec.compress(thing)
    with pytest.raises(aecodec.FormatError, match=r"nothing\.aec"):
        aecodec.decompress(tmp_path / "nothing.aec")
    for source in (None, 5, np.zeros(3), io.StringIO("text")):
        with pytest.raises(UsageError, match=r"is not an \.aec file"):
            aecodec.decompress(source)


def test_codecs_are_made_of_opened_folders_and_opened_by_name_or_path() -> None:
    for codec in (Codec, DecoderCodec):
        with pytest.raises(UsageError, match="open codecs with"):
            codec("photo")
    for name in (None, 5, b"photo"):
        with pytest.raises(UsageError, match="nor the path of a codec"):
            aecodec.load_codec(name)


def test_a_mask_is_not_dropped_silently(digit: Pixels) -> None:
    assert aecodec.compress(np.ma.masked_array(digit, False)) == aecodec.compress(digit)
    with pytest.raises(aecodec.ImageError, match="has masked samples"):
        aecodec.compress(np.ma.masked_equal(digit, 0))


def test_a_device_without_an_end_is_not_read_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aecodec.codec.sources._MOST_BYTES", 1000)
    with pytest.raises(aecodec.FormatError, match=r"/dev/zero cannot be read: .* sent more"):
        aecodec.decompress("/dev/zero")
