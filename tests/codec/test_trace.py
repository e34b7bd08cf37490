"""The traced vector of the specification: its numbers are those of the decoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trace_of_photo
from trace_of_photo import COLUMN, ROW, Trace

from aecodec.entropy.coding import passes, spatial_context
from aecodec.entropy.slices import SliceTables

FORMAT = Path(__file__).parents[2] / "docs" / "FORMAT.md"


@pytest.fixture(scope="module")
def trace() -> Trace:
    return Trace()


def test_the_specification_shows_it(trace: Trace) -> None:
    assert trace.text() in FORMAT.read_text("utf-8")


def test_the_decoder_uses_the_same_rows_and_offsets(trace: Trace) -> None:
    prior, codes = trace.prior, np.load(trace_of_photo.GOLDEN / "photo.npy")
    last = passes(prior, len(codes), (1, trace.rows, trace.columns))[-1]
    spatial = spatial_context(prior, last, codes)
    state = SliceTables(prior, np.zeros(len(last.members), np.int32), spatial)
    state.update(prior.one_step, codes[last.members].T[prior.order])
    rows, first = state.tables(prior.one_step)
    (vector,) = np.flatnonzero(last.members == ROW * trace.columns + COLUMN)
    for place in range(len(prior.order)):
        traced = trace.traced(place)
        assert traced.row == rows[place, vector]
        assert traced.offset + prior.first == first[place, vector]
