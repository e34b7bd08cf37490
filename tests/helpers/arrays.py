"""Random arrays of any type, and the errors of arrays that come back from files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from aecodec.format.arrays import SampleType

Array = npt.NDArray[Any]


@st.composite
def arrays(draw: st.DrawFn, types: Iterable[SampleType], shapes: st.SearchStrategy[Any]) -> Array:
    dtype = np.dtype(draw(st.sampled_from(list(types))).dtype)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape, range_ = draw(shapes), np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    spread = draw(st.sampled_from([1, 30, 3000])) * rng.standard_normal(shape) + 100
    values = np.clip(spread, float(range_.min), min(float(range_.max), 1e6)).astype(dtype)
    if dtype.itemsize < 8:
        ends = [0, range_.min, range_.max, 7, min(1020, range_.max)]
        is_end = rng.random(shape) < draw(st.sampled_from([0, 0.1, 1]))
        values[is_end] = np.array(ends, dtype)[rng.integers(0, 5, shape)][is_end]
    holes = rng.random(shape) < draw(st.sampled_from([0, 0.3, 1]))
    values = values.astype(dtype.newbyteorder(draw(st.sampled_from("<>"))))
    if dtype.kind == "f":
        values[holes] = np.nan
    return values if dtype.kind == "f" else np.ma.MaskedArray(values, holes)


def known(array: Array) -> Array:
    return np.asarray(np.ma.masked_invalid(array).compressed())


def allowed(error: Any, samples: Array) -> Any:
    """A maximum error, such as 2, "0.7%" or "0.5sqrt", in units of each sample."""
    text = str(error)
    if text.endswith("%"):
        return float(text[:-1]) * float(np.ptp(samples) if samples.size else 0) / 100
    return float(text[:-4]) * abs(samples) ** 0.5 if text.endswith("sqrt") else float(error)


def check_errors(original: Array, restored: Array, error: Any) -> None:
    """Check that only the same samples are missing, and that no other exceeds a maximum error."""
    assert (restored.shape, restored.dtype.str) == (original.shape, original.dtype.str)
    masks = [np.ma.getmaskarray(np.ma.masked_invalid(array)) for array in (original, restored)]
    assert np.array_equal(*masks)
    samples, decoded = (known(array).astype(np.longdouble) for array in (original, restored))
    assert np.all(abs(samples - decoded) <= allowed(error, samples))
