"""Other formats keep maximum errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

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
