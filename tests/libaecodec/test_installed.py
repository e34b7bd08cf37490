"""The installed library is found by CMake and by pkg-config, from C and from C++."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from aecodec import Codec
from aecodec.arrays import Pixels
from benchmarks.c_codec import CCodec, built, bundle_of

PROGRAM = """
#include <aecodec_library.h>
#include <stdio.h>

int main(int count, char **arguments)
{
    static uint8_t pixels[28 * 28];
    aecodec_image picture = {28, 28, 1, 1, pixels};
    aecodec_bundle *codec;
    uint8_t *file;
    size_t size;
    aecodec_status status = aecodec_bundle_open(arguments[count - 1], &codec);
    if (status == AECODEC_OK)
        status = aecodec_compress(codec, &picture, 16, 0, NULL, &file, &size);
    if (status == AECODEC_OK) {
        fwrite(file, 1, size, stdout);
        aecodec_free(file);
        aecodec_bundle_close(codec);
    }
    return (int)status;
}
"""

PROJECT = """
cmake_minimum_required(VERSION 3.16)
project(consumer C CXX)
find_package(aecodec 0.1 REQUIRED)
add_executable(in_c main.c)
target_link_libraries(in_c aecodec::aecodec)
add_executable(in_cpp main.cpp)
target_link_libraries(in_cpp aecodec::aecodec_shared)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prefix of an installation."""
    prefix = tmp_path_factory.mktemp("prefix")
    command = ["cmake", "--install", str(built()), "--prefix", str(prefix)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return prefix


@pytest.fixture(scope="module")
def consumer(tmp_path_factory: pytest.TempPathFactory, codec: Codec) -> Path:
    """A folder with a program that uses the library, and a bundle."""
    folder = tmp_path_factory.mktemp("consumer")
    for name in ("main.c", "main.cpp"):
        (folder / name).write_text(PROGRAM)
    (folder / "CMakeLists.txt").write_text(PROJECT)
    (folder / "digits.bundle").write_bytes(bundle_of(codec.folder))
    return folder


def check(program: Path, consumer: Path, codec: Codec, digits: Pixels, **variables: str) -> None:
    """Check that a program writes the file of a black digit."""
    command = [str(program), str(consumer / "digits.bundle")]
    done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, check=True)
    assert done.stdout == CCodec(bundle_of(codec.folder)).compress(0 * digits[:1, ..., None], 1)


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
    if not shutil.which("pkg-config"):
        pytest.skip("no pkg-config here")
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
