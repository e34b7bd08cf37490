"""Frames, codes and latents in and out of the library, threads, and what it says of files."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_double, c_int8, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p
from typing import Any

import numpy as np
import pytest
from helpers.c.beside_python import rejection
from helpers.codecs.golden import GOLDEN, REFINED, codec_of
from helpers.writer import pack, unpack, with_checksum

from aecodec import Codec
from aecodec.arrays import Codes, Pixels
from aecodec.format.container import MetadataKind
from aecodec.imaging.picture import samples_picture
from benchmarks.c_codec import (
    BAD_ARGUMENT,
    BAD_LEVEL,
    BAD_SIZE,
    CODE_RANGE,
    DAMAGED_METADATA,
    TOO_FEW_BYTES,
    CCodec,
    CTarget,
    Image,
    Limits,
    StatusError,
    bounded,
    bundle_of,
    check,
    library,
    threads,
)

FILES = [*sorted(GOLDEN.glob("*.aec")), *sorted(REFINED.glob("*.aec"))]
ANY = Limits(1 << 30, 1 << 24)


class CCodes(ctypes.Structure):
    """`aecodec_codes`."""

    _fields_ = (("codes", POINTER(c_int8)), ("vectors", c_size_t), ("dimension", c_uint32))

    @property
    def array(self) -> Codes:
        return np.ctypeslib.as_array(self.codes, (self.vectors, self.dimension)).astype(np.int16)


class Part(ctypes.Structure):
    """`aecodec_part`."""

    _fields_ = (("at", c_size_t), ("size", c_size_t))


_NUMBERS = (
    *("frames", "mode", "is_grey_as_rgb", "level", "reduction", "has_base", "refinements"),
    *("has_samples", "type", "layout", "bands", "is_big_endian", "has_nodata", "mask_planes"),
    *("has_limits", "has_repetition"),
)


class Info(ctypes.Structure):
    """`aecodec_file_info`."""

    _fields_ = (
        ("version", c_uint32),
        ("id", c_uint8 * 4),
        ("width", c_uint32),
        ("height", c_uint32),
        *((name, c_uint32) for name in _NUMBERS),
        ("nodata", c_double),
        ("limits", c_double * 2 * 32),
        ("repetition", c_uint8 * 32),
        *((name, Part) for name in ("base", "metadata", "alpha", "mask", "payload")),
    )


class CClaim(ctypes.Structure):
    """`aecodec_claim`."""

    _fields_ = (
        *((name, c_uint32) for name in ("width", "height", "frames", "weight")),
        *((name, c_uint64) for name in ("pixels", "work", "memory")),
        *((name, c_uint64) for name in ("max_frames", "max_pixels", "max_work")),
    )


class Decoding:
    """`aecodec_decoding`, begun by a function."""

    def __init__(self, begin: str, *arguments: Any) -> None:
        self.address = c_void_p()
        check(library()[begin](*arguments, byref(self.address)))

    def __del__(self) -> None:
        library().aecodec_decoding_free(self.address)

    def pixels(self, first: int | None = None, frames: int = 1) -> Pixels:
        """Some frames, or all of them."""
        image = Image()
        if first is not None:
            check(library().aecodec_decoding_select(self.address, first, frames))
        check(library().aecodec_decoding_run(self.address, None))
        check(library().aecodec_decoding_finish(self.address, None, byref(image)))
        shape = image.frames, image.height, image.width, image.channels
        pixels = np.ctypeslib.as_array(image.pixels, shape).copy()
        library().aecodec_image_free(byref(image))
        return pixels

    def codes(self) -> Codes:
        codes = CCodes()
        check(library().aecodec_decoding_codes(self.address, None, byref(codes)))
        return codes.array


def decoding(c: CCodec, file: bytes, limits: Limits = ANY) -> Decoding:
    """A decoding of a file, which has to stay."""
    size = c_size_t(len(file))
    return Decoding("aecodec_decoding_begin", c._bundle, file, size, byref(limits), 0)


def reconstruction(c: CCodec, units: int, codes: Codes, size: tuple[int, int, int]) -> Decoding:
    """A decoding of codes, to (frames, height, width)."""
    narrow = np.ascontiguousarray(codes, np.int8)
    given = CCodes(narrow.ctypes.data_as(POINTER(c_int8)), *narrow.shape)
    image = Image(size[2], size[1], 0, size[0])
    arguments = c._bundle, units, byref(image), byref(given), 0
    return Decoding("aecodec_decoding_begin_codes", *arguments)


class Encoding:
    """`aecodec_encoding` of pixels (N, H, W, C), which have to stay."""

    def __init__(self, c: CCodec, pixels: Pixels) -> None:
        frames, height, width, channels = pixels.shape
        self._image = Image(
            width, height, channels, frames, pixels.ctypes.data_as(POINTER(c_uint8))
        )
        self.address = c_void_p()
        arguments = c._bundle, byref(self._image), 2, 0
        check(library().aecodec_encoding_begin(*arguments, byref(self.address)))
        library().aecodec_encoding_latents.restype = POINTER(c_int8)

    def __del__(self) -> None:
        library().aecodec_encoding_free(self.address)

    def run(self) -> None:
        check(library().aecodec_encoding_run(self.address, None))

    def latents(self, channels: int) -> np.ndarray[Any, Any]:
        """The latents (N, channels), which may be changed."""
        vectors = c_size_t()
        latents = library().aecodec_encoding_latents(self.address, byref(vectors))
        return np.ctypeslib.as_array(latents, (vectors.value, channels))

    def file(self, units: int) -> bytes:
        file, size = c_void_p(), c_size_t()
        check(library().aecodec_encoding_file(self.address, units, None, byref(file), byref(size)))
        content = ctypes.string_at(file, size.value)
        library().aecodec_free(file)
        return content

    def codes(self, units: int) -> Codes:
        codes = CCodes()
        check(library().aecodec_encoding_codes(self.address, units, None, byref(codes)))
        array = codes.array
        library().aecodec_free(codes.codes)
        return array


@pytest.fixture(scope="module")
def c_photo(photo: Codec) -> CCodec:
    return CCodec(bundle_of(photo.folder))


@pytest.fixture(scope="module")
def c_digits(codec: Codec) -> CCodec:
    return CCodec(bundle_of(codec.folder))


# ---- threads ----


def test_threads_make_the_same_files_and_pictures(c_photo: CCodec, photograph: Pixels) -> None:
    picture = np.tile(photograph, (7, 7, 1))[None, :2060, :1000]
    for target in (CTarget(40), bounded([[30], [12]], 2), CTarget(0, 20000)):
        crop = picture if target.level == 40 else picture[:, :300, :400]
        file = c_photo.compressed(crop, target)[0]
        assert c_photo.compressed(crop, target, threads())[0] == file
        decoded = c_photo.decompress(file, ANY)
        np.testing.assert_array_equal(c_photo.decompress(file, ANY, threads()), decoded)


def test_threads_report_damage(c_photo: CCodec, photograph: Pixels) -> None:
    file = bytearray(c_photo.compress(np.tile(photograph, (7, 7, 1))[None, :2100, :1000], 1))
    file[-1000] ^= 1
    file = bytearray(with_checksum(bytes(file[:-4])))
    with pytest.raises(StatusError, match="damaged"):
        c_photo.decompress(bytes(file), ANY, threads())


# ---- what is said of files ----


def test_missing_samples_are_counted() -> None:
    data, share = (GOLDEN / "bands.aec").read_bytes(), c_double()
    check(library().aecodec_file_missing(data, c_size_t(len(data)), byref(share)))
    missing = codec_of(data).decoder.decompress_picture(data).missing
    assert missing is not None
    assert share.value == pytest.approx(missing.mean())


# ---- frames and codes ----


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("errors", [None, [[20], [3]]])
def test_frames_are_those_of_the_whole(
    c_photo: CCodec, photograph: Pixels, channels: int, errors: Any
) -> None:
    stack = np.stack([np.roll(photograph[:100, :170], n, 0) for n in range(5)])
    stack = np.concatenate([stack, stack[..., ::-1]], -1)[..., :channels].copy()
    file = c_photo.compressed(stack, errors and bounded(errors, 2))[0]
    whole, opened = c_photo.decompress(file), decoding(c_photo, file)
    for first, frames in ((4, 1), (1, 3), (0, 5), (0, 1)):
        np.testing.assert_array_equal(opened.pixels(first, frames), whole[first : first + frames])
    for first, frames in ((5, 1), (0, 6), (0, 0), (3, 3)):
        with rejection(BAD_ARGUMENT):
            opened.pixels(first, frames)


def test_frames_have_their_own_codes(c_digits: CCodec, digits: Pixels) -> None:
    file = c_digits.compress(digits[:9, ..., None], 2)
    opened, whole = decoding(c_digits, file), decoding(c_digits, file).codes()
    check(library().aecodec_decoding_select(opened.address, 3, 2))
    np.testing.assert_array_equal(opened.codes(), whole[3 * len(whole) // 9 : 5 * len(whole) // 9])


@pytest.mark.parametrize("name", ["photo", "codec"])
def test_codes_become_the_pictures_of_python(
    name: str, photograph: Pixels, request: pytest.FixtureRequest
) -> None:
    codec = request.getfixturevalue(name)
    c = CCodec(bundle_of(codec.folder))
    pixels = np.stack([photograph[:40, :50], photograph[50:90, :50]])[..., : codec.spec.channels]
    codes = codec.encoder.codes(np.ascontiguousarray(pixels), 2)
    expected = codec.decoder.reconstruct(codes, 2, (50, 40))
    np.testing.assert_array_equal(reconstruction(c, 32, codes, (2, 40, 50)).pixels(), expected)
    with rejection(BAD_ARGUMENT):
        reconstruction(c, 32, codes[1:], (2, 40, 50))
    with rejection(BAD_ARGUMENT):
        reconstruction(c, 1000, codes, (2, 40, 50))
    if codec.spec.has_gains:
        with rejection(CODE_RANGE):
            reconstruction(c, 32, np.full_like(codes, -128), (2, 40, 50))


# ---- encodings ----


def test_latents_and_codes_in_and_out(c_photo: CCodec, photo: Codec, photograph: Pixels) -> None:
    pixels = np.ascontiguousarray(photograph[None, :70, :90])
    encoding, other = Encoding(c_photo, pixels), Encoding(c_photo, pixels)
    encoding.run()
    latents = encoding.latents(photo.spec.latent_channels)
    np.testing.assert_array_equal(latents, photo.encoder.latents(pixels).reshape(latents.shape))
    other.latents(photo.spec.latent_channels)[:] = latents
    assert encoding.file(40) == other.file(40) == c_photo.compress(pixels, 2.5)
    np.testing.assert_array_equal(encoding.codes(40), photo.encoder.codes(pixels, 2.5))
    decoded = Decoding("aecodec_encoding_decode", encoding.address, 40, None)
    np.testing.assert_array_equal(decoded.pixels(), c_photo.decompress(encoding.file(40)))
    for units in (1, 1000):
        with rejection(BAD_ARGUMENT):
            encoding.file(units)


def test_metadata_are_stored_as_they_are(c_photo: CCodec, photograph: Pixels) -> None:
    pixels = photograph[None, :20, :30]
    entries = b"\x02\x03abc\x03\x04<x/>"
    file, _ = c_photo.compressed(pixels, metadata=entries)
    assert unpack(file)[0].metadata == {
        MetadataKind.EXIF: b"abc",
        MetadataKind.XMP: b"<x/>",
    }
    assert len(file) == len(c_photo.compress(pixels)) + 1 + len(entries)
    np.testing.assert_array_equal(
        c_photo.decompress(file), c_photo.decompress(c_photo.compress(pixels))
    )
    for damaged in (
        b"\x02",
        b"\x00\x00",
        b"\x02\x00\x02\x00",
        b"\x04\x01a",
        b"\x02\x09abc",
        b"\x07\x00",
    ):
        with rejection(DAMAGED_METADATA):
            c_photo.compressed(pixels, metadata=damaged)


def test_what_a_target_gives(c_photo: CCodec, photograph: Pixels) -> None:
    pixels = photograph[None, :96, :96]
    assert c_photo.compressed(pixels)[1].level == 16 * 4
    file, made = c_photo.compressed(pixels, CTarget(0, 500))
    assert len(file) == made.size <= 500
    with rejection(TOO_FEW_BYTES) as caught:
        c_photo.compressed(pixels, CTarget(0, 8))
    smallest = caught.value.made.size
    assert len(c_photo.compressed(pixels, CTarget(0, smallest))[0]) == smallest
    with rejection(TOO_FEW_BYTES):
        c_photo.compressed(pixels, CTarget(0, smallest - 1))
    file, made = c_photo.compressed(pixels, bounded([[9], [4]], 2))
    error = np.abs(c_photo.decompress(file).astype(int) - pixels).max()
    assert (made.level, made.max_error) == (32, error)
    for target in (CTarget(1), CTarget(32, 100), bounded([[-1]]), bounded([[np.inf]])):
        with rejection(BAD_ARGUMENT):
            c_photo.compressed(pixels, target)


@pytest.mark.parametrize("error", [0, 2, 40])
def test_what_is_said_of_samples_with_errors(error: float) -> None:
    codec = codec_of((GOLDEN / "bands.aec").read_bytes())
    numbers = np.random.default_rng(0).integers(-60, 60, (50, 300, 3)).astype(np.int16)
    picture = samples_picture(numbers, bands=3, nodata=5)
    c, target = CCodec(bundle_of(codec.folder)), bounded([[90], [error]])
    file, made = c.compressed(picture, target)
    assert c.compressed(picture, target, threads())[0] == file
    decoded, known = c.decompress_samples(file).pixels[0], numbers != 5
    assert made.max_error == np.abs(decoded.astype(int) - numbers)[known].max() <= error
    assert made.nodata == np.count_nonzero((decoded == 5) & known)
    assert bool(made.nodata) == bool(error)


# ---- files without base ----


def test_files_without_base_have_a_level_and_few_tiles() -> None:
    data = (REFINED / "digit_lossless.aec").read_bytes()
    c, header = CCodec(bundle_of(codec_of(data).folder)), unpack(data)[0]
    for changed, status in (
        (header._replace(level=16 * 9), BAD_LEVEL),
        (header._replace(size=(1, 1 << 20), frames=64), BAD_SIZE),
    ):
        file = pack(changed, b"")
        with rejection(status):
            c.decompress(file, Limits(1 << 40, 1 << 24))
