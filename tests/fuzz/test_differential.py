"""The decoders agree on any file."""

from __future__ import annotations

import random
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aecodec
from aecodec.format.container import Header
from fuzz.differential import (
    Attempt,
    Target,
    made_up_target,
    target_of,
    try_one,
)

MADE_UP = 3

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> list[Target]:
    """A level of `digits`, one of `photo`, and codecs with any tables."""
    folder, rng = tmp_path_factory.mktemp("targets"), np.random.default_rng(1)
    digits, photo = (aecodec.load_codec(name).folder for name in ("digits", "photo"))
    made_up = [made_up_target(folder / str(number), rng) for number in range(MADE_UP)]
    return [target_of(digits, folder / "digits"), target_of(photo, folder / "photo", 1), *made_up]


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_the_decoders_agree_on_files_of_any_symbols(targets: list[Target], seed: int) -> None:
    rng = random.Random(seed)
    try_one(rng.choice(targets), rng)


@settings(max_examples=60)
@given(st.binary(max_size=70), st.integers(0, 1 + MADE_UP))
def test_the_decoders_agree_on_any_payload(
    targets: list[Target], payload: bytes, number: int
) -> None:
    target = targets[number]
    size = (9, 7) if target.folder.spec.receptive_field else None
    units = target.library.tables.level_index
    level = None if units == 16 * target.folder.spec.default_level else units
    header = Header(target.folder.spec.codec_id, size=size, level=level)
    Attempt(target, header, payload).check()
