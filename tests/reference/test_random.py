"""The reference decoder and the library decode random files to the same."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.codecs.band_codecs import band_codec
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import codec_file
from reference.codecs import codecs
from reference.decoder import decode

import aecodec
from aecodec.base.errors import AecodecError

Pair = tuple[aecodec.Codec, codec_file.Codec]
"""A codec in the library and in the reference."""

TYPES = "u1", "i1", "u2", "i2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"
BOUNDS = 0, 0, 1, 2, 20, [20, 3, 0], "by band"
LIMITS = [(-100.0, 900.0), (0.0, 50.5), (-3.0, 4.0)]


@cache
def opened(path: Path) -> Pair:
    return aecodec.load_codec(path), codec_file.Codec(path.read_bytes())


def check(pair: Pair, array: Any, **options: Any) -> None:
    """Check that both decode the file of an array to the same codes and samples."""
    library, reference = pair
    try:
        data = library.compress(array, **options)
    except AecodecError:  # the type cannot have the limits, or such errors
        return
    picture, samples = decode(data, reference), np.ma.getdata(library.decompress_array(data))
    if picture.codes is not None:
        assert (picture.codes == library.decoder.codes(data)).all()
    if picture.header.samples:
        samples = in_order(samples, picture.header.samples.layout)
    expected = picture.pixels.reshape(samples.shape)
    assert np.array_equal(samples, expected, equal_nan=samples.dtype.kind == "f")


def in_order(samples: Any, layout: str) -> Any:
    """Samples (F, H, W, B) of an array with some of these axes in any order."""
    axes = "".join(axis for axis in "FHWB" if axis not in layout) + layout
    samples = samples.reshape((1,) * (4 - samples.ndim) + samples.shape)
    return samples.transpose([axes.index(axis) for axis in "FHWB"])


@st.composite
def scenes(draw: st.DrawFn, most_bands: int = 6) -> Any:
    """Samples (frames, bands, height, width) that are smooth, noisy, repeated, few or extreme."""
    frames, bands = draw(st.sampled_from([1, 1, 2])), draw(st.integers(1, most_bands))
    height, width = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    shape, dtype = (frames, bands, height, width), np.dtype(draw(st.sampled_from(TYPES)))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    waves = np.sin(np.add(*np.indices(shape)[2:]) / 5)
    smooth = 60 + 20 * waves + 9 * np.arange(bands)[:, None, None]
    scene = smooth + random.normal(0, draw(st.sampled_from([0, 0.3, 3, 40, 1e4, 1e9])), shape)
    kind = draw(st.sampled_from(["as it is", "few", "colours", "repeated", "extreme"]))
    info: Any = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    least, greatest = max(float(info.min), -(2.0**31)), min(float(info.max), 2.0**31 - 1024)
    if kind == "few":
        values = random.integers(-200, 200, 3)
        scene = random.choice(values, shape) + random.choice([0, 0, 1], shape)
    elif kind == "colours":
        colours = random.integers(0, 120, (3, bands, 1))
        places = random.integers(0, 3, (frames, height * width))
        scene = np.moveaxis(colours[places], 1, 3).reshape(shape)
    elif kind == "repeated":
        scene = scene.repeat(2, axis=2).repeat(3, axis=3)[:, :, :height, :width]
    elif kind == "extreme":
        scene = random.choice([least, greatest, 0, 5], shape)
    scene = np.clip(scene, least, greatest).astype(dtype)
    missing = random.random(shape) < draw(st.sampled_from([0, 0, 0, 0.1, 0.6, 1]))
    return np.ma.masked_array(scene, missing) if missing.any() else scene


@given(scenes(), st.sampled_from(BOUNDS))
def test_scenes(scene: Any, bound: Any) -> None:
    if bound == "by band":
        bound = {str(band + 1): (0, 4, 20)[band % 3] for band in range(scene.shape[1])}
    pair = aecodec.load_codec("samples"), next(iter(codecs().values()))
    check(pair, scene, max_error=bound, band_axis=1)


@pytest.fixture(scope="module")
def bands(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A codec with three bands whose files may have limits."""
    folder = tmp_path_factory.mktemp("bands")
    band_codec(folder, LIMITS, phases=4, file_limits=True)
    return opened(next(folder.glob("*.aecodec")))


errors = st.sampled_from([None, None, 0, 3, "0.5sqrt"])


@pytest.mark.filterwarnings("ignore::aecodec.AecodecWarning")  # of samples beyond the limits
@settings(max_examples=20)
@given(scenes(3), st.sampled_from([1, 2]), errors, st.sampled_from([None, 0, 2, 41, 127]))
def test_bands(bands: Pair, scene: Any, level: int, error: Any, nodata: Any) -> None:
    three = scene[:, [0, 0, -1]]
    check(bands, three, level=level, max_error=error, nodata=nodata, band_axis=1)


@settings(max_examples=10)
@given(scenes(4), st.integers(1, 3), errors)
def test_pictures(scene: Any, level: int, error: Any) -> None:
    pixels = np.clip(np.ma.getdata(scene), 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)
    path = Path(aecodec.__file__).parent / "data" / "codecs" / "digits" / "digits.aecodec"
    check(opened(path), pixels, level=level, max_error=error)


@settings(max_examples=10)
@given(st.tuples(st.integers(1, 2), st.integers(1, 3)), st.integers(8, 64), st.integers(0, 999))
def test_flat_areas(shape: tuple[int, int], side: int, seed: int) -> None:
    """Codes that repeat those of their neighbours, up to edges and borders."""
    areas = np.random.default_rng(seed).choice([20, 90, 200], (*shape, 1)).repeat(3, 2)
    path = Path(aecodec.__file__).parent / "data" / "codecs" / "photo" / "photo.aecodec"
    check(opened(path), areas.astype(np.uint8).repeat(side, 0).repeat(side, 1), level=1 + seed % 8)
