"""The library on 64-bit ARM, under qemu, and on Windows, under wine, decodes the same as here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
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
Decode = Callable[[bytes, Codec], bytes]
"""A function from a file and its codec to pixels."""


def decoder_for(system: str, folder: Path) -> Decode:
    """Compile the program `decoded` for a system."""
    emulator, target = SYSTEMS[system]
    needs(emulator[0])
    (folder / "wine").mkdir(0o700)
    variables = dict.fromkeys(("WINEPREFIX", "XDG_RUNTIME_DIR"), str(folder / "wine"))
    environment = {**os.environ, "WINEDEBUG": "-all", **variables}
    core, library = (ROOT / "c" / name for name in ("core", "library"))
    sources = [Path(__file__).with_name("decoded.c"), *core.glob("*.c"), *library.rglob("*.c")]
    include = (f"-I{core}", f"-I{library}")
    options = (*target, *STRICT, "-ffp-contract=off", "-DAECODEC_LIBRARY", *include)
    program, compiler = folder / "decoded.exe", (sys.executable, "-m", "ziglang", "cc")
    subprocess.run([*compiler, *options, *sources, "-o", program], check=True)

    def decoded(data: bytes, codec: Codec) -> bytes:
        call = [*emulator, program]
        if not isinstance(codec.folder, SamplesFolder):
            (folder / "codec").write_bytes(codec.folder.content)
            call.append(folder / "codec")
        output = folder / "pixels"
        with output.open("wb") as stream:  # a pipe would stay open as long as wine's server runs
            subprocess.run(call, input=data, env=environment, stdout=stream, check=True)
        return output.read_bytes()

    return decoded


def pixels_of(data: bytes, codec: Codec) -> bytes:
    picture = codec.decoder.decompress_picture(data, UNLIMITED)
    pixels = picture.pixels
    if picture.alpha is not None:
        pixels = np.concatenate([pixels, picture.alpha[..., None]], axis=-1)
    return pixels.tobytes()


@pytest.mark.parametrize("system", SYSTEMS)
def test_golden_files_decode_to_the_same_pixels(system: str, tmp_path: Path) -> None:
    decode = decoder_for(system, tmp_path)
    files = {path: path.read_bytes() for path in (*GOLDEN.glob("*.aec"), *REFINED.glob("*.aec"))}
    assert files
    for path, data in files.items():
        codec = codec_of(data)
        assert decode(data, codec) == pixels_of(data, codec), path
