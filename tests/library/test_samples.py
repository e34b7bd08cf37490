"""Samples of bands: files and samples of C are Python's, for all types, masks and limits."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from helpers.c.beside_python import rejection
from helpers.codecs.band_codecs import band_codec, half_curved

from aecodec import Codec, read_header
from aecodec.codec.codec import Codec as AnyCodec
from aecodec.codec.target import Target
from aecodec.errors import AecodecError, AecodecWarning
from aecodec.format import container
from aecodec.format.limits import UNLIMITED
from aecodec.format.samples import SampleType
from aecodec.imaging.picture import Picture, samples_picture
from benchmarks.c_codec import (
    BAD_ARGUMENT,
    BAD_IMAGE,
    DAMAGED_SAMPLES,
    OTHER_KIND,
    TOO_FEW_BYTES,
    CCodec,
    Errors,
    Limits,
    StatusError,
    bundle_of,
)

LIMITS = {
    "plain": [(0.0, 255.0), (-20.5, 100.0), (0.0, 9000.0)],
    "wide": [(-1e6, 1e6), (-3e4, 3e4), (1e-3, 2e-3)],
}
ANY = Limits(1 << 30, 1 << 24)

Both = tuple[CCodec, Codec]


def opened(path: Path, limits: str, phases: int, *, file_limits: bool) -> Both:
    transfer = half_curved(LIMITS[limits], phases)
    folder = band_codec(path, LIMITS[limits], phases, file_limits=file_limits, transfer=transfer)
    codec = Codec(folder)
    return CCodec(bundle_of(codec.folder)), codec


@pytest.fixture(scope="module", params=[1, 2, 4, 8])
def all_of_phases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> list[Both]:
    """Codecs with and without limits of files, in C and in Python."""
    folder = tmp_path_factory.mktemp("bands")
    return [
        opened(folder / f"{name}{own}", name, request.param, file_limits=own)
        for name in LIMITS
        for own in (False, True)
    ]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """A codec without limits of files, in C and in Python."""
    return opened(tmp_path_factory.mktemp("bands") / "one", "plain", 4, file_limits=False)


def python_file(codec: AnyCodec, picture: Picture) -> tuple[bytes, bool]:
    """Python's file, and whether samples were clipped."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", AecodecWarning)
        encoded = codec.encoder.encode(picture, codec.encoder.header(picture, False))
    return encoded.to_bytes(None), bool(caught)


def without_mask(file: bytes) -> tuple[Any, bytes]:
    """A header without the bytes of its mask, which C deflates in another way, and the payload."""
    samples = read_header(file).samples
    return samples and (samples.pack()[: -len(samples.mask) or None]), file[-12:-4]


def check(c: CCodec, codec: Codec, picture: Picture) -> None:
    """Check that C and Python write the same file, or both reject the samples, and read it."""
    try:
        expected, is_clipped = python_file(codec, picture)
    except AecodecError:
        with rejection(BAD_IMAGE):
            c.compress_samples(picture)
        return
    file, clipped = c.compress_samples(picture)
    assert any(clipped) == is_clipped
    if picture.missing is None:
        assert file == expected
    assert without_mask(file) == without_mask(expected)
    for made in (file, expected):
        decoded, other = (
            c.decompress_samples(made, ANY),
            codec.decoder.decompress_picture(made, UNLIMITED),
        )
        assert decoded.pixels.dtype == other.pixels.dtype
        np.testing.assert_array_equal(decoded.pixels, other.pixels)
        assert (decoded.missing is None) == (other.missing is None)
        assert decoded.missing is None or (decoded.missing == other.missing).all()
        assert decoded.layout == other.layout
        np.testing.assert_equal(decoded.nodata, other.nodata)
        assert decoded.is_big_endian == other.is_big_endian


def random_samples(kind: SampleType, rng: np.random.Generator) -> npt.NDArray[Any]:
    """(F, H, W, 3) samples, of which some lie outside of all limits, and some repeat."""
    shape = (int(rng.integers(1, 3)), *rng.integers(1, 40, 2).tolist(), 3)
    numbers = rng.normal(rng.choice([0, 100]), rng.choice([3, 200, 20000]), shape)
    if rng.integers(3) == 0:
        numbers = np.repeat(np.repeat(numbers, 3, axis=1), 3, axis=2)[:, 1:, 2:]
    if not numbers.size:
        numbers = np.zeros((1, 1, 1, 3))
    if kind.is_float:
        return numbers.clip(-60000, 60000).astype(kind.dtype)
    info: Any = np.iinfo(kind.dtype)
    return numbers.clip(info.min, info.max).astype(kind.dtype)


