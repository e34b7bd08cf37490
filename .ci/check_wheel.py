"""Check an installed wheel: its codecs, and the golden files of this checkout.

Usage: python .ci/check_wheel.py
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))

from helpers.codecs.golden import GOLDEN, digests, listed  # noqa: E402


def check_golden_files() -> None:
    """Check codes and pixels; AssertionError if a file has others than stated."""
    stated = listed()
    for name, expected in stated.items():
        assert digests((GOLDEN / f"{name}.aec").read_bytes()) == expected, name
    print(f"{len(stated)} golden files are right")


if __name__ == "__main__":
    subprocess.run(["aecodec", "codecs"], check=True)
    check_golden_files()
