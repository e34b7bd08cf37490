"""The reference decoder and the library decode files of the adaptive coder to the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers.codecs.golden import GOLDEN, REFINED
from helpers.real_data import load_photograph
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.codec_file import Codec
from reference.codecs import codecs
from reference.test_random import changed, check_array, check_equal

import aecodec
from aecodec.codec_files.codec_file import pack_codec, primer_section
from aecodec.codec_files.folder import CodecFolder

TYPES = "u1", "i1", "u2", "i2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"
BOUNDS = 0, 0, 1, 2, 20, [20, 3, 0], "by band"


@pytest.fixture(scope="module")
def samples() -> tuple[aecodec.Codec, Codec]:
    """The codec `samples`, which needs no codec file, and any codec of the reference."""
    return aecodec.load_codec("samples"), next(iter(codecs().values()))


@st.composite
def scenes(draw: st.DrawFn) -> Any:
    """Samples (frames, bands, height, width) that are smooth, noisy, repeated, few or extreme."""
    frames, bands = draw(st.sampled_from([1, 1, 2])), draw(st.integers(1, 6))
    most = 40 if draw(st.integers(0, 9)) == 0 else 9
    height, width = draw(st.integers(1, most)), draw(st.integers(1, most))
    shape, dtype = (frames, bands, height, width), np.dtype(draw(st.sampled_from(TYPES)))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sigma = draw(st.sampled_from([0, 0.3, 3, 40, 1e4, 1e9]))
    smooth = (
        60 + 20 * np.sin(np.add(*np.indices(shape)[2:]) / 5) + 9 * np.arange(bands)[:, None, None]
    )
    scene = smooth + random.normal(0, sigma, shape)
    kind = draw(st.sampled_from(["as it is", "few", "colours", "repeated", "extreme"]))
    if kind == "few":
        scene = random.choice(random.integers(-200, 200, (3,)), shape) + random.choice(
            [0, 0, 1], shape
        )
    elif kind == "colours":
        colours = random.integers(0, 120, (3, bands, 1))
        places = random.integers(0, 3, (frames, height * width))
        scene = np.moveaxis(colours[places], 1, 3).reshape(shape)
    elif kind == "repeated":
        scene = scene.repeat(2, axis=2).repeat(3, axis=3)[:, :, :height, :width]
    info: Any = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    least, greatest = max(float(info.min), -(2.0**31)), min(float(info.max), 2.0**31 - 1024)
    if kind == "extreme":
        scene = random.choice([least, greatest, 0, 5], shape)
    return np.clip(scene, least, greatest).astype(dtype)


def masked(draw: Any, scene: Any) -> Any:
    """A scene of which some samples may be missing."""
    share = draw(st.sampled_from([0, 0, 0, 0.1, 0.6, 1]))
    missing = np.random.default_rng(0).random(scene.shape) < share
    return np.ma.masked_array(scene, missing) if missing.any() else scene


def check_scene(draw: st.DataObject, scene: Any, bound: Any, samples: Any) -> None:
    if bound == "by band":
        bound = {str(band + 1): (0, 4, 20)[band % 3] for band in range(scene.shape[1])}
    options = {"max_error": bound, "band_axis": 1}
    check_array(samples, draw, masked(draw.draw, scene), options)


@given(st.data(), scenes(), st.sampled_from(BOUNDS))
def test_scenes(samples: Any, draw: st.DataObject, scene: Any, bound: Any) -> None:
    check_scene(draw, scene, bound, samples)


@pytest.fixture(scope="module")
def primed(tmp_path_factory: pytest.TempPathFactory) -> tuple[aecodec.Codec, Codec]:
    """A codec with a primer of two pictures."""
    folder = CodecFolder.open(GOLDEN / "codecs" / "grid.aecodec")
    pictures = load_photograph()[:12, :8].reshape(2, 6, 8, 3)
    path = tmp_path_factory.mktemp("primed") / "primed.aecodec"
    sections = [*folder.sections, primer_section(pictures)]
    path.write_bytes(pack_codec(folder.spec, folder.rdoq, sections))
    return aecodec.load_codec(path), Codec(path.read_bytes())


@settings(max_examples=12)
@given(st.data(), scenes(), st.sampled_from(BOUNDS[:5]))
def test_scenes_after_a_primer(primed: Any, draw: st.DataObject, scene: Any, bound: Any) -> None:
    picture = np.clip(scene[0, [0, 0, -1]], 0, 255).astype(np.uint8).transpose(1, 2, 0)
    data = primed[0].compress(picture, max_error=bound)
    check_equal(data, primed)
    check_equal(changed(draw.draw, data), primed)


@pytest.mark.slow
@settings(max_examples=1000)
@given(st.data(), scenes(), st.sampled_from(BOUNDS))
def test_many_scenes(samples: Any, draw: st.DataObject, scene: Any, bound: Any) -> None:
    check_scene(draw, scene, bound, samples)


@settings(max_examples=12)
@given(st.data(), st.sampled_from(["palette", "table", "table_of_steps", "fixed"]))
def test_choices_that_are_damaged(samples: Any, draw: st.DataObject, kind: str) -> None:
    data = (REFINED / f"samples_{kind}.aec").read_bytes()
    check_equal(changed(draw.draw, data), samples)
