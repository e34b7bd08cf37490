"""The C sources compile without warnings, and agree with Python."""

from __future__ import annotations

import re
import subprocess

import pytest
from helpers.c.library import SOURCES, WARNINGS
from helpers.programs import needs

from aecodec.base.version import version


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize(
    "options", [(), ("-DAECODEC_ENCODER_ONLY", "-DAECODEC_PORTABLE"), ("-DAECODEC_NO_AVX512",)]
)
def test_compilers_have_no_warnings(compiler: str, options: tuple[str, ...]) -> None:
    """Tests of the library and of networks compile the sources with optimization and warnings."""
    needs(compiler)
    command = [compiler, *WARNINGS, *options, "-fsyntax-only"]
    subprocess.run([*command, *SOURCES.glob("aecodec*.c")], check=True)


@pytest.mark.parametrize("language", [("gcc", "-xc", "-std=c99"), ("g++", "-xc++", "-std=c++17")])
def test_the_header_compiles_by_itself(language: tuple[str, ...]) -> None:
    needs(language[0])
    options = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only"]
    for header in ("aecodec.h", "aecodec_network.h"):
        subprocess.run([*language, *options, SOURCES / header], check=True)


def test_the_header_has_the_version_of_the_package() -> None:
    header = (SOURCES / "aecodec.h").read_text("utf-8")
    macros = re.findall(r"^#define AECODEC_VERSION\w* (\S+)", header, re.MULTILINE)
    major, minor, patch = map(int, version().split(".")[:3])
    assert macros == [f'"{version()}"', str(10000 * major + 100 * minor + patch)]
