"""The decoders agree on any file, and a fault in one of them is found."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aecodec
from aecodec.entropy import coding
from aecodec.entropy.range_coder import PythonDecoder, PythonEncoder, Table
from aecodec.format.container import Header
from fuzz.differential import (
    Attempt,
    DisagreementError,
    Target,
    made_up_target,
    target_of,
    try_one,
)
from tests.helpers.c import library as c_library

MADE_UP = 5
INPUTS = 4000
"""Files within which a fault is found: fewer than a minute's, by far."""

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")


def make_targets(folder: Path) -> list[Target]:
    """A level of `digits`, one of `photo`, and codecs with any tables."""
    digits, photo = (aecodec.load_codec(name).folder for name in ("digits", "photo"))
    rng = np.random.default_rng(1)
    made_up = [made_up_target(folder / str(number), rng) for number in range(MADE_UP)]
    return [target_of(digits, folder / "digits"), target_of(photo, folder / "photo", 1), *made_up]


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> list[Target]:
    return make_targets(tmp_path_factory.mktemp("targets"))


@settings(max_examples=150)
@given(st.integers(0, 2**32))
def test_the_decoders_agree_on_files_of_any_symbols(targets: list[Target], seed: int) -> None:
    rng = random.Random(seed)
    try_one(rng.choice(targets), rng)


@settings(max_examples=150)
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


def find(chosen: Sequence[Target]) -> None:
    """Compare decoders until something is found."""
    rng = random.Random(0)
    for _ in range(INPUTS):
        try_one(rng.choice(chosen), rng)


def without_carry(encoder: PythonEncoder) -> None:
    """`PythonEncoder._carry` that does not go beyond the last word."""
    encoder._low &= (1 << 64) - 1
    encoder._words[-1] = (encoder._words[-1] + 1) & 0xFFFFFFFF


def without_check(decoder: PythonDecoder, table: Table) -> int:
    """`PythonDecoder._decode_one` that takes what is no symbol for the last one."""
    try:
        return decode_one(decoder, table)
    except aecodec.FormatError:
        return len(table.frequencies) - 1


decode_one = PythonDecoder._decode_one


class PythonFault(NamedTuple):
    """A function of Python that is replaced."""

    owner: object
    name: str
    wrong: Callable[..., object]


PYTHON_FAULTS = (
    PythonFault(coding, "_check_escaped", lambda prior, columns: None),
    PythonFault(PythonEncoder, "_carry", without_carry),
    PythonFault(PythonDecoder, "_decode_one", without_check),
)

C_FAULTS = (
    ("was_escaped != is_escaped", "was_escaped < is_escaped"),
    ("value > most || ", "value > most + 9 || "),
    ("c->message[c->written] != byte", "0"),
    ("release_words(c, 1)", "release_words(c, 0)"),
)
"""What `aecodec.c` says, and what it is made to say."""


@pytest.mark.parametrize("fault", PYTHON_FAULTS, ids=lambda fault: fault.name)
def test_a_fault_in_python_is_found(
    targets: list[Target], fault: PythonFault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fault.owner, fault.name, fault.wrong)
    with pytest.raises(DisagreementError, match="disagree"):
        find(targets)


@pytest.mark.parametrize(("right", "wrong"), C_FAULTS)
def test_a_fault_in_c_is_found(
    right: str, wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (c_library.SOURCES / "aecodec.c").read_text("utf-8")
    assert text.count(right) == 1
    (tmp_path / "aecodec.c").write_text(text.replace(right, wrong), "utf-8")
    monkeypatch.setattr(c_library, "SOURCES", tmp_path)
    with c_library._library_folder.__wrapped__() as built:
        monkeypatch.setattr(c_library, "_library_folder", lambda: SimpleNamespace(name=built))
        chosen = make_targets(tmp_path)
    with pytest.raises(DisagreementError, match="disagree"):
        find(chosen)
