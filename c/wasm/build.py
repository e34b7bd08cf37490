"""Compile the C library to WebAssembly: web/src/aecodec.wasm, which is committed.

Usage: pip install ziglang==0.17.1 && python c/wasm/build.py

The binary carries a hash of its sources, by which `tests/web` finds out whether it is outdated.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / "web" / "src" / "aecodec.wasm"
COMPILER = "0.17.1"
"""Version of the package ziglang: with another one, the same sources give other bytes."""

FLAGS = (
    *("-target", "wasm32-wasi", "-mexec-model=reactor"),
    *("-std=c99", "-DAECODEC_LIBRARY", "-ffp-contract=off"),
    *("-O3", "-msimd128", "-mbulk-memory"),
    *("-Wl,--strip-all", "-Wl,-z,stack-size=262144"),
)
_FOLDERS = {"c/core": "aecodec*.[ch]", "c/library": "*.[ch]"}
_MARK = b"aecodec sources "
_STEPS = ("free", "input", "output", "run", "window", "windows")
"""Ends of the names of functions that JavaScript joins, for encoding and for decoding."""


def sources() -> list[Path]:
    """All files of C that the binary is made of, headers too, in an order that is always the same.

    Files of the library that read files are left out.
    """
    paths = [path for folder, names in _FOLDERS.items() for path in (ROOT / folder).rglob(names)]
    own, left_out = Path(__file__).with_name("core.c"), "file_"
    return [own, *sorted(path for path in paths if not path.name.startswith(left_out))]


def exports() -> list[str]:
    """The functions that the modules of JavaScript name."""
    named = "".join(path.read_text("utf-8") for path in BINARY.parent.glob("*.js"))
    joined = {f"aecodec_{way}_{step}" for way in ("decoding", "encoding") for step in _STEPS}
    return sorted(joined.union(re.findall(r"\baecodec_\w+", named)))


def fingerprint() -> str:
    """A hash of the sources and of how they are compiled."""
    digest = hashlib.sha256(repr((COMPILER, FLAGS, exports())).encode())
    for path in sources():
        digest.update(f"{path.relative_to(ROOT).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def stated_fingerprint(binary: bytes) -> str:
    """The fingerprint of the sources that a binary was made of; empty if it states none."""
    return binary.rpartition(_MARK)[2].decode("ascii") if _MARK in binary else ""


def build(target: Path) -> None:
    """Compile the sources to a file.

    Raises:
        CalledProcessError: the compiler is absent, or refuses them.
    """
    units = [str(path) for path in sources() if path.suffix == ".c"]
    include = [f"-I{ROOT / folder}" for folder in _FOLDERS]
    exported = [f"-Wl,--export={name}" for name in exports()]
    compiler = [sys.executable, "-m", "ziglang", "cc"]
    subprocess.run([*compiler, *FLAGS, *include, *exported, *units, "-o", str(target)], check=True)
    target.write_bytes(target.read_bytes() + _custom_section(_MARK + fingerprint().encode()))


def _custom_section(content: bytes) -> bytes:
    """A section that browsers skip, with an empty name."""
    assert len(content) < 127
    return bytes([0, len(content) + 1, 0]) + content


if __name__ == "__main__":
    build(BINARY)
    print(f"{BINARY}: {BINARY.stat().st_size} bytes")
