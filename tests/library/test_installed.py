"""The installed library is found by CMake and pkg-config, and exports only what it declares."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from helpers.documents import ROOT, blocks_of
from helpers.programs import needs

from aecodec import Codec
from aecodec.arrays import Pixels

pytestmark = pytest.mark.slow

PROGRAM = next(block.text for block in blocks_of(ROOT / "docs" / "c.md") if block.language == "c")
"""The program that the documentation shows."""

PROJECT = """
cmake_minimum_required(VERSION 3.16)
project(consumer C CXX)
find_package(aecodec 1.0 REQUIRED)
add_executable(in_c main.c)
target_link_libraries(in_c aecodec::aecodec)
add_executable(in_cpp main.cpp)
target_link_libraries(in_cpp aecodec::aecodec_shared)
"""


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prefix of an installation."""
    prefix = tmp_path_factory.mktemp("prefix")
    command = ["cmake", "--install", str(built), "--prefix", str(prefix)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return prefix


@pytest.fixture(scope="module")
def consumer(tmp_path_factory: pytest.TempPathFactory, codec: Codec) -> Path:
    """A folder with a program that uses the library, and a codec file."""
    folder = tmp_path_factory.mktemp("consumer")
    for name in ("main.c", "main.cpp"):
        (folder / name).write_text(PROGRAM)
    (folder / "CMakeLists.txt").write_text(PROJECT)
    (folder / "digits.aecodec").write_bytes(codec.folder.content)
    return folder


def check(program: Path, consumer: Path, codec: Codec, digits: Pixels, **variables: str) -> None:
    """Check that the program makes a file of a black digit and a picture of that."""
    done = subprocess.run(
        [str(program)],
        cwd=consumer,
        env={**os.environ, **variables},
        capture_output=True,
        check=True,
        text=True,
    )
    file = codec.compress(0 * digits[0], level=1)
    assert done.stdout == f"{len(file)} bytes, 28 x 28 pixels\ndone\n"


def test_cmake_finds_it(installed: Path, consumer: Path, codec: Codec, digits: Pixels) -> None:
    build = consumer / "build"
    for command in (
        ["cmake", "-S", str(consumer), "-B", str(build), f"-DCMAKE_PREFIX_PATH={installed}"],
        ["cmake", "--build", str(build)],
    ):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    for name in ("in_c", "in_cpp"):
        check(build / name, consumer, codec, digits)


def test_pkg_config_finds_it(installed: Path, consumer: Path, codec: Codec, digits: Pixels) -> None:
    needs("pkg-config")
    libraries = next(installed.glob("lib*/pkgconfig")).parent
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "aecodec"],
        env={**os.environ, "PKG_CONFIG_PATH": str(libraries / "pkgconfig")},
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()
    program = consumer / "by_pkg_config"
    subprocess.run(["cc", "-o", str(program), str(consumer / "main.c"), *flags], check=True)
    check(program, consumer, codec, digits, LD_LIBRARY_PATH=str(libraries))


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
