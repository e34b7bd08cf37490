"""Arrays that were written here are read in an environment of nothing but Zarr and aecodec."""

from __future__ import annotations

import shutil
import subprocess
import venv
from pathlib import Path

import numpy as np
import pytest
from helpers.documents import ROOT

import aecodec
from aecodec.arrays import Pixels

zarr = pytest.importorskip("zarr", reason="Zarr 3 needs Python 3.11")
from aecodec.numcodecs import Aecodec as ForNumcodecs  # noqa: E402 - which imports numcodecs
from aecodec.zarr import Aecodec as ForZarr  # noqa: E402 - which imports zarr

READ = """
import sys
import zarr

array = zarr.open_array(sys.argv[1], mode="r")
print(int(array[37].sum()), int(array[:].sum()))
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & {"tensorflow", "keras", "sklearn", "dask", "xarray", "matplotlib"}, loaded
"""

DECODE = """
import sys
import numcodecs

codec = numcodecs.get_codec({"id": "aecodec", "codec": sys.argv[2]})
print(codec.decode(open(sys.argv[1], "rb").read()).sum())
"""


SOURCE = (
    "pyproject.toml",
    "setup.py",
    "README.md",
    "LICENSE",
    "MANIFEST.in",
    "aecodec",
    "cli",
    "export",
    "web",
)
"""What a wheel is built of."""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with aecodec, installed as a wheel, and Zarr."""
    folder = tmp_path_factory.mktemp("fresh")
    (folder / "source").mkdir()
    for name in SOURCE:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / "source" / name)
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    pip = [python, "-m", "pip"]
    subprocess.run([*pip, "install", "--quiet", folder / "source", "zarr"], check=True)
    listed = subprocess.run([*pip, "list"], capture_output=True, text=True, check=True).stdout
    assert not {"tensorflow", "dask", "xarray", "pytest"} & set(listed.lower().split())
    return python


def run(python: Path, program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a program in the environment, in no folder of ours."""
    command = [str(each) for each in (python, "-c", program, *arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")


@pytest.mark.slow
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_arrays_are_read_and_other_codecs_refused(
    python: Path, tmp_path: Path, digits: Pixels, zarr_format: int
) -> None:
    codec = (
        {"serializer": ForZarr("digits", 1), "compressors": None}
        if zarr_format == 3
        else {"compressors": ForNumcodecs("digits", 1), "zarr_format": 2}
    )
    path = tmp_path / "digits.zarr"
    array = zarr.create_array(
        path, shape=(100, 28, 28), chunks=(40, 28, 28), dtype="uint8", **codec
    )
    array[:] = digits[:100]
    read = run(python, READ, path)
    assert read.stdout.split() == [str(array[37].sum()), str(array[:].sum())], read.stderr

    metadata = path / ("zarr.json" if zarr_format == 3 else ".zarray")
    metadata.write_text(metadata.read_text("utf-8").replace("0881441f", "651442dd"), "utf-8")
    refused = run(python, READ, path)
    assert refused.returncode == 1
    assert "CodecError: a chunk made with codec 0881441f" in refused.stderr
    assert "name digits (651442dd): it belongs to another array" in refused.stderr


@pytest.mark.slow
def test_numcodecs_reads_a_chunk_and_refuses_another_codec(
    python: Path, tmp_path: Path, digits: Pixels
) -> None:
    chunk = tmp_path / "chunk"
    chunk.write_bytes(ForNumcodecs("digits").encode(digits[:20]))
    decoded = run(python, DECODE, chunk, "digits")
    assert decoded.stdout.strip() == str(np.sum(aecodec.decompress_frames(chunk))), decoded.stderr
    refused = run(python, DECODE, chunk, "photo")
    assert "CodecError: a chunk made with codec 0881441f" in refused.stderr
