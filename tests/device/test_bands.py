"""A folder for a codec with bands makes and reads the files of Python, here and on ARM."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.codecs.band_codecs import TILE, band_codec, half_curved
from helpers.programs import needs

from aecodec import Codec
from aecodec.codec_files.file_names import Half
from aecodec.errors import ModelError
from aecodec.export.device.codec_source import PictureSizes, c_codec
from aecodec.export.device.device_codec import DeviceCodec
from aecodec.export.device.folder import device_files
from aecodec.export.device.tables import CTables
from aecodec.export.device.verify import DeviceFolder, run_trial
from aecodec.format.samples import SampleType

LIMITS = [(130.0, 4000.0), (-50.0, 120.0), (7.5, 20000.0), (0.0, 127.0)]
PROCESSORS = {"here": (), "arm": ("-target", "arm-linux-musleabihf", "-mcpu=cortex_a7", "-static")}
STRICT = ("-std=c99", "-O1", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror")

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")


@pytest.fixture(scope="module")
def codec(tmp_path_factory: pytest.TempPathFactory) -> Codec:
    path, transfer = tmp_path_factory.mktemp("bands"), half_curved(LIMITS, 4)
    return Codec(band_codec(path, LIMITS, 4, transfer=transfer))


def samples(dtype: str) -> np.ndarray:
    """(9, H, W, 4) integers, of which some lie outside of the limits."""
    info = np.iinfo(dtype)
    numbers = np.random.default_rng(0).normal(0, 9000, (9, 2 * TILE, 2 * TILE, 4))
    return numbers.clip(info.min, info.max).astype(dtype)


def program_of(processor: str, folder: Path) -> Path:
    """The example program of a folder, or a script that runs it in qemu."""
    device, program = DeviceFolder(folder), folder / "main"
    if processor == "here":
        device.build(program)
        return program
    needs("qemu-arm")
    pytest.importorskip("ziglang", reason="no ziglang here, which compiles for other processors")
    compiler = [sys.executable, "-m", "ziglang", "cc", *PROCESSORS[processor], *STRICT]
    sources = [folder / "main.c", *device.library_sources]
    subprocess.run([*compiler, *sources, "-o", program], check=True)
    script = folder / "run"
    script.write_text(f'#!/bin/sh\nexec qemu-arm {program} "$@"\n')
    script.chmod(0o755)
    return script


@pytest.mark.filterwarnings("ignore::aecodec.errors.AecodecWarning")  # samples are clipped
@pytest.mark.usefixtures("fast_compiler")
@pytest.mark.parametrize(
    ("processor", "dtype"),
    [
        ("here", "uint8"),
        ("here", "int32"),
        pytest.param("arm", "uint16", marks=pytest.mark.slow),  # its C library is compiled, too
    ],
)
def test_a_device_writes_and_reads_the_files_of_python(
    codec: Codec, tmp_path: Path, processor: str, dtype: str
) -> None:
    tables, pictures = CTables(codec.folder), samples(dtype)
    _, contents = device_files(tables, pictures[:1], list(Half))
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    program = program_of(processor, tmp_path)
    for picture in pictures:
        run_trial(program, DeviceCodec(tables), list(Half), picture[None])


def test_types_that_the_limits_do_not_suit_are_rejected(codec: Codec) -> None:
    tables = CTables(codec.folder)
    sizes = PictureSizes.of(tables, (4, 4))
    with pytest.raises(ModelError, match="int8"):
        c_codec(tables, sizes, SampleType.INT8)
