"""Files and pixels of C are Python's, bit by bit."""

from __future__ import annotations

import time
import zlib

import numpy as np
import pytest
from helpers.c.beside_python import Both, rejection
from helpers.writer import pack, unpack

from aecodec import Codec
from aecodec.arrays import Pixels
from benchmarks.c_codec import BAD_ARGUMENT, BAD_IMAGE


def coloured(digits: Pixels) -> Pixels:
    """(1, 45, 50, 3) of a digit, in colours, no multiple of a tile."""
    tiled = np.tile(digits[0], (2, 2))[:45, :50]
    return np.stack([tiled, tiled // 2, 255 - tiled], axis=-1)[None]


def check(both: Both, pixels: Pixels, level: float | None) -> None:
    """Check both directions."""
    file = both.file(pixels, level)
    assert both.c.compress(pixels, level or 0) == file
    assert np.array_equal(both.c.decompress(file), both.pixels(file))


@pytest.mark.parametrize("level", [None, 1, 2, 3])
def test_digits(digits_in_both: Both, digits: Pixels, level: float | None) -> None:
    for digit in digits[:25]:
        check(digits_in_both, digit[None, ..., None], level)


@pytest.mark.parametrize("level", [1, 3])
def test_frames_colours_and_tiles_of_digits(
    digits_in_both: Both, digits: Pixels, level: float
) -> None:
    check(digits_in_both, digits[:7, ..., None], level)
    check(digits_in_both, coloured(digits), level)
    check(digits_in_both, digits[:1, :1, :1, None], level)


@pytest.mark.slow
def test_more_vectors_than_a_pass_takes(digits_in_both: Both, digits: Pixels, codec: Codec) -> None:
    many = np.resize(digits, (16400, 28, 28, 1))
    file = digits_in_both.c.compress(many, 1)
    codes = codec.decoder.codes(file)
    for number in (0, 16383, 16384, 16399):
        alone = digits_in_both.c.compress(many[number : number + 1], 1)
        assert (codec.decoder.codes(alone) == codes[number]).all()
    assert digits_in_both.c.decompress(file).shape == many.shape


@pytest.mark.parametrize("level", [None, 1, 2.5, 4.0625, 8])
def test_photographs(photo_in_both: Both, photograph: Pixels, level: float | None) -> None:
    check(photo_in_both, photograph[None, 100:165, 200:283], level)


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_is_kept(photo_in_both: Both, photograph: Pixels, channels: int) -> None:
    crop = photograph[None, 100:140, 200:240]
    alpha = np.arange(crop[..., :1].size, dtype=np.uint8).reshape(crop[..., :1].shape) // 3 * 5
    pixels = np.concatenate([crop[..., : channels - 1], alpha], axis=-1)
    file = photo_in_both.c.compress(pixels, 4)
    again = photo_in_both.c.decompress(photo_in_both.file(pixels, 4))
    assert np.array_equal(photo_in_both.pixels(file), again)
    assert np.array_equal(again[..., -1:], alpha)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 300, 5000])
def test_any_alpha_is_deflated_and_inflated(digits_in_both: Both, size: int) -> None:
    random = np.random.default_rng(size)
    for alphabet in (1, 2, 256):
        alpha = random.integers(alphabet, size=(1, 28, 28 + size // 28, 1), dtype=np.uint8)
        file = digits_in_both.c.compress(np.concatenate([alpha, alpha], axis=-1), 1)
        for decoded in (digits_in_both.c.decompress(file), digits_in_both.pixels(file)):
            assert np.array_equal(decoded[..., -1:], alpha)


def test_empty_blocks_of_alpha_cost_little(digits_in_both: Both) -> None:
    """The fixed codes are made once, not for each block, of which 10 bits make one."""
    pixels = np.zeros((1, 28, 28, 2), np.uint8)
    file = digits_in_both.c.compress(pixels, 2)
    header, payload = unpack(file)
    blocks = bytes.fromhex("0208208000") * 100_000  # 4 in 5 bytes
    end = zlib.compress(bytes(784), 0)[2:]
    forged = pack(header._replace(alpha=b"\x78\x01" + blocks + end), payload)
    seconds = []
    for decode in (zlib.decompress, digits_in_both.c.decompress):
        start = time.process_time()
        decode(forged if seconds else b"\x78\x01" + blocks + end)
        seconds.append(time.process_time() - start)
    assert seconds[1] < 25 * seconds[0] + 0.02


def test_compressing_refuses_what_no_file_holds(digits_in_both: Both, digits: Pixels) -> None:
    digit = digits[:1, ..., None]
    for pixels, level, status in (
        (np.zeros((1, 28, 28, 5), np.uint8), 1, BAD_IMAGE),
        (np.zeros((1, 0, 28, 1), np.uint8), 1, BAD_IMAGE),
        (digit, 4, BAD_ARGUMENT),
        (digit, 1.5, BAD_ARGUMENT),
        (digit, 0.5, BAD_ARGUMENT),
    ):
        with rejection(status):
            digits_in_both.c.compress(pixels, level)
