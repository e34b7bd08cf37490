"""Decompression bombs: Pillow's limit counts for whole files, and no other one refuses them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from helpers.images import saved
from PIL import Image

import aecodec
from aecodec.format import container

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


def bomb(frames: int = 1, size: tuple[int, int] | None = None) -> io.BytesIO:
    """A few bytes that claim many pixels; they hold no picture."""
    codec_id = aecodec.load_codec("photo").spec.codec_id
    header = container.Header(codec_id, size=size or (28, 28), frames=frames)
    return io.BytesIO(container.pack(header, b""))


def test_a_few_bytes_that_claim_much_are_suspect() -> None:
    """What `aecodec.decompress` refuses: Pillow's limit alone would let it pass."""
    with pytest.warns(Suspect, match="8000x8000 pixels in a file of"):
        Image.open(bomb(size=(8000, 8000)))
    with pytest.raises(aecodec.LimitError):
        aecodec.decompress(bomb(size=(8000, 8000)))


def test_many_small_pictures_are_no_bomb() -> None:
    image = Image.open(stack_of(3000))
    image.seek(2999)
    image.load()
    with pytest.raises(aecodec.LimitError):
        aecodec.decompress_frames(stack_of(3000), max_frames=1000)
