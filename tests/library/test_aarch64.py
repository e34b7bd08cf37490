"""The library for 64-bit ARM, under qemu, decodes and makes what Python does with the core."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.codecs.golden import GOLDEN, REFINED, codec_of
from helpers.documents import ROOT
from helpers.programs import needs
from PIL import Image

from aecodec import Codec
from aecodec.arrays import Pixels
from aecodec.codec.base import Execution
from aecodec.codec_files.folder import CodecFolder
from aecodec.format.limits import UNLIMITED
from benchmarks.c_codec import bundle_of

engine = pytest.importorskip("aecodec.engine.c", reason="the core is not installed")
pytest.importorskip("ziglang", reason="no ziglang here, which compiles for other processors")
pytestmark = pytest.mark.slow

PROCESSORS = {"neon": "generic", "dotprod": "generic+dotprod"}
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror")
DECODED = Path(__file__).with_name("decoded.c")


@pytest.fixture(scope="module", params=PROCESSORS)
def programs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with static programs for 64-bit ARM: `decoded` and `pnm`.

    They are compiled without and with the instructions for dot products.
    """
    needs("qemu-aarch64")
    folder = tmp_path_factory.mktemp("aarch64")
    target = ("-target", "aarch64-linux-musl", f"-mcpu={PROCESSORS[request.param]}", "-static")
    options = (*target, *STRICT, "-O2", "-ffp-contract=off", "-DAECODEC_LIBRARY")
    parts = [ROOT / "c" / name for name in ("library", "core")]
    options = (*options, *(f"-I{part}" for part in parts))
    compiler = (sys.executable, "-m", "ziglang", "cc")
    sources = [path for part in parts for path in sorted(part.glob("*.c"))]
    subprocess.run([*compiler, *options, "-c", *sources], cwd=folder, check=True)
    objects = sorted(folder.glob("*.o"))
    for source in (DECODED, ROOT / "examples" / "c" / "pnm.c"):
        call = [*compiler, *options, source, *objects, "-o", folder / source.stem]
        subprocess.run(call, check=True)
    return folder


def run(program: Path, *arguments: str | Path, data: bytes = b"") -> bytes:
    """Run a program from standard input to standard output."""
    command = ["qemu-aarch64", "-cpu", "max", program, *arguments]
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def with_bundle(folder: Path, codec: CodecFolder) -> Path:
    """The bundle of a codec, written to a folder."""
    bundle = folder / f"{codec.spec.codec_id.hex()}.bundle"
    if not bundle.exists():
        bundle.write_bytes(bundle_of(codec))
    return bundle


@functools.cache
def with_core(folder: CodecFolder) -> Codec:
    return Codec(folder, Execution(engine.CEngine()))


@pytest.mark.parametrize(
    "path",
    [*sorted(GOLDEN.glob("*.aec")), *sorted(REFINED.glob("*.aec"))],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_golden_files_decode_to_the_same_pixels(programs: Path, path: Path) -> None:
    data = path.read_bytes()
    folder = codec_of(data).folder
    picture = with_core(folder).decoder.decompress_picture(data, UNLIMITED)
    pixels = picture.pixels
    if picture.alpha is not None:
        pixels = np.concatenate([pixels, picture.alpha[..., None]], axis=-1)
    bundle = with_bundle(programs, folder)
    assert run(programs / "decoded", bundle, data=data) == pixels.tobytes()


@pytest.mark.parametrize("level", [1, 2.5, 8])
def test_photographs_become_the_same_files(
    programs: Path, photo: Codec, photograph: Pixels, level: float
) -> None:
    crop, source, file = photograph[100:190, 200:330], programs / "x.ppm", programs / "x.aec"
    Image.fromarray(crop).save(source)
    bundle = with_bundle(programs, photo.folder)
    run(programs / "pnm", "compress", bundle, source, file, f"{level}")
    assert file.read_bytes() == with_core(photo.folder).compress(crop, level=level)
