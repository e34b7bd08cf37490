"""The reference decoder and the library decode random files to the same, and reject the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.codecs.band_codecs import band_codec
from helpers.real_data import load_photograph
from helpers.writer import with_checksum
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference import codec_file
from reference.container import Reader, Rejected, from_bare
from reference.decoder import decode

import aecodec
from aecodec.errors import AecodecError, LimitError
from aecodec.format.binary import block

LIMITS = [(-100.0, 900.0), (0.0, 50.5), (-3.0, 4.0)]


@cache
def opened(path: Path) -> tuple[aecodec.Codec, codec_file.Codec]:
    """A codec in the library and in the reference."""
    return aecodec.load_codec(path), codec_file.Codec(path.read_bytes())


@cache
def built_in(name: str) -> tuple[aecodec.Codec, codec_file.Codec]:
    return opened(Path(aecodec.__file__).parent / "data" / "codecs" / name / f"{name}.aecodec")


@pytest.fixture(scope="session")
def bands(tmp_path_factory: pytest.TempPathFactory) -> tuple[aecodec.Codec, codec_file.Codec]:
    """A codec with three bands whose files may have limits."""
    folder = tmp_path_factory.mktemp("bands")
    band_codec(folder, LIMITS, phases=4, file_limits=True)
    return opened(next(folder.glob("*.aecodec")))


def check_equal(data: bytes, pair: tuple[aecodec.Codec, codec_file.Codec]) -> None:
    """Check that both decoders reject a file, or decode it to the same codes and samples."""
    library, reference = pair
    try:
        array = library.decompress_array(data)
    except LimitError:
        assume(False)
    except AecodecError:
        with pytest.raises(Rejected):
            decode(data, reference)
        return
    picture = decode(data, reference)
    if picture.codes is not None:
        assert (picture.codes == library.decoder.codes(data)).all()
    samples = np.ma.getdata(array)
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
def pictures(draw: st.DrawFn, side: int = 16) -> Any:
    """Smooth, flat or noisy pixels with 1 to 4 channels, and possibly frames."""
    frames, channels = draw(st.sampled_from([(), (), (2,)])), draw(st.integers(1, 4))
    shape = *frames, draw(st.integers(1, side)), draw(st.integers(1, side)), channels
    random = np.random.default_rng(draw(st.integers(0, 99)))
    noise = random.normal(0, draw(st.sampled_from([0, 3, 60])), shape)
    places = sum(np.indices(shape)[-3:-1]) * draw(st.sampled_from([0.0, 2.5]))
    pixels = np.clip(noise + places + draw(st.integers(0, 255)), 0, 255).astype(np.uint8)
    return pixels[..., 0] if channels == 1 and not frames else pixels


@st.composite
def arrays(draw: st.DrawFn) -> Any:
    """Samples of three bands of any type, some of which may be missing."""
    dtype = draw(st.sampled_from(["u1", "i1", "u2", "i2", "i4", "f2", "f4", ">i2", ">f4"]))
    shape = *draw(st.sampled_from([(), (2,)])), draw(st.integers(1, 9)), draw(st.integers(1, 9)), 3
    random = np.random.default_rng(draw(st.integers(0, 99)))
    low, high = draw(st.sampled_from([(0, 3), (0, 49), (0, 120)]))
    samples = random.uniform(low, high, shape).astype(dtype)
    if draw(st.booleans()):
        samples = samples.repeat(3, axis=-3).repeat(3, axis=-2)[..., 1:, :, :]
    missing = random.random(samples.shape) < draw(st.sampled_from([0, 0, 0.2, 1]))
    return np.ma.masked_array(samples, missing) if missing.any() else samples


def changed(draw: Callable[[Any], Any], data: bytes) -> bytes:
    """A file in which a byte is changed, or that is cut, with right checksums."""
    if data[2] == 1:
        return with_checksum(damaged(draw, data[:-4]))
    reader, parts = Reader(data[3:]), list[bytes]()
    while reader.rest:
        parts.append(reader.block())
        reader.take(4 if len(parts) > 1 else 0)
    number = draw(st.integers(0, len(parts) - 1))
    change = damaged if number or data[2] == 3 else changed
    parts[number] = change(draw, parts[number])
    joined = data[:3] + block(parts[0])
    for part in parts[1:]:
        joined = with_checksum(joined + block(part))
    return joined


def damaged(draw: Callable[[Any], Any], content: bytes) -> bytes:
    at = draw(st.integers(0, len(content) - 1))
    changed_byte = bytes([content[at] ^ draw(st.integers(1, 255))])
    return content[:at] + (changed_byte + content[at + 1 :] if draw(st.integers(0, 4)) else b"")


errors = st.sampled_from([None, None, 0, 3, "0.5sqrt"])


def check_changes(draw: st.DataObject, data: bytes, pair: Any, changes: int = 1) -> None:
    """Check that both decoders agree on a file, and on the same file with changed bytes."""
    check_equal(data, pair)
    for _ in range(changes):
        check_equal(changed(draw.draw, data), pair)


@settings(max_examples=10)
@given(st.data(), pictures(), st.integers(1, 3), errors)
def test_pictures(draw: st.DataObject, pixels: Any, level: int, error: Any) -> None:
    pair = built_in("digits")
    check_changes(draw, pair[0].compress(pixels, level=level, max_error=error), pair)


def check_array(
    pair: Any, draw: st.DataObject, array: Any, options: dict[str, Any], changes: int = 1
) -> None:
    try:
        data = pair[0].compress(array, **options)
    except AecodecError:  # the type cannot have the limits, or such errors
        return
    check_changes(draw, data, pair, changes)


options = st.fixed_dictionaries(
    {
        "level": st.sampled_from([None, 1, 2]),
        "max_error": errors,
        "nodata": st.sampled_from([None, 0, 2, 41, 127]),
    }
)


@settings(max_examples=20)
@given(st.data(), arrays(), options)
def test_samples(bands: Any, draw: st.DataObject, array: Any, options: Any) -> None:
    check_array(bands, draw, array, options)


@given(st.binary(max_size=40), st.booleans())
def test_bare_payloads(payload: bytes, has_checksum: bool) -> None:
    library, reference = built_in("digits")
    try:
        data = library.from_bare(payload, checksum=has_checksum)
    except AecodecError:
        assume(has_checksum or not payload)
        return
    assert from_bare(payload, reference.identity[:4], has_checksum) == data


PHOTOS = [
    *((level, None, 64) for level in (1, 1.5, 2.4375, 3, 4.5, 5.75, 7, 8)),
    (2.5, 4, 48),
    (None, 0, 40),
]


@pytest.mark.slow
@pytest.mark.parametrize(("level", "error", "side"), PHOTOS)
def test_photographs(level: float | None, error: int | None, side: int) -> None:
    pair, photograph = built_in("photo"), load_photograph()
    start = round(16 * (level or 0))
    pixels = photograph[start : start + side, 3 * start : 3 * start + side - 5]
    check_equal(pair[0].compress(pixels, level=level, max_error=error), pair)
    check_equal(pair[0].compress(pixels[..., :1], level=level, max_error=error), pair)


@pytest.mark.slow
@settings(max_examples=100)
@given(st.data(), pictures(64), st.integers(1, 3), errors)
def test_many_pictures(draw: st.DataObject, pixels: Any, level: int, error: Any) -> None:
    pair = built_in("digits")
    check_changes(draw, pair[0].compress(pixels, level=level, max_error=error), pair, 3)


@pytest.mark.slow
@settings(max_examples=200)
@given(st.data(), arrays(), options)
def test_many_samples(bands: Any, draw: st.DataObject, array: Any, options: Any) -> None:
    check_array(bands, draw, array, options, 3)
