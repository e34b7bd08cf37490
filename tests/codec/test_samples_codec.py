"""The codec `samples`: arrays and pictures of all kinds, within any maximum error."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from helpers.arrays import Array, arrays, check_errors
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import aecodec
from aecodec import CodecError, Target, UsageError
from aecodec.base.arrays import Pixels
from aecodec.codec.registry import codec_with_id, load_codec
from aecodec.format.arrays import Layout, SampleType

ARRAYS = arrays(SampleType, st.lists(st.integers(1, 8), min_size=2, max_size=4).map(tuple))


def restored(data: bytes, array: Array) -> Array:
    """The array in a file; pictures of pixels lack a last axis of length 1."""
    return aecodec.decompress_array(data).reshape(array.shape)


@given(array=ARRAYS, error=st.sampled_from([1e-3, 0.5, 1, 7, 600, "1%", (20, 3)]))
def test_arrays_stay_within_the_maximum_error(array: Array, error: Any) -> None:
    last = error[-1] if isinstance(error, tuple) else error
    check_errors(array, restored(aecodec.compress(array, max_error=error), array), last)


@given(ARRAYS, st.sampled_from([1, 2**40]), st.integers(0, 2**62))
def test_arrays_are_lossless_if_32_bits_tell_their_samples_apart(
    array: Array, factor: int, offset: int
) -> None:
    """Otherwise the message has the smallest error."""
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8:
        array = array * array.dtype.type(factor) + array.dtype.type(offset)
    least = 0.0
    try:
        data = aecodec.compress(array, max_error=0)
    except UsageError as error:
        assert array.dtype.itemsize == 8
        least = float(str(error).rpartition(" ")[2])
        data = aecodec.compress(array, max_error=least)
    check_errors(array, restored(data, array), least)


@pytest.mark.parametrize("numbers", [[1.5, 2.25, 1e6], [1.7e9 + 0.125, 1.7e9], [-0.0, 0.0], [-0.1]])
def test_doubles_that_are_multiples_of_a_power_of_2_are_lossless(numbers: list[float]) -> None:
    array = np.array([numbers])
    assert restored(aecodec.compress(array, max_error=0), array).tolist() == [numbers]


@pytest.mark.parametrize(
    ("shape", "dtype", "layout"),
    [
        ((6, 50, 40), "int16", Layout.BHW),
        ((50, 40, 6), "int16", Layout.HWB),
        ((300, 28, 28), "int16", Layout.FHW),
        ((2, 6, 50, 40), "float32", Layout.FBHW),
        ((2, 50, 40, 6), "float32", Layout.FHWB),
        ((64, 64, 13), "uint8", Layout.HWB),
        ((3, 64, 70), "uint8", Layout.BHW),
        ((9, 28, 28), "uint8", None),
        ((28, 28, 4), "uint8", None),
    ],
)
def test_the_axis_of_the_bands_is_the_shortest(
    shape: tuple[int, ...], dtype: str, layout: Layout | None
) -> None:
    array = np.zeros(shape, dtype)
    array[..., -1] = 255 if layout is None else 1
    data = aecodec.compress(array, max_error=0)
    header = aecodec.read_header(data)
    assert (header.samples and header.samples.layout) == layout
    assert np.array_equal(aecodec.decompress_array(data), array)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "1", "I;16", "I", "F"])
def test_images_of_every_mode_are_lossless(photograph: Pixels, mode: str) -> None:
    image = Image.fromarray(photograph[:90, :70]).convert("L" if mode[0] in "IF" else mode)
    if mode[0] in "IF":
        levels = np.asarray(image) * (0.5 if mode == "F" else 200)
        image = Image.fromarray(levels.astype({"I": "i4", "F": "f4"}.get(mode, "u2")))
    data = aecodec.compress(image, max_error=0)
    plain = image.convert({"P": "RGB", "1": "L"}.get(mode, mode))
    assert aecodec.load_codec("samples").spec.codec_id == aecodec.read_header(data).codec_id
    assert np.array_equal(aecodec.decompress_array(data), np.asarray(plain))
    if mode[0] not in "IF":
        assert aecodec.decompress(data).mode == plain.mode


def test_it_is_found_by_its_name_and_its_id() -> None:
    codec = load_codec("samples")
    assert codec_with_id(b"SAMP").spec is codec.spec
    assert repr(codec) == "Codec('samples', id 53414d50, without levels)"
    assert pickle.loads(pickle.dumps(codec)).spec.codec_id == b"SAMP"
    with pytest.raises(CodecError, match="has no file"):
        _ = codec.folder.content


@pytest.mark.parametrize("target", [{"level": 1}, {"max_bytes": 99}, {"min_psnr": 30}])
def test_it_has_no_levels(target: dict[str, Any]) -> None:
    digit = np.eye(28, dtype=np.uint8)
    with pytest.raises(UsageError, match="codec samples has no levels"):
        aecodec.compress(digit, "samples", **target)
    assert np.array_equal(aecodec.decompress_array(aecodec.compress(digit, "samples")), digit)
    assert load_codec("samples").compress_picture(digit, Target(max_error=4)).level is None
