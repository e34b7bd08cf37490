"""TIFF files are counted before they are decoded, and read in blocks of rows."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aecodec.errors import Notes
from aecodec.format.samples import SampleType
from aecodec.image_files.options import ReadOptions
from aecodec.image_files.tiff import TiffRows

tifffile = pytest.importorskip("tifffile")

STORED = st.fixed_dictionaries(
    {
        "planarconfig": st.sampled_from(["contig", "separate"]),
        "compression": st.sampled_from([None, "zlib", "lzw", "zstd", "packbits"]),
        "predictor": st.booleans(),
    },
    optional={"tile": st.sampled_from([(16, 16), (32, 16)]), "rowsperstrip": st.integers(1, 9)},
)


@settings(deadline=None)
@given(
    st.sampled_from([kind.dtype for kind in SampleType]),
    st.tuples(*map(st.integers, (1, 1, 1, 1), (3, 40, 40, 4))),
    STORED,
    st.sampled_from("<>"),
    st.booleans(),
    st.integers(1, 40),
)
def test_blocks_of_rows_are_the_samples(
    dtype: str,
    shape: tuple[int, ...],
    options: dict[str, Any],
    byte_order: str,
    is_big: bool,
    step: int,
) -> None:
    """Rows have the samples that tifffile wrote, for all types, strips, tiles and compressions."""
    frames = np.random.default_rng(0).integers(0, 100, shape).astype(dtype)
    is_first = options["planarconfig"] == "separate" and shape[3] > 1
    options["predictor"] &= options["compression"] is not None and dtype[-2:] != "64"
    options["planarconfig"] = options["planarconfig"] if shape[3] > 1 else None
    content = io.BytesIO()
    with tifffile.TiffWriter(content, byteorder=byte_order, bigtiff=is_big) as writer:
        for frame in frames:
            page = (
                np.moveaxis(frame, -1, 0) if is_first else frame if shape[3] > 1 else frame[..., 0]
            )
            writer.write(page, photometric="minisblack", metadata=None, **options)
    rows = TiffRows(content, ReadOptions(), Notes())
    assert (rows.shape, rows.dtype) == (shape, np.dtype(dtype))
    blocks = [rows.rows(start, start + step)[0] for start in range(0, shape[1], step)]
    assert np.array_equal(np.concatenate(blocks, axis=1), frames)
