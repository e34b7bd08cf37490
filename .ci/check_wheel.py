"""Check an installed wheel: its codecs, and the golden files of this checkout.

Usage: python .ci/check_wheel.py
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))

from helpers.codecs.golden import GOLDEN, codec_of, digests, listed  # noqa: E402

from aecodec.format.limits import UNLIMITED  # noqa: E402
from aecodec.imaging.picture import to_array  # noqa: E402


def check_golden_files() -> None:
    """Check codes and pixels; AssertionError if a file has others than stated."""
    pixels = dict(
        line.split()[::-1] for line in (GOLDEN / "pixels.sha256").read_text().splitlines()
    )
    stated = listed()
    for name, expected in stated.items():
        data = (GOLDEN / f"{name}.aec").read_bytes()
        assert digests(data) == expected, name
        if name in pixels:
            decoded = to_array(codec_of(data).decoder.decompress_picture(data, UNLIMITED))
            assert hashlib.sha256(decoded.tobytes()).hexdigest() == pixels[name], name
    print(f"{len(stated)} golden files are right")


if __name__ == "__main__":
    subprocess.run(["aecodec", "codecs"], check=True)
    check_golden_files()
