"""Every rule of the format is held by golden files: a decoder that breaks it fails one of them."""

from __future__ import annotations

import mutations
import pytest


def test_an_unbroken_decoder_passes() -> None:
    assert mutations.run(-1) == (False, "nothing")


SOME = range(0, len(mutations.MUTATIONS), 3)
"""A third of them, for time's sake: `python tests/golden/mutations.py` tries all."""


@pytest.mark.slow
@pytest.mark.parametrize("number", SOME, ids=[mutations.MUTATIONS[n].rule for n in SOME])
def test_a_broken_rule_is_noticed(number: int) -> None:
    is_noticed, _ = mutations.run(number)
    assert is_noticed
