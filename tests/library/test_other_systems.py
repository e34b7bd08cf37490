"""The library on 64-bit ARM, under qemu, and on Windows, under wine, makes the same as here."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from helpers.codecs.golden import GOLDEN, REFINED, codec_of
from helpers.documents import ROOT
from helpers.programs import needs

from aecodec import Codec
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.samples_codec import SamplesFolder
from aecodec.format.limits import UNLIMITED

pytest.importorskip("ziglang", reason="no ziglang here, which compiles for other processors")
pytestmark = pytest.mark.slow

ARM = ("qemu-aarch64", "-cpu", "max")
SYSTEMS = {
    "neon": (ARM, ("-target", "aarch64-linux-musl", "-mcpu=generic", "-static")),
    "dotprod": (ARM, ("-target", "aarch64-linux-musl", "-mcpu=generic+dotprod", "-static")),
    "windows": (("wine",), ("-target", "x86_64-windows-gnu")),
}
"""Emulator and target of each system; ARM without and with instructions for dot products."""

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror")
DECODED = Path(__file__).with_name("decoded.c")


class System(NamedTuple):
    """A folder with the programs `decoded` and `pnm` for a system, and its emulator."""

    emulator: tuple[str, ...]
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Variables for wine: where it keeps its files, and no messages of its own."""
        folders = dict.fromkeys(("WINEPREFIX", "XDG_RUNTIME_DIR"), str(self.folder / "wine"))
        return {"WINEDEBUG": "-all", **folders}

    def run(self, program: str, *arguments: str | Path, data: bytes = b"") -> bytes:
        """Run a program from standard input to standard output."""
        done = subprocess.run(
            [*self.emulator, self.folder / f"{program}.exe", *arguments],
            input=data,
            env={**os.environ, **self.environment},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr  # where wine too complains, about itself
        return done.stdout


@pytest.fixture(scope="module", params=SYSTEMS)
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    emulator, target = SYSTEMS[request.param]
    needs(emulator[0])
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "wine").mkdir(0o700)
    parts = [ROOT / "c" / name for name in ("library", "core")]
    options = (*target, *STRICT, "-O2", "-ffp-contract=off", "-DAECODEC_LIBRARY")
    options = (*options, *(f"-I{part}" for part in parts))
    compiler = (sys.executable, "-m", "ziglang", "cc")
    sources = [path for part in parts for path in sorted(part.glob("*.c"))]
    for program in (DECODED, ROOT / "examples" / "c" / "pnm.c"):
        call = [*compiler, *options, program, *sources, "-o", folder / f"{program.stem}.exe"]
        subprocess.run(call, check=True)
    return System(emulator, folder)


def with_bundle(folder: Path, codec: CodecFolder) -> Path:
    """The bundle of a codec, written to a folder."""
    bundle = folder / f"{codec.spec.codec_id.hex()}.bundle"
    if not bundle.exists():
        bundle.write_bytes(codec.content)
    return bundle


@functools.cache
def with_core(folder: CodecFolder) -> Codec:
    return Codec(folder)


@pytest.mark.parametrize(
    "path",
    [*sorted(GOLDEN.glob("*.aec")), *sorted(REFINED.glob("*.aec"))],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_golden_files_decode_to_the_same_pixels(system: System, path: Path) -> None:
    data = path.read_bytes()
    folder = codec_of(data).folder
    picture = with_core(folder).decoder.decompress_picture(data, UNLIMITED)
    pixels = picture.pixels
    if picture.alpha is not None:
        pixels = np.concatenate([pixels, picture.alpha[..., None]], axis=-1)
    bundles = [] if isinstance(folder, SamplesFolder) else [with_bundle(system.folder, folder)]
    assert system.run("decoded", *bundles, data=data) == pixels.tobytes()
