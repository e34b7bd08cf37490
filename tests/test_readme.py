"""The README is true: its commands run, its programs run, its tables are the results."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aecodec.images import Pixels
from aecodec.samples import sample_paths
from benchmarks.readme import with_tables

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines()]

LONG = [
    command
    for command in COMMANDS
    if re.match(
        r"aecodec train .* -o "
        r"|python -m benchmarks\.(code_dimension|device|megapixels|peers|priors|steps) ",
        command,
    )
]
SIGNS_OF_LIFE = (
    "epoch 1,",
    "Epoch 1/",
    "{'code_dimension': 1,",
    "{'codec': 'PCA',",
    "{'level': 1,",
    "{'what': 'aecodec',",
    "{'prior': 'one table a channel',",
)
SMALLER = {
    "cold_start": "--rounds 1",
    "digits": "--peers 10",
    "equal_bytes": "kodak/0.png --crop 10 10 90 60",
    "large": "--megapixels 0.3",
    "megapixels": "--megapixels 0.3",
    "packet": "--limit 1",
    "rate_distortion": "--limit 1",
}
"""What makes a benchmark of minutes one of seconds."""

DEVICE_TOOLS = ("clang", "make", "arm-none-eabi-gcc", "qemu-system-arm")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, digits: Pixels, photograph: Pixels) -> Path:
    """What the README takes for granted: a digit, pictures in folders, a codec, and `mnist.npz`."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copy(sample_paths()[3], folder / "digit.png")
    (folder / "scans").mkdir()
    for path in sample_paths():
        shutil.copy(path, folder / "scans")
    for kind in ("train", "test"):
        shutil.copytree(folder / "scans", folder / "steel" / kind)
    for name in ("kodak", "photographs"):
        (folder / name).mkdir()
        for number in (0, 1):
            crop = photograph[100 * number :, 100:][:200, :210]
            Image.fromarray(crop).save(folder / name / f"{number}.png")
    for name, copy in (("digits", "my-steel"), ("photo", "first")):
        shutil.copytree(ROOT / "aecodec/codecs" / name, folder / copy)
    np.savez(folder / "mnist.npz", x_train=digits[:200], x_test=digits[200:240])
    return folder


def smaller(command: str) -> str:
    benchmark = re.match(r"python -m benchmarks\.(\w+)", command)
    return f"{command} {SMALLER.get(benchmark[1], '')}" if benchmark else command


def environment() -> dict[str, str]:
    programs = Path(sys.executable).parent
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}


def run(command: str, folder: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stderr}"


def test_every_program_runs(folder: Path) -> None:
    program = "\n".join(blocks("python"))
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "encodertest.hdf5").exists()
    assert (folder / "my-codec" / "codec.json").exists()


def test_every_command_runs(folder: Path) -> None:
    """In the order in which a reader would type them."""
    assert len(COMMANDS) > 10
    for command in COMMANDS:
        if "pip install" not in command and command not in LONG:
            run(smaller(command), folder)


def test_the_two_first_commands_are_those_that_ci_runs() -> None:
    ci = (ROOT / ".ci/run").read_text("utf-8")
    installing = [command.split(" && ") for command in COMMANDS if "pip install" in command]
    assert len(installing) == 2
    for install, main in installing:
        assert install.replace("pip install", "pip install --quiet") in ci
        assert re.search(rf"^\s*{main}$", ci, re.MULTILINE)


@pytest.mark.parametrize("command", LONG)
def test_the_long_commands_start(command: str, folder: Path, tmp_path: Path) -> None:
    """They take minutes to hours; here they get past their first results."""
    if "device" in command and not all(map(shutil.which, DEVICE_TOOLS)):
        pytest.skip(f"needs {', '.join(DEVICE_TOOLS)}")
    without_results = shutil.ignore_patterns("my-*", *re.findall(r"-o (\S+)", command))
    shutil.copytree(folder, tmp_path, ignore=without_results, dirs_exist_ok=True)
    with subprocess.Popen(
        smaller(command).split(),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        assert running.stdout is not None
        started = any(line.startswith(SIGNS_OF_LIFE) for line in running.stdout)
        running.kill()
    assert started


def test_the_tables_are_those_of_the_results() -> None:
    assert with_tables(README) == README
