"""Samples of bands: files and samples of C are Python's, for all types, masks and limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers.c.beside_python import rejection
from helpers.codecs.band_codecs import band_codec, half_curved
from helpers.writer import pack, unpack

from aecodec import Codec
from aecodec.imaging.picture import samples_picture
from benchmarks.c_codec import (
    BAD_ARGUMENT,
    DAMAGED_SAMPLES,
    OTHER_KIND,
    TOO_FEW_BYTES,
    CCodec,
    Errors,
    Limits,
    bundle_of,
)

LIMITS = [(0.0, 255.0), (-20.5, 100.0), (0.0, 9000.0)]
ANY = Limits(1 << 30, 1 << 24)

Both = tuple[CCodec, Codec]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """A codec without limits of files, in C and in Python."""
    folder = band_codec(
        tmp_path_factory.mktemp("bands"), LIMITS, 4, transfer=half_curved(LIMITS, 4)
    )
    return CCodec(bundle_of(folder)), Codec(folder)


@pytest.mark.parametrize(
    ("errors", "options", "status"),
    [
        ([[-1]], {}, BAD_ARGUMENT),
        ([[np.nan]], {}, BAD_ARGUMENT),
        ([[np.inf]], {}, BAD_ARGUMENT),
        ([[4], [16]], {}, BAD_ARGUMENT),
        ([[4, 4]], {}, BAD_ARGUMENT),
        ([[1]] * 17, {}, BAD_ARGUMENT),
        ([[1]], {"level": 9}, BAD_ARGUMENT),
        ([[1]], {"is_root": True}, BAD_ARGUMENT),
    ],
)
def test_impossible_errors_are_rejected(
    both: Both, errors: Errors, options: dict[str, Any], status: int
) -> None:
    picture = samples_picture(np.zeros((8, 8, 3), np.float32), bands=3)
    with rejection(status):
        both[0].compress_within_error(picture, errors, **options)


def test_max_bytes_bound_the_file(both: Both) -> None:
    c, _ = both
    numbers = np.random.default_rng(0).integers(0, 90, (8, 8, 3))
    picture = samples_picture(numbers.astype(np.int16), bands=3)
    files = [c.compress_samples(picture, level)[0] for level in (1, 2)]
    assert len(files[0]) < len(files[1])
    for file in files:
        assert c.compress_samples(picture, max_bytes=len(file))[0] == file
    with rejection(TOO_FEW_BYTES):
        c.compress_samples(picture, max_bytes=len(files[0]) - 1)


def test_pictures_and_samples_need_different_codecs(both: Both, digits_in_both: Any) -> None:
    c = both[0]
    picture = samples_picture(np.zeros((8, 8, 3), np.uint8), bands=3)
    file, pixels = c.compress_samples(picture)[0], np.zeros((1, 28, 28, 1), np.uint8)
    digit = digits_in_both.c.compress(pixels)
    for call in (
        lambda: c.compress(pixels),
        lambda: c.decompress(file),
        lambda: digits_in_both.c.compress_samples(picture),
        lambda: digits_in_both.c.decompress_samples(digit),
    ):
        with rejection(OTHER_KIND):
            call()


def test_files_with_limits_need_a_codec_that_allows_them(both: Both) -> None:
    numbers = np.arange(192, dtype=np.uint16).reshape(8, 8, 3)
    file, _ = both[0].compress_samples(samples_picture(numbers, bands=3))
    header, payload = unpack(file)
    assert header.samples
    samples = header.samples._replace(limits=((0, 1),) * 3)
    with rejection(DAMAGED_SAMPLES):
        both[0].decompress_samples(pack(header._replace(samples=samples), payload), ANY)
