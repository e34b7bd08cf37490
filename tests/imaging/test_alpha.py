"""Alpha planes come back without loss, and damaged ones are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from aecodec.arrays import Pixels
from aecodec.errors import FormatError
from aecodec.imaging.alpha import pack_alpha, unpack_alpha


@given(hnp.arrays(np.uint8, st.tuples(*[st.integers(1, 6)] * 3)))
def test_alpha_is_lossless(alpha: Pixels) -> None:
    assert (unpack_alpha(pack_alpha(alpha), alpha.shape) == alpha).all()


def test_damaged_alpha_is_refused_before_it_is_inflated() -> None:
    bomb = pack_alpha(np.zeros((1, 4000, 4000), np.uint8))
    trailing = pack_alpha(np.zeros((1, 2, 2), np.uint8)) + b"x"
    for data in (bomb, bomb[:-3], b"", b"garbage", trailing):
        with pytest.raises(FormatError, match="alpha"):
            unpack_alpha(data, (1, 2, 2))


@pytest.mark.parametrize("place", range(-4, 0))
def test_a_wrong_checksum_of_alpha_planes_is_refused(place: int) -> None:
    """It is read by itself, after all pixels."""
    changed = bytearray(pack_alpha(np.zeros((1, 28, 28), np.uint8)))
    changed[place] ^= 1
    with pytest.raises(FormatError, match="does not inflate"):
        unpack_alpha(bytes(changed), (1, 28, 28))
