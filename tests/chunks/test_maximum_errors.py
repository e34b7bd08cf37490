"""Arrays of Zarr within a maximum error."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aecodec
from aecodec import AecodecWarning, FormatError
from aecodec.format.arrays import SampleType

zarr = pytest.importorskip("zarr", reason="Zarr 3 needs Python 3.11")
from aecodec.zarr import Aecodec  # noqa: E402 - which imports zarr


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"max_error": 3}, 3),
        ({"max_error": {"1": "10%"}}, 2),
        ({"max_error": [9, 0], "level": 1}, 0),
        ({"max_error": ["1sqrt", 0]}, 0),
    ],
)
def test_chunks_within_a_maximum_error(options: dict[str, Any], error: int) -> None:
    stated = {"name": "aecodec", "configuration": {"codec": "digits", **options}}
    codec = Aecodec.from_dict(stated).chunk_codec
    chunk = np.arange(20, dtype=np.uint8).reshape(4, 5)
    chunk[2, 2] = 21
    warning = pytest.warns(AecodecWarning, match="write whole chunks, or use a number")
    with warning if "%" in str(options) else nullcontext():
        data = codec.encode(chunk, 0)
    restored = codec.decode_to(data, chunk.shape, chunk.dtype)
    assert np.abs(restored.astype(int) - chunk).max() <= error
    trimmed = aecodec.trim(aecodec.compress(chunk, "digits", level=1, max_error=[90, 0]), 90)
    for file in (trimmed, aecodec.compress(chunk, "digits")):
        with pytest.raises(FormatError, match=r"must guarantee .*: the file was trimmed"):
            codec.decode_to(file, chunk.shape, chunk.dtype)


@pytest.mark.filterwarnings("ignore:a chunk is stored without loss:aecodec.AecodecWarning")
@pytest.mark.parametrize("error", [1, 4, 7.5, 100])
@given(
    dtype=st.sampled_from(SampleType),
    power=st.integers(0, 24),
    seed=st.integers(0, 99),
    fill_value=st.sampled_from([0, 7]),
)
@settings(max_examples=10)
def test_parts_that_are_written_again_keep_their_bound(
    error: float, dtype: SampleType, power: int, seed: int, fill_value: int
) -> None:
    """Rows are replaced one after the other, by larger samples; signed integers need no nodata."""
    name = "digits" if dtype == SampleType.UINT8 and seed % 2 else None
    is_stated = fill_value or dtype.dtype in ("int8", "int16", "int32")
    codec = Aecodec(name, 1 if name else None, max_error=error, nodata=None if is_stated else False)
    number = np.random.default_rng(seed)
    sizes = np.linspace(0, power, 9)[:, None]
    samples = number.normal(0, 2, (9, 40)) * 2**sizes
    kind = np.dtype(dtype.dtype)
    limits = np.finfo(kind) if kind.kind == "f" else np.iinfo(kind)
    samples = np.clip(samples, float(limits.min), min(float(limits.max), 2.0**62)).astype(kind)
    options: dict[str, Any] = {"shape": samples.shape, "chunks": samples.shape, "dtype": kind}
    options |= {"serializer": codec, "compressors": None, "fill_value": fill_value}
    array = zarr.create_array({}, **options)
    for row in range(9):
        array[row] = samples[row]
    for _ in range(2):
        chunk = array[...]
        np.testing.assert_allclose(chunk.astype(float), samples.astype(float), 0, error)
        array[...] = chunk
