"""What the library answers to arguments and limits that its binding never gives it."""

from __future__ import annotations

from ctypes import byref
from typing import Any

import numpy as np
import pytest
from helpers.c.calls import compress, decompress, target_of
from helpers.codecs.band_codecs import band_codec
from helpers.codecs.golden import REFINED, codec_of
from helpers.writer import pack, unpack

from aecodec import Codec, FormatError, UsageError
from aecodec.base.arrays import Pixels
from aecodec.imaging.array_pictures import samples_picture
from aecodec.native import structures
from aecodec.native.codec import NativeCodec
from aecodec.native.library import LIBRARY
from aecodec.native.reading import Decoding
from aecodec.native.structures import BAD_ARGUMENT, OK, Limits
from aecodec.native.writing import image_of, samples_of

UNLIMITED = Limits(1 << 40, 1 << 24)


@pytest.fixture(scope="module")
def bands(tmp_path_factory: pytest.TempPathFactory) -> NativeCodec:
    """A codec with three bands."""
    limits = [(0.0, 255.0), (-20.5, 100.0), (0.0, 9000.0)]
    return band_codec(tmp_path_factory.mktemp("bands"), limits, 4).native


def samples(numbers: Any, nodata: float | None = None) -> structures.Samples:
    """Samples (H, W, 3)."""
    return samples_of(samples_picture(numbers, bands=3, nodata=nodata))


@pytest.mark.parametrize(
    ("shape", "target", "status"),
    [
        ((1, 28, 28, 5), target_of(1), structures.BAD_IMAGE),
        ((1, 0, 28, 1), target_of(1), structures.BAD_IMAGE),
        *(((1, 28, 28, 1), target_of(level), BAD_ARGUMENT) for level in (4, 1.5, 0.5, 1 / 16)),
        ((1, 28, 28, 1), target_of(2, 100), BAD_ARGUMENT),
        ((1, 28, 28, 1), target_of(errors=[[-1]]), BAD_ARGUMENT),
        ((1, 28, 28, 1), target_of(errors=[[np.inf]]), BAD_ARGUMENT),
        ((1, 28, 28, 1), target_of(max_bytes=8), structures.TOO_FEW_BYTES),
    ],
)
def test_what_no_file_holds_is_refused(
    codec: Codec, shape: tuple[int, ...], target: structures.Target, status: int
) -> None:
    assert compress(codec.folder.native, image_of(np.zeros(shape, np.uint8)), target)[0] == status


@pytest.mark.parametrize(
    ("errors", "options"),
    [
        ([[np.nan]], {}),
        ([[4], [16]], {}),
        ([[4, 4]], {}),
        ([[1]] * 17, {}),
        ([[1]], {"level": 9}),
        ([[1]], {"is_root": True}),
    ],
)
def test_impossible_errors_are_refused(bands: NativeCodec, errors: Any, options: Any) -> None:
    target = target_of(errors=errors, **options)
    original = samples(np.zeros((8, 8, 3), np.float32))
    assert compress(bands, original, target)[0] == BAD_ARGUMENT


def test_pictures_and_samples_need_different_codecs(bands: NativeCodec, codec: Codec) -> None:
    pictures, decoded = codec.folder.native, byref(structures.Samples())
    image = image_of(np.zeros((1, 28, 28, 1), np.uint8))
    numbers = samples(np.zeros((8, 8, 3), "i2"))
    files = compress(pictures, image)[1], compress(bands, numbers)[1]
    read = LIBRARY.aecodec_decompress_samples
    assert {
        compress(bands, image)[0],
        compress(pictures, numbers)[0],
        decompress(bands, files[1])[0],
        read(pictures.handle, files[0], len(files[0]), None, None, decoded),
    } == {structures.OTHER_KIND}


@pytest.mark.parametrize(
    "entries",
    [b"\x02", b"\0\0", b"\x02\0\x02\0", b"\x04\x01a", b"\x02\x09abc", b"\x07\0", b"\x02\x03abc"],
)
def test_only_sound_metadata_are_stored(photo: Codec, entries: bytes) -> None:
    original = image_of(np.zeros((1, 20, 30, 3), np.uint8), metadata=entries)
    status, file, _ = compress(photo.folder.native, original)
    assert (entries in file) == (entries == b"\x02\x03abc")
    assert status == (OK if file else structures.DAMAGED_METADATA)


def test_files_without_base_have_a_level_and_few_tiles() -> None:
    data = (REFINED / "digit_lossless.aec").read_bytes()
    codec, header = codec_of(data).folder.native, unpack(data)[0]
    for changed, status in (
        (header._replace(level=16 * 9), structures.BAD_LEVEL),
        (header._replace(size=(1, 1 << 20), frames=64), structures.BAD_SIZE),
    ):
        assert decompress(codec, pack(changed, b""), UNLIMITED)[0] == status


@pytest.mark.parametrize("name", ["photo", "codec"])
def test_codes_that_are_none_are_refused(
    name: str, photograph: Pixels, request: pytest.FixtureRequest
) -> None:
    codec: Codec = request.getfixturevalue(name)
    native = codec.folder.native
    pixels = np.stack([photograph[:40, :50], photograph[50:90, :50]])[..., : codec.spec.channels]
    codes = codec.encoder.codes(np.ascontiguousarray(pixels), 2)
    decoded = codec.decompress_frames(codec.compress(pixels, level=2)).reshape(pixels.shape)
    np.testing.assert_array_equal(codec.decoder.reconstruct(codes, 2, (50, 40)), decoded)
    for level, wrong in ((32, codes[1:]), (1000, codes)):
        with pytest.raises(UsageError):
            Decoding.of_codes(native, level, wrong, (2, 40, 50))
    if codec.spec.has_gains:
        with pytest.raises(FormatError):
            Decoding.of_codes(native, 32, np.full_like(codes, -128), (2, 40, 50))
