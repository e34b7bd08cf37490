"""The comparison of speeds names slower work, also where a few rounds were disturbed."""

import pytest

from benchmarks.programs.speed import comparison

LAST = {
    "version": "1.0.0",
    "processor": "",
    "python": "3",
    "numpy": "2",
    "pillow": "12",
    "decode": 2.0,
}


@pytest.mark.parametrize(
    ("ratios", "pillow", "expected"),
    [
        ([2.0, 2.1, 2.1, 2.2], "13", []),
        ([2.1, 2.5, 2.6, 2.9], "12", []),
        ([2.3, 2.4, 2.4, 2.5], "12", ["slower: decode takes 1.20 times as long as in 1.0.0"]),
        (
            [2.3, 2.4, 2.4, 2.5],
            "13",
            [
                "slower: decode takes 1.20 times as long as in 1.0.0",
                "1.0.0 was measured with another pillow",
            ],
        ),
    ],
)
def test_slower_work_is_named(ratios: list[float], pillow: str, expected: list[str]) -> None:
    row = LAST | {"version": "1.1.0", "pillow": pillow}
    assert comparison({"decode": ratios, "new": [1.0, 1.0]}, row, LAST) == expected
