"""Samples of bands: files and samples of C are Python's, for all types, masks and limits."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from helpers.codecs.bands_codecs import bands_codec
from hypothesis import given, settings
from hypothesis import strategies as st

from aecodec import Codec, read_header
from aecodec.codec.codec import Codec as AnyCodec
from aecodec.errors import AecodecError, AecodecWarning
from aecodec.format.limits import UNLIMITED
from aecodec.format.samples import SampleType
from aecodec.imaging.picture import Picture, samples_picture
from benchmarks.c_codec import (
    BAD_IMAGE,
    CCodec,
    Limits,
    StatusError,
    bundle_of,
)

LIMITS = {
    "plain": [(0.0, 255.0), (-20.5, 100.0), (0.0, 9000.0)],
    "wide": [(-1e6, 1e6), (-3e4, 3e4), (1e-3, 2e-3)],
}
ANY = Limits(1 << 30, 1 << 24, 0)

Both = tuple[CCodec, Codec]


@pytest.fixture(scope="module", params=[1, 2, 4, 8])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Both]:
    """Codecs with and without limits of files, in C and in Python."""
    folder, codecs = tmp_path_factory.mktemp("bands"), []
    for name, limits in LIMITS.items():
        for own in (False, True):
            path: Path = folder / f"{name}{own}"
            codec = bands_codec(path, limits, request.param, file_limits=own)
            codecs.append((CCodec(bundle_of(codec.folder)), codec))
    return codecs


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
        with pytest.raises(StatusError) as error:
            c.compress_samples(picture)
        assert error.value.status == BAD_IMAGE
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
        return numbers.astype(kind.dtype)
    info: Any = np.iinfo(kind.dtype)
    return numbers.clip(info.min, info.max).astype(kind.dtype)


@settings(max_examples=120, deadline=None)
@given(seed=st.integers(0, 1 << 32), kind=st.sampled_from(SampleType))
def test_c_writes_and_reads_the_files_of_python(
    both: list[Both], seed: int, kind: SampleType
) -> None:
    rng = np.random.default_rng(seed)
    samples, nodata, mask = random_samples(kind, rng), None, None
    for number in range(rng.integers(3)):
        if number:
            nodata = float(samples.flat[0])
        else:
            mask = rng.random(samples.shape if rng.integers(2) else samples.shape[:3]) < 0.6
    if kind.is_float and nodata is None and rng.integers(2):
        samples[rng.random(samples.shape) < 0.3] = np.nan
    array = samples.astype(samples.dtype.newbyteorder(">")) if rng.integers(2) else samples
    picture = samples_picture(array, nodata=nodata, mask=mask, bands=3)
    for c, codec in both:
        check(c, codec, picture)
