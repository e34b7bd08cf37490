"""Every tutorial works for somebody who has nothing but aecodec."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.documents import TUTORIALS
from helpers.tutorials import check_output, follow


@pytest.mark.slow
@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda tutorial: tutorial.stem)
def test_a_tutorial_runs_and_prints_its_output(tutorial: Path, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    follow(tutorial, folder)


def test_only_figures_may_differ_from_a_tutorial() -> None:
    check_output("...\n2 files in 3.5 s\n", "one line\nanother line\n7 files in 0.5 s\n")
    with pytest.raises(AssertionError, match="is now"):
        check_output("2 files in 3.5 s\n", "2 pictures in 3.5 s\n")
