"""The comparison of output with which .ci/run follows the tutorials, from the wheel."""

from __future__ import annotations

import pytest
from helpers.tutorials import check_output


def test_only_figures_may_differ_from_a_tutorial() -> None:
    check_output("...\n2 files in 3.5 s\n", "one line\nanother line\n7 files in 0.5 s\n")
    check_output("...\n2 files in 3.5 s\n", "7 files in 0.5 s\n")
    with pytest.raises(AssertionError, match="is now"):
        check_output("2 files in 3.5 s\n", "2 pictures in 3.5 s\n")
