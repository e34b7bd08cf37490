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


@settings(max_examples=60)
@given(
    INTEGERS.flatmap(lambda kind: arrays(kind, SHAPES))
    | arrays(np.float32, SHAPES, elements=FLOATS),
    st.sampled_from([0, 0.5, 1, 4, 20, 200, 300]),
)
def test_samples_are_within_the_error_and_missing_ones_stay(samples: Array, error: float) -> None:
    is_float, titles = samples.dtype.kind == "f", set()
    error, samples[..., 0, 0] = error if is_float else int(error), 7
    for rival in rivals(samples, error):
        titles.add(rival.title)
        for piece in rival.split(samples):
            decoded = rival.coding.decode(rival.coding.encode(piece), piece.shape)
            assert np.array_equal(np.isnan(decoded), np.isnan(piece))
            assert np.nan_to_num(np.abs(decoded.astype(float) - piece)).max() <= error
    exact = {"JPEG XL", "LERC", "deflate", "zstd"}
    assert titles == (exact if is_float and not error else FORMATS)
