"""aecc for 64-bit ARM, under qemu, reads and writes the same integers as Python with the core."""

from __future__ import annotations

import functools
import io
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from helpers.codecs.golden import GOLDEN, REFINED, codec_of
from helpers.documents import ROOT
from helpers.programs import needs

from aecodec import Codec, Target
from aecodec.arrays import Pixels
from aecodec.codec.base import Execution
from aecodec.codec_files.folder import CodecFolder
from aecodec.format.limits import UNLIMITED
from aecodec.imaging.picture import from_array, source_array
from benchmarks.c_codec import bundle_of

engine = pytest.importorskip("aecodec.engine.c", reason="the core is not installed")
pytest.importorskip("ziglang", reason="no ziglang here, which compiles for other processors")
pytestmark = pytest.mark.slow

PROCESSORS = {"neon": "generic", "dotprod": "generic+dotprod"}
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror")
NO_LIMITS = ("--max-pixels", str(1 << 30), "--max-frames", str(1 << 24))


@pytest.fixture(scope="module", params=PROCESSORS)
def aecc(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A static aecc for 64-bit ARM, without and with the instructions for dot products."""
    needs("qemu-aarch64")
    program = tmp_path_factory.mktemp("aarch64") / "aecc"
    target = ("-target", "aarch64-linux-musl", f"-mcpu={PROCESSORS[request.param]}", "-static")
    folders = [ROOT / "c" / name for name in ("aecc", "library", "core")]
    sources = [path for folder in folders for path in sorted(folder.glob("*.c"))]
    options = (*target, *STRICT, "-O2", "-ffp-contract=off", "-DAECODEC_LIBRARY")
    include = [f"-I{folder}" for folder in folders]
    compiler = (sys.executable, "-m", "ziglang", "cc")
    subprocess.run([*compiler, *options, *include, *sources, "-o", program], check=True)
    return program


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for bundles, which are named by the ids of their codecs."""
    return tmp_path_factory.mktemp("bundles")


def run(
    program: Path, bundles: Path, codec: CodecFolder, call: Sequence[str], data: bytes
) -> bytes:
    """Run aecc from standard input to standard output."""
    bundle = bundles / f"{codec.spec.codec_id.hex()}.bundle"
    if not bundle.exists():
        bundle.write_bytes(bundle_of(codec))
    command = ["qemu-aarch64", "-cpu", "max", str(program), *call, "-", "-o", "-"]
    done = subprocess.run(
        [*command, "--bundle", str(bundle)] if call[0] == "compress" else command,
        input=data,
        env={**os.environ, "AECODEC_PATH": str(bundles)},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


@functools.cache
def with_core(folder: CodecFolder) -> Codec:
    return Codec(folder, Execution(engine.CEngine()))


def netpbm(pixels: Pixels) -> bytes:
    """The PGM, PPM or PAM pictures of (N, H, W, C) pixels, one after the other."""
    _, height, width, channels = pixels.shape
    size, is_grey = f"{width} {height}", channels < 3
    if channels in (1, 3):
        head = f"P{5 if is_grey else 6}\n{size}\n255\n"
    else:
        kind = "GRAYSCALE_ALPHA" if is_grey else "RGB_ALPHA"
        head = f"P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH {channels}\nMAXVAL 255\n"
        head += f"TUPLTYPE {kind}\nENDHDR\n"
    return b"".join(head.encode() + frame.tobytes() for frame in pixels)


@pytest.mark.parametrize(
    "path",
    [*sorted(GOLDEN.glob("*.aec")), *sorted(REFINED.glob("*.aec"))],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_golden_files_decode_to_the_same_pixels(aecc: Path, bundles: Path, path: Path) -> None:
    data = path.read_bytes()
    folder = codec_of(data).folder
    picture = with_core(folder).decoder.decompress_picture(data, UNLIMITED)
    decoded = run(aecc, bundles, folder, ["decompress", *NO_LIMITS], data)
    if folder.spec.bands:
        expected = np.ma.getdata(source_array(picture))
        np.testing.assert_array_equal(np.load(io.BytesIO(decoded)), expected)
        return
    pixels = picture.pixels
    if picture.alpha is not None:
        pixels = np.concatenate([pixels, picture.alpha[..., None]], axis=-1)
    assert decoded == netpbm(pixels)


@pytest.mark.parametrize(
    ("options", "target"),
    [
        (("--level", "1"), Target(level=1)),
        (("--level", "2.5"), Target(level=2.5)),
        (("--level", "8"), Target(level=8)),
        (("--max-error", "24"), Target(max_error=24)),
        (("--lossless",), Target(max_error=0)),
    ],
)
def test_photographs_become_the_same_files(
    aecc: Path,
    bundles: Path,
    photo: Codec,
    photograph: Pixels,
    options: tuple[str, ...],
    target: Target,
) -> None:
    crop = photograph[100:190, 200:330]
    call = ["compress", *options]
    expected = with_core(photo.folder).compress(crop, target)
    assert run(aecc, bundles, photo.folder, call, netpbm(crop[None])) == expected


def test_digits_become_the_same_file(
    aecc: Path, bundles: Path, codec: Codec, samples: Pixels
) -> None:
    frames = samples[..., None]
    core = with_core(codec.folder)
    header = core.encoder.header(from_array(frames), False)
    expected = core.encoder.encode(from_array(frames), header).to_bytes()
    assert run(aecc, bundles, codec.folder, ["compress"], netpbm(frames)) == expected
