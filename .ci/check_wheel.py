"""Check an installed wheel: its engine, its codecs, and the golden files of this checkout.

Usage: python .ci/check_wheel.py ENGINE
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))

from helpers.codecs.golden import GOLDEN, codec_of, digests, listed  # noqa: E402

from aecodec.engine.choice import engine_name  # noqa: E402
from aecodec.format.limits import UNLIMITED  # noqa: E402
from aecodec.imaging.picture import to_array  # noqa: E402


def check_golden_files(engine: str) -> None:
    """Check codes, and for the engine "c" pixels too.

    Raises:
        AssertionError: a file has other codes or pixels than stated.
    """
    pixels = dict(
        line.split()[::-1] for line in (GOLDEN / "pixels.sha256").read_text().splitlines()
    )
    stated = listed()
    for name, expected in stated.items():
        data = (GOLDEN / f"{name}.aec").read_bytes()
        assert digests(data) == expected, name
        if engine == "c" and name in pixels:
            decoded = to_array(codec_of(data).decoder.decompress_picture(data, UNLIMITED))
            assert hashlib.sha256(decoded.tobytes()).hexdigest() == pixels[name], name
    print(f"{len(stated)} golden files are right")


if __name__ == "__main__":
    subprocess.run(["aecodec", "codecs"], check=True)
    assert engine_name() == sys.argv[1], f"the engine is {engine_name()}"
    check_golden_files(sys.argv[1])
