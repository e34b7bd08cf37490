"""The library on 64-bit ARM, under qemu, and on Windows, under wine, decodes the same as here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from helpers.codecs.golden import GOLDEN, REFINED, codec_of
from helpers.documents import ROOT
from helpers.programs import needs

from aecodec import Codec
from aecodec.codec_files.fileless_codec import SamplesFolder
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

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror", "-O2")


def compile_program(target: tuple[str, ...], program: Path) -> None:
    core, library = (ROOT / "c" / name for name in ("core", "library"))
    sources = [Path(__file__).with_name("decoded.c"), *core.glob("*.c"), *library.rglob("*.c")]
    include = (f"-I{core}", f"-I{library}")
    options = (*target, *STRICT, "-ffp-contract=off", "-DAECODEC_LIBRARY", *include, "-o", program)
    subprocess.run([sys.executable, "-m", "ziglang", "cc", *sources, *options], check=True)


def decode(emulator: tuple[str, ...], folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the pixels of each file beside it, in one process: starts of wine fail now and then."""
    (folder / "wine").mkdir(0o700)
    variables = dict.fromkeys(("WINEPREFIX", "XDG_RUNTIME_DIR"), str(folder / "wine"))
    arguments = []
    for name, data in files.items():
        (folder / f"{name}.aec").write_bytes(data)
        arguments += [f"{name}.aec", write_codec(codec_of(data), folder), f"{name}.pixels"]
    settings = {**os.environ, "WINEDEBUG": "-all", **variables}
    subprocess.run([*emulator, "./decoded.exe", *arguments], env=settings, cwd=folder, check=True)


def write_codec(codec: Codec, folder: Path) -> str:
    if isinstance(codec.folder, SamplesFolder):
        return "-"
    name = codec.spec.codec_id.hex()
    (folder / name).write_bytes(codec.folder.content)
    return name


def pixels_of(data: bytes, codec: Codec) -> bytes:
    picture = codec.decoder.decompress_picture(data, UNLIMITED)
    pixels = picture.pixels
    if picture.alpha is not None:
        pixels = np.concatenate([pixels, picture.alpha[..., None]], axis=-1)
    return pixels.tobytes()


@pytest.mark.parametrize("system", SYSTEMS)
def test_golden_files_decode_to_the_same_pixels(system: str, tmp_path: Path) -> None:
    emulator, target = SYSTEMS[system]
    needs(emulator[0])
    compile_program(target, tmp_path / "decoded.exe")
    paths = (*GOLDEN.glob("*.aec"), *REFINED.glob("*.aec"))
    files = {f"{path.parent.name}_{path.stem}": path.read_bytes() for path in paths}
    assert files
    decode(emulator, tmp_path, files)
    for name, data in files.items():
        assert (tmp_path / f"{name}.pixels").read_bytes() == pixels_of(data, codec_of(data)), name
