"""An exported folder links with other libraries."""

from __future__ import annotations

import subprocess
from pathlib import Path

from helpers.c.library import WARNINGS
from helpers.programs import needs


def test_all_names_that_other_programs_see_begin_with_aecodec(
    exported: Path, tmp_path: Path
) -> None:
    needs("cc", "nm")
    command = ["cc", "-c", *WARNINGS, *exported.glob("aecodec*.c")]
    subprocess.run(command, cwd=tmp_path, check=True)
    for path in tmp_path.glob("*.o"):
        command = ["nm", "-P", "--defined-only", path]
        listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        symbols = dict(line.split()[:2] for line in listed.splitlines() if line[0] != ".")
        external = [name for name, kind in symbols.items() if kind.isupper()]
        assert all(name.startswith("aecodec_") for name in external)