def random_picture(kind: SampleType, rng: np.random.Generator) -> Picture:
    """Random samples, of which some may be missing."""
    samples, nodata, mask = random_samples(kind, rng), None, None
    for number in range(rng.integers(3)):
        if number:
            nodata = float(samples.flat[0])
        else:
            mask = rng.random(samples.shape if rng.integers(2) else samples.shape[:3]) < 0.6
    if kind.is_float and nodata is None and rng.integers(2):
        samples[rng.random(samples.shape) < 0.3] = np.nan
    array = samples.astype(samples.dtype.newbyteorder(">")) if rng.integers(2) else samples
    return samples_picture(array, nodata=nodata, mask=mask, bands=3)


@pytest.mark.parametrize("kind", SampleType)
def test_c_writes_and_reads_the_files_of_python(
    all_of_phases: list[Both], kind: SampleType
) -> None:
    bands = all_of_phases[0][1].spec.bands
    assert bands
    rng = np.random.default_rng([kind, bands.phases])
    for _ in range(2):
        picture = random_picture(kind, rng)
        for c, codec in all_of_phases:
            check(c, codec, picture)


def within_errors(
    both: Both, picture: Picture, errors: Errors, level: float | None, *, is_root: bool = False
) -> None:
    """Check that C and Python write the same file within errors, and read it."""
    c, codec = both
    texts = [[f"{e}sqrt" if is_root and e else e for e in row] for row in errors]
    assert codec.spec.bands
    names = codec.spec.bands.names
    targets = [dict(zip(names, row, strict=True)) if len(row) > 1 else row[0] for row in texts]
    file = c.compress_within_error(picture, errors, level or 0, is_root=is_root)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AecodecWarning)
        target = Target(level, max_error=targets)
        expected = codec.compress_picture(picture, target, metadata=False).data
    if picture.missing is None:
        assert file == expected
    decoded = c.decompress_samples(file, ANY).pixels
    np.testing.assert_array_equal(decoded, codec.decoder.decompress_picture(file, UNLIMITED).pixels)
    (made, payload), (other, other_payload) = container.unpack(file), container.unpack(expected)
    assert (payload, made.refinements) == (other_payload, other.refinements)
    original = picture.pixels.astype(np.float64)
    bounds = np.sqrt(np.abs(original)) * errors[-1] if is_root else np.array(errors[-1])
    assert ((np.abs(decoded - original) <= bounds) | picture.is_missing).all()


@pytest.mark.parametrize("kind", SampleType)
def test_c_writes_the_files_of_python_within_errors(
    all_of_phases: list[Both], kind: SampleType
) -> None:
    bands = all_of_phases[0][1].spec.bands
    assert bands
    rng = np.random.default_rng([kind, bands.phases])
    has_roots = np.dtype(kind.dtype).itemsize < 3 and not kind.is_float
    for both in all_of_phases[kind % 2 :: 2]:
        try:
            both[0].compress_samples(picture := random_picture(kind, rng))
        except StatusError:
            continue
        error = float(rng.choice([0.3, 4, 90.5, 1e7]))
        within_errors(both, picture, [[error], [0]], None)
        within_errors(both, picture, [[error, 2 * error, 0], [0, error, 0]], 2)
        if has_roots:
            within_errors(both, picture, [[3.7], [0.4], [0]], 1, is_root=True)
            within_errors(both, picture, [[1, 0.4, 1]], None, is_root=True)


@pytest.mark.parametrize("kind", [SampleType.INT16, SampleType.FLOAT32])
@pytest.mark.parametrize("has_nodata", [False, True])
def test_levels_are_compared_on_the_parts_of_python(
    all_of_phases: list[Both], kind: SampleType, has_nodata: bool
) -> None:
    x = np.linspace(0, 900, 3 * 9 * 770).reshape(1, 9, 770, 3)
    numbers = np.repeat(np.sin(x) * 90, 2, axis=2)[:, :, :770].astype(kind.dtype)
    picture = samples_picture(
        numbers, nodata=float(numbers[0, 0, 9, 0]) if has_nodata else None, bands=3
    )
    within_errors(all_of_phases[kind % 2], picture, [[9]], None)


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


@pytest.mark.parametrize("kind", [SampleType.INT16, SampleType.FLOAT16])
def test_large_pictures_are_looked_up(both: Both, kind: SampleType) -> None:
    numbers = np.random.default_rng(0).normal(0, 3000, (1, 270, 250, 3))
    c, codec = both
    check(c, codec, samples_picture(numbers.astype(kind.dtype), bands=3))


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
    header, payload = container.unpack(file)
    assert header.samples
    samples = header.samples._replace(limits=((0, 1),) * 3)
    with rejection(DAMAGED_SAMPLES):
        both[0].decompress_samples(container.pack(header._replace(samples=samples), payload), ANY)
