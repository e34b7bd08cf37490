"""Chunks by way of HDF5's filters."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aecodec import AecodecError, samples
from aecodec.format.samples import SampleType
from aecodec.hdf5 import PLUGIN_FOLDER, options

PIXELS = np.arange(1200, dtype=np.uint16).reshape(30, 40) ** 2 % 999
OPTIONS = options("u2", (30, 40))
NODATA = [(kind, {"nodata": n}) for kind, n in (("u1", -1), ("u1", np.nan), ("i8", 2**53 + 1))]
SIDES = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=5)


def new_file() -> Any:
    """A file without HDF5's cache of chunks, from which reading would not decode them."""
    return h5py.File("memory", "w", driver="core", backing_store=False, rdcc_nbytes=0)


def check_unreadable(chunk: bytes, **changes: Any) -> None:
    with new_file() as file:
        stored = file.create_dataset("x", (30, 40), **OPTIONS | changes)
        stored.id.write_direct_chunk((0, 0), chunk)
        with pytest.raises(OSError, match="filter returned failure"):
            stored[:]


@settings(max_examples=20, deadline=None)
@example([(2, 2), (5, 3), (8, 4)], SampleType.INT16, 0)  # bands before rows
@given(SIDES, st.sampled_from(SampleType), st.sampled_from([0, 0.5, 3]))
def test_no_element_differs_by_more(sides: Any, kind: SampleType, error: float) -> None:
    error = error or 0.25 * (kind == SampleType.FLOAT64)
    shape, chunks = tuple(map(max, sides)), tuple(map(min, sides))
    array = np.random.default_rng(0).integers(0, 100, shape).astype(kind.dtype)
    array.flat[0] = np.nan if kind.is_float else 100
    chosen = options(kind.dtype, chunks, max_error=error, nodata=None if kind.is_float else 7)
    with new_file() as file:
        saved = file.create_dataset("x", data=array, **chosen)
        assert saved.id.get_chunk_info(0).filter_mask == 0  # the filter did not fail
        np.testing.assert_allclose(saved[:].astype(float), array.astype(float), 0, error)
        assert kind.is_float or (saved[:][array == 7] == 7).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0), st.integers(1, 255), st.integers(0))
def test_a_damaged_chunk_is_an_error(place: int, change: int, length: int) -> None:
    chunk = bytearray(samples.encode(PIXELS))
    chunk[place % len(chunk)] ^= change
    check_unreadable(bytes(chunk))
    check_unreadable(samples.encode(PIXELS)[: 1 + length % (len(chunk) - 1)])


def test_a_chunk_of_another_data_set_is_an_error() -> None:
    for array in (PIXELS.T, PIXELS.astype("i2"), PIXELS[:, :9], PIXELS.reshape(2, 15, 40)):
        check_unreadable(samples.encode(array))
    check_unreadable(samples.encode(PIXELS, max_error=1))  # the array is lossless
    for place, value in ((0, 2), (1, 11), (2, 1), (3, 1), (4, 0), (6, 1 << 31), (7, 257)):
        values = dict(enumerate(OPTIONS["compression_opts"])) | {place: value}
        check_unreadable(samples.encode(PIXELS), compression_opts=tuple(values.values()))


def test_a_reader_needs_only_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", data=PIXELS, **OPTIONS)
    program = "import h5py, sys; print(h5py.File('x.h5')['x'][:].sum(), 'aecodec' in sys.modules)"
    monkeypatch.setenv("HDF5_PLUGIN_PATH", PLUGIN_FOLDER)
    output = subprocess.check_output([sys.executable, "-c", program], cwd=tmp_path, text=True)
    assert output == f"{PIXELS.sum()} False\n"


def test_what_cannot_be_stored() -> None:
    for kind, keywords in (
        ("f8", {"max_error": 0}),
        ("i2", {"max_error": "5%"}),
        ("c8", {}),
        *NODATA,
    ):
        with pytest.raises(AecodecError, match="give"):
            options(kind, (3, 4), **keywords)
    with new_file() as file:
        stored = file.create_dataset("x", data=[[np.inf]], **options("f4", (1, 1)))
        assert (stored.id.get_chunk_info(0).filter_mask, stored[0, 0]) == (1, np.inf)
