"""The codec `photo`, and when it is chosen."""

import io
from typing import Any

import numpy as np
import pytest
from helpers.writer import with_checksum
from PIL import Image

import aecodec
from aecodec import Codec, FormatError, metrics
from aecodec.arrays import Pixels
from aecodec.codec.registry import with_workers
from aecodec.native.headers import part_of, read_info
from aecodec.parallel import Workers


@pytest.mark.parametrize(
    ("mode", "size", "expected"),
    [
        ("L", (28, 28), "digits"),
        ("LA", (28, 28), "digits"),
        ("1", (28, 28), "digits"),
        ("RGB", (28, 28), "digits"),  # of equal channels: it is grey
        ("L", (28, 29), "photo"),
        ("L", (56, 56), "photo"),
        ("RGBA", (1, 1), "photo"),
    ],
)
def test_the_picture_chooses(mode: str, size: tuple[int, int], expected: str) -> None:
    image = Image.new(mode, size, 1 if mode == "1" else None)
    data = aecodec.compress(image)
    assert data[3:7] == aecodec.load_codec(expected).spec.codec_id
    assert aecodec.decompress(data).size == size


@pytest.mark.parametrize(
    "shape",
    [(1, 1, 3), (1, 5000), (5000, 1, 3), (33, 17), (17, 33, 3), (16, 16, 3), (2, 40, 50, 3)],
)
def test_any_size(photo: Codec, photograph: Pixels, shape: tuple[int, ...]) -> None:
    pixels = np.resize(photograph, shape)
    back = photo.decompress_frames(photo.compress(pixels))
    assert back.reshape(shape).shape == shape
    assert (aecodec.decompress_frames(aecodec.compress(pixels)) == back).all()


def test_it_is_smaller_than_jpeg(photo: Codec, photograph: Pixels) -> None:
    theirs = io.BytesIO()
    Image.fromarray(photograph).save(theirs, "JPEG", quality=30, optimize=True)
    quality = metrics.psnr(metrics.mse(photograph, np.asarray(Image.open(theirs))))
    ours = photo.compress(photograph, min_psnr=quality)
    assert len(ours) < 0.8 * len(theirs.getvalue())


@pytest.mark.parametrize(
    ("threads", "options"),
    [(2, {}), (5, {}), (2, {"max_bytes": 20000}), (2, {"level": 2, "max_error": (30, 12)})],
)
def test_neither_threads_nor_windows_change_anything(
    photo: Codec, photograph: Pixels, threads: int, options: dict[str, Any]
) -> None:
    picture = photograph[:300, :400] if options else np.tile(photograph, (3, 4, 1))
    one, several = (with_workers(photo, Workers(count)) for count in (1, threads))
    data = one.compress(picture, **options)
    assert several.compress(picture, **options) == data
    assert (several.decompress_frames(data) == one.decompress_frames(data)).all()


@pytest.mark.parametrize("number", [0, 1])
def test_a_damaged_message_of_a_long_picture_is_refused(
    photo: Codec, photograph: Pixels, number: int
) -> None:
    strip = np.concatenate([photograph[:32, :600]] * 4, axis=1)
    data = photo.compress(strip)
    assert photo.decompress_frames(data)[0].shape == strip.shape
    payload = part_of(data, read_info(data).payload)
    body = bytearray(data[:-4])
    body[-20 if number else len(body) - len(payload) + 20] ^= 1
    with pytest.raises(FormatError):
        photo.decompress(with_checksum(bytes(body)))
