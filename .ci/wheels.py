"""Build the source distribution and the wheels of all systems, with zig as the compiler.

Usage: pip install build 'setuptools>=77' ziglang==0.17.1 && python .ci/wheels.py FOLDER
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
PLATFORMS = {
    "x86_64-linux-gnu.2.17": "manylinux_2_17_x86_64",
    "aarch64-linux-gnu.2.17": "manylinux_2_17_aarch64",
    "x86_64-linux-musl": "musllinux_1_2_x86_64",
    "aarch64-linux-musl": "musllinux_1_2_aarch64",
    "x86_64-macos.11.0": "macosx_11_0_x86_64",
    "aarch64-macos.11.0": "macosx_11_0_arm64",
    "x86_64-windows-gnu": "win_amd64",
    "aarch64-windows-gnu": "win_arm64",
}
"""What zig calls a system, and what wheels call it."""


def build_wheel(target: str, platform: str, folder: Path) -> None:
    """Build the wheel of a system.

    Raises CalledProcessError if the compiler fails.
    """
    with TemporaryDirectory() as work:
        commands = (
            *("build", "--build-base", f"{work}/build"),
            *("build_ext", "--target", target),
            *("bdist_wheel", "--skip-build", "--plat-name", platform),
            *("--bdist-dir", f"{work}/wheel", "--dist-dir", str(folder)),
        )
        call = [sys.executable, "setup.py", "--quiet", *commands]
        subprocess.run(call, cwd=ROOT, check=True)


def main() -> None:
    """Build all distributions."""
    folder = Path(sys.argv[1]).resolve()
    call = [sys.executable, "-m", "build", "--sdist", "--outdir", str(folder), str(ROOT)]
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL)
    for target, platform in PLATFORMS.items():
        build_wheel(target, platform, folder)
    for path in sorted(folder.iterdir()):
        print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
