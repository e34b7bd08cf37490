"""The installed library is found by CMake, and exports only what it declares."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from helpers.documents import ROOT
from helpers.programs import needs

pytestmark = pytest.mark.slow

PROJECT = f"""
cmake_minimum_required(VERSION 3.16)
project(consumer C CXX)
find_package(aecodec 1.0 REQUIRED)
add_executable(in_c {ROOT}/examples/c/pnm.c)
target_link_libraries(in_c aecodec::aecodec)
add_executable(in_cpp main.cpp)
target_link_libraries(in_cpp aecodec::aecodec_shared)
"""
IN_CPP = """
#include <aecodec_library.h>
int main() { return aecodec_status_error(AECODEC_OK) != AECODEC_NO_ERROR; }
"""


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prefix of an installation."""
    prefix = tmp_path_factory.mktemp("prefix")
    command = ["cmake", "--install", str(built), "--prefix", str(prefix)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return prefix


def test_cmake_finds_it(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "CMakeLists.txt").write_text(PROJECT)
    (tmp_path / "main.cpp").write_text(IN_CPP)
    build = tmp_path / "build"
    for command in (
        ["cmake", "-S", str(tmp_path), "-B", str(build), f"-DCMAKE_PREFIX_PATH={installed}"],
        ["cmake", "--build", str(build)],
    ):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    for name, status in (("in_c", 2), ("in_cpp", 0)):  # without arguments, pnm shows its usage
        assert subprocess.run([build / name], check=False).returncode == status


def test_the_shared_library_exports_what_its_headers_declare(installed: Path) -> None:
    needs("nm")
    library = next(installed.glob("lib*/libaecodec.so"))
    command = ["nm", "-D", "--defined-only", str(library)]
    symbols = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    headers = "".join(path.read_text() for path in installed.glob("include/*.h"))
    declared = set(re.findall(r"\b(aecodec_\w+)\(", headers))
    assert set(re.findall(r" T (\w+)", symbols)) == declared


def test_no_name_can_be_that_of_another_library(built: Path) -> None:
    needs("nm")
    command = ["nm", "-g", "--defined-only", str(built / "libaecodec.a")]
    listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    names = [line.split()[-1] for line in listed.splitlines() if len(line.split()) == 3]
    assert len(names) > 40
    assert all(name.startswith("aecodec_") for name in names)
