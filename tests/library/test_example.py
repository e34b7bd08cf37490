"""The program of examples/c: its files are the library's, and it names what is wrong."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from helpers.c.library import compile_c
from helpers.documents import ROOT
from PIL import Image

from aecodec import Codec
from aecodec.base.arrays import Pixels


@pytest.fixture(scope="module")
def program(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, compiled with all warnings as errors."""
    path = tmp_path_factory.mktemp("example") / "pnm"
    library = ROOT / "c" / "library"
    compile_c(f"-I{library}", ROOT / "examples/c/pnm.c", built / "libaecodec.a", "-o", path)
    return path


ODD = {
    "cut": b"P5 2 2 255\n\0\0\0",
    "deep": b"P6 1 1 65535\n\0\0\0\0\0\0",
    "wide": b"P5 99999999999999999999 1 255\n\0",
}


@pytest.fixture
def folder(tmp_path: Path, codec: Codec, photo: Codec, photograph: Pixels) -> Path:
    """A folder with both codecs and two pictures."""
    for shipped in (codec, photo):
        (tmp_path / f"{shipped.spec.name}.aecodec").write_bytes(shipped.folder.content)
    Image.fromarray(photograph[100:150, 200:270]).save(tmp_path / "rgb.ppm")
    grey = b"P5 # a # b\n28 28\n255\n" + photograph[:28, :28, 1].tobytes()
    for name, content in (ODD | {"grey.pgm": grey}).items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def run(program: Path, folder: Path, *arguments: str) -> tuple[int, str]:
    """The exit status, and what is written to standard error."""
    call = [str(program), *arguments]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize("level", [2.5, None])
def test_photographs_there_and_back(
    program: Path, folder: Path, photo: Codec, level: float | None
) -> None:
    pixels = np.asarray(Image.open(folder / "rgb.ppm"))
    options = [f"{level}"] if level else []
    call = ("compress", "photo.aecodec", "rgb.ppm", "x.aec", *options)
    assert run(program, folder, *call) == (0, "")
    file = (folder / "x.aec").read_bytes()
    assert file == photo.compress(pixels, level=level)
    assert run(program, folder, "decompress", "photo.aecodec", "x.aec", "back") == (0, "")
    assert np.array_equal(np.asarray(Image.open(folder / "back")), photo.decompress_frames(file)[0])


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        ((), 2, "usage:"),
        *((("compress", "digits.aecodec", n, "x"), 1, f"pnm: {n}: not a PGM or PPM") for n in ODD),
        (("compress", "digits.aecodec", "grey.pgm", "x", "4"), 1, "pnm: grey.pgm: there is no"),
        (("compress", "digits.aecodec", "absent.pgm", "x"), 1, "pnm: absent.pgm: No such file"),
        (("compress", "digits.aecodec", "grey.pgm", "none/x"), 1, "pnm: none/x: No such file"),
        (("compress", "grey.pgm", "grey.pgm", "x"), 1, "pnm: grey.pgm: this is not a codec file"),
        (("decompress", "digits.aecodec", "grey.pgm", "x"), 1, "pnm: grey.pgm: not an .aec file"),
    ],
)
def test_what_is_wrong_is_named(
    program: Path, folder: Path, arguments: tuple[str, ...], status: int, says: str
) -> None:
    done = run(program, folder, *arguments)
    assert done[0] == status
    assert done[1].startswith(says)
