"""The commands and programs that README.md and the pages in docs show run.

A document is read as by somebody who types all of it, in its order, into one folder with pictures
of small size. Of trainings that take minutes, only the options are checked.
"""

from __future__ import annotations

import logging
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from helpers.codecs.band_codecs import band_codec
from helpers.commands import Command
from helpers.documents import PAGES, README, ROOT, blocks_of, commands_of
from helpers.real_data import load_digits, load_photograph
from PIL import Image

from aecodec.data.samples import sample_paths

CODECS = ROOT / "aecodec" / "data" / "codecs"

LONG = re.compile(
    r"aecodec train .* -o "
    r"|python -m benchmarks (code_dimension|device)\b"
)

SMALLER = {"rate_distortion": "--limit 1", "speed": "--megapixels 0.3 0.3"}
"""Options that turn a benchmark of minutes into one of seconds."""

TOOLS = {
    r"cmake |cc |\./pnm ": ("cc", "cmake"),
    r"aecodec verify --device": ("cc",),
    r"aecodec .*from-onnx": ("torch", "onnx"),
    r"picture = torch\.|import numpy as np\nimport torch\n": ("torch", "onnxscript"),
    r"import torch\n": ("torch",),
    r"from compressai": ("compressai",),
    r"make .*microcontroller": ("make", "arm-none-eabi-gcc", "qemu-system-arm"),
    r"python -m benchmarks device": ("make", "arm-none-eabi-gcc", "qemu-system-arm"),
}

Folder = Callable[[str], Path]

SHOWING = [
    page
    for page in (README, *PAGES)
    if {"sh", "python"} & {block.language for block in blocks_of(page)}
]


def _scans(path: Path) -> None:
    shutil.copytree(sample_paths()[0].parent, path, ignore=shutil.ignore_patterns("*.py*"))


def _demo(path: Path) -> None:
    _scans(path)
    shutil.copy(ROOT / "web/coffee.jpg", path)


def _photograph(path: Path) -> None:
    Image.fromarray(load_photograph()[:120, :180]).save(path)


def _photographs(path: Path) -> None:
    path.mkdir()
    for number in (0, 1):
        crop = load_photograph()[100 * number :, 100:][:200, :210]
        Image.fromarray(crop).save(path / f"{number}.png")


def _mnist(path: Path) -> None:
    tiny, labels = load_digits()
    digits = np.pad(np.kron(tiny[:1740] * 255 / 16, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))
    x_train, x_test = np.split(digits.astype(np.uint8), [1700])
    x_train, y_train = np.tile(x_train, (4, 1, 1)), np.tile(labels[:1700], 4)  # steps to learn from
    np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test)


def _load_mnist() -> Any:
    _mnist(Path("mnist.npz"))
    *training, x_test = np.load("mnist.npz").values()
    return training, (x_test, None)


def _scene(path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 500, (96, 96, 4), np.int16)
    array[:9] = -9999
    if path.suffix == ".npy":
        np.save(path, array)
    else:
        nodata = [(42113, "s", 0, "-9999")]
        tifffile.imwrite(path, array, extrasamples=(0,), photometric="rgb", extratags=nodata)


def _scenes(path: Path) -> None:
    path.mkdir()
    for number in range(8):
        _scene(path / f"{number}.npy")


def _my_bands(path: Path) -> None:
    band_codec(path, [(0, 500)] * 4, names=("B02", "B03", "B04", "B08"), name="my-bands")


def _copy_of(path: Path) -> Callable[[Path], object]:
    return partial(shutil.copytree if path.is_dir() else shutil.copy, path)


FILES: dict[str, Callable[[Path], object]] = {
    "scene.tif": _scene,
    "scene.npy": _scene,
    "scenes": _scenes,
    "my-arrays": _scenes,
    "my-bands": _my_bands,
    "digit.png": _copy_of(sample_paths()[3]),
    "mnist.npz": _mnist,
    "scans": _scans,
    "aecodec-demo": _demo,
    "steel/test": _scans,
    **dict.fromkeys(("holiday.png", "holiday.ppm"), _photograph),
    **dict.fromkeys(("kodak", "photographs", "wallpapers"), _photographs),
    **{name: _copy_of(ROOT / name) for name in ("c", "examples/c", "examples/microcontroller")},
    "my-steel": _copy_of(CODECS / "digits"),
}
"""What a text takes for granted, by the names in it."""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    def fill(text: str) -> Path:
        for name, write in FILES.items():
            if re.search(rf"\b{re.escape(name)}\b", text):
                (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                write(tmp_path / name)
        return tmp_path

    return fill


def is_possible(command: str) -> bool:
    needed = [tools for pattern, tools in TOOLS.items() if re.match(pattern, command)]
    return all(shutil.which(tool) or find_spec(tool) for tools in needed for tool in tools)


def is_quick(command: str) -> bool:
    is_unfit = "pip install" in command or ".npz:" in command or LONG.match(command)
    return not is_unfit and is_possible(command)


def smaller(command: str) -> str:
    benchmark = re.match(r"python -m benchmarks (\w+)", command)
    return f"{command} {SMALLER.get(benchmark[1], '')}".strip() if benchmark else command


def environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}


def run(line: str, command: Command) -> None:
    program, *arguments = shlex.split(line)
    if program == "aecodec" and not set("|<>&;") & set(line):
        result = command(*arguments)
        assert result.status == 0, f"{line}\n{result.err}"
        return
    script = ["bash", "-c", f"set -o pipefail; {smaller(line)}"]
    done = subprocess.run(script, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{line}\n{done.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize("page", SHOWING, ids=lambda page: page.name)
def test_the_commands_and_programs_of_a_page_run(
    page: Path, folder: Folder, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)  # PyTorch logs to closed streams
    folder(page.read_text("utf-8"))
    if "keras.datasets.mnist.load_data()" in page.read_text("utf-8"):
        monkeypatch.setattr("keras.datasets.mnist.load_data", _load_mnist)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks_of(page):
        if block.language == "python" and is_possible(block.text):
            exec(compile(block.text, page.name, "exec"), namespace)
        for line in block.text.splitlines() if block.language == "sh" else []:
            if is_quick(line):
                run(line, command)
            elif line.startswith("aecodec train "):
                run(f"{line} --help", command)  # which rejects unknown options


def test_the_two_install_commands_are_those_that_ci_runs() -> None:
    ci = (ROOT / ".ci/run").read_text("utf-8")
    installing = [line.split(" && ") for line in commands_of(README) if "pip install" in line]
    assert len(installing) == 2
    for install, main in installing:
        assert install.replace("pip install", "install --quiet") in ci
        assert re.search(rf'^\s*{main}( "\$work/.*")?$', ci, re.MULTILINE)
