"""Fixtures for all tests: real digits, real photographs, the codecs that ship."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import Command, Result
from helpers.programs import SHARED
from helpers.real_data import load_digits, load_photograph
from hypothesis import settings
from PIL import Image

import aecodec
from aecodec.cli.main import run
from aecodec.codec.registry import BUILT_IN
from aecodec.data.samples import sample_paths

# The time of an example depends on what else the machine does; the fuzzers try more examples.
settings.register_profile("untimed", deadline=None, max_examples=50)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def _shared_by_processes(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Name the folder of `shared_folder`, which all workers have around their own."""
    own = tmp_path_factory.getbasetemp()
    os.environ[SHARED] = str(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)


@pytest.fixture(scope="session")
def codec() -> aecodec.Codec:
    return aecodec.load_codec("digits")


@pytest.fixture(scope="session")
def samples() -> np.ndarray:
    """(10, 28, 28) uint8: the sample digits of the package."""
    return np.stack([np.asarray(Image.open(path)) for path in sample_paths()])


@pytest.fixture(scope="session")
def digits() -> np.ndarray:
    """(1797, 28, 28) uint8: scikit-learn's handwritten digits, enlarged."""
    tiny = np.rint(load_digits()[0] * 255 / 16).astype(np.uint8)
    enlarged = [Image.fromarray(digit).resize((20, 20), Image.Resampling.BICUBIC) for digit in tiny]
    return np.pad(np.stack([np.asarray(image) for image in enlarged]), ((0, 0), (4, 4), (4, 4)))


@pytest.fixture(scope="session")
def photo() -> aecodec.Codec:
    return aecodec.load_codec("photo")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the folder of the codec `digits`, to be changed."""
    return Path(shutil.copytree(BUILT_IN / "digits", tmp_path / "copy"))


@pytest.fixture(scope="session")
def photograph() -> np.ndarray:
    """(427, 640, 3) uint8: a photograph."""
    return load_photograph()


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Command:
    """Call `aecodec` with arguments, in this process, in a temporary working folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["aecodec", *map(str, arguments)])
        status = 0
        try:
            run()
        except SystemExit as exit_:
            status = int(exit_.code or 0)
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return Result(status, out, err)

    return call


@pytest.fixture
def fast_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `aecodec verify --device` compile without optimizing, in a quarter of the time."""
    program = tmp_path / "fast_cc"
    program.write_text('#!/bin/sh\nexec cc "$@" -O0\n', "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("CC", str(program))
