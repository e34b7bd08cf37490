"""Every name that a program links with begins as the library's."""

from __future__ import annotations

import subprocess
from pathlib import Path

from helpers.programs import needs


def test_no_name_can_be_that_of_another_library(built: Path) -> None:
    needs("nm")
    archive = built / "libaecodec.a"
    listed = subprocess.run(
        ["nm", "-g", "--defined-only", str(archive)], capture_output=True, check=True, text=True
    ).stdout
    names = [line.split()[-1] for line in listed.splitlines() if len(line.split()) == 3]
    assert len(names) > 40
    assert [name for name in names if not name.startswith("aecodec_")] == []
