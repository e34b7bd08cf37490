"""The codec `photo`, and when it is chosen."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

import aecodec
from aecodec import Codec, metrics
from aecodec.base.arrays import Pixels
from aecodec.base.parallel import Workers
from aecodec.codec.registry import with_workers


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
        ("L", (5000, 1), "photo"),
        ("RGBA", (17, 33), "photo"),
    ],
)
def test_the_picture_chooses(mode: str, size: tuple[int, int], expected: str) -> None:
    image = Image.new(mode, size, 1 if mode == "1" else None)
    data = aecodec.compress(image)
    assert data[3:7] == aecodec.load_codec(expected).spec.codec_id
    assert aecodec.decompress(data).size == size


def test_it_is_smaller_than_jpeg(photo: Codec, photograph: Pixels) -> None:
    jpeg = io.BytesIO()
    Image.fromarray(photograph).save(jpeg, "JPEG", quality=30, optimize=True)
    quality = metrics.psnr(metrics.mse(photograph, np.asarray(Image.open(jpeg))))
    ours = photo.compress(photograph, min_psnr=quality)
    assert len(ours) < 0.8 * len(jpeg.getvalue())


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
