"""A build of the library by CMake, as programs in C link with it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from helpers.documents import ROOT
from helpers.programs import needs, shared_folder


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder of a build with strict warnings, which all workers share."""
    needs("cmake", "cc")

    def build(folder: Path) -> None:
        options = ("-S", str(ROOT / "c"), "-B", str(folder), "-DAECODEC_WARNINGS_ARE_ERRORS=ON")
        for command in (["cmake", *options], ["cmake", "--build", str(folder)]):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    return shared_folder("libaecodec", build)
