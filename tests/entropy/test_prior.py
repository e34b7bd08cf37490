"""Tables that do not fit together are refused."""

import numpy as np
import pytest

from aecodec.entropy.prior import Prior
from aecodec.errors import CodecError


@pytest.mark.parametrize(
    "change",
    [{"bank": np.array([[1, 2, 3]])}, {"index": [1, 2]}, {"table": np.array([[7]])}],
)
def test_tables_that_do_not_fit_are_refused(change: dict[str, object]) -> None:
    sound = {
        "bank": np.array([[1, 65535]]),
        "first": 0,
        "table": np.zeros((1, 1)),
        "offset": np.zeros((1, 1)),
        "index": [0],
    }
    Prior(**sound)
    with pytest.raises(CodecError):
        Prior(**{**sound, **change})
