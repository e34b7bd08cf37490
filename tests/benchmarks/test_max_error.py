"""Other formats keep maximum errors, and rows add up arrays and copy earlier figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from benchmarks.__main__ import main
from benchmarks.rivals import Array, rivals

pytest.importorskip("imagecodecs")

FORMATS = {"JPEG XL", "JPEG-LS", "JPEG 2000", "SZ3", "LERC", "deflate", "zstd"}
SHAPES = array_shapes(min_dims=4, max_dims=4, min_side=1, max_side=9).map(
    lambda shape: (*shape[:2], shape[2] + 8, shape[3] + 8)
)
INTEGERS = st.sampled_from(["u1", "i1", "u2", "i2"]).map(np.dtype)
FLOATS = st.floats(-1000, 1000, width=32) | st.just(float("nan"))


@settings(max_examples=30)
@given(INTEGERS.flatmap(lambda kind: arrays(kind, SHAPES)), st.sampled_from([0, 1, 4, 200, 300]))
def test_integers_are_within_the_error(samples: Array, error: int) -> None:
    assert _largest_errors(samples, error).keys() == FORMATS
    assert max(_largest_errors(samples, error).values()) <= error


@settings(max_examples=30)
@given(arrays(np.float32, SHAPES, elements=FLOATS), st.sampled_from([0, 0.5, 20]))
def test_floats_are_within_the_error_and_missing_samples_stay(samples: Array, error: float) -> None:
    samples[..., 0, 0] = 7
    errors = _largest_errors(samples, error)
    assert errors.keys() == (FORMATS if error else {"JPEG XL", "LERC", "deflate", "zstd"})
    assert max(errors.values()) <= error


def _largest_errors(samples: Array, error: float) -> dict[str, float]:
    errors: dict[str, float] = {}
    for rival in rivals(samples, error):
        for piece in rival.split(samples):
            decoded = rival.coding.decode(rival.coding.encode(piece), piece.shape)
            assert np.array_equal(np.isnan(decoded), np.isnan(piece))
            difference = np.nan_to_num(np.abs(decoded.astype(float) - piece.astype(float)))
            errors[rival.title] = max(errors.get(rival.title, 0), float(difference.max()))
    return errors


def _rows(tmp_path: Path, *arguments: Path | str) -> list[dict[str, Any]]:
    file = tmp_path / "rows.json"
    assert main(["max_error", *map(str, arguments), "--json", str(file)]) == 0
    rows: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["rows"]
    return rows


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with an RGB picture, and with arrays of two bands and of floats."""
    folder = tmp_path / "data"
    folder.mkdir()
    numbers = np.random.default_rng(0)
    rgb = numbers.integers(0, 256, (40, 50, 3), np.uint8)
    Image.fromarray(rgb).save(folder / "rgb.png")
    bands = numbers.integers(-900, 900, (2, 30, 20)).astype(np.int16)
    field = numbers.normal(size=(30, 20)).astype(np.float32)
    np.savez(folder / "arrays.npz", bands=bands, field=field)
    return folder


def test_each_array_is_a_row_or_rows_add_up_arrays(data: Path, tmp_path: Path) -> None:
    """A percentage is of the range of an array."""
    rows = _rows(tmp_path, data, "--each", "--errors", "0", "5%")
    arrays = [row for row in rows if "pictures" in row]
    titles = ["arrays bands", "arrays field", "rgb"]
    assert [row["pictures"] for row in arrays] == [name for name in titles for _ in range(2)]
    bands, field, rgb = (row["JPEG 2000"]["error"] for row in arrays[1::2])
    assert (bands, rgb) == (89, 12)
    assert 0.2 < field < 0.5
    picture, both, *_ = _rows(tmp_path, f"{data / 'rgb.png'}=4", f"{data / 'arrays.npz'}=1")
    least = min(picture[name]["bytes"] for name in FORMATS & picture.keys())
    assert picture["ratio"] == round(picture["aecodec"]["bytes"] / least, 4)
    assert (picture["aecodec"]["error"], both["samples"]) == (4, 1800)
