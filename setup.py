"""Packages, dependencies and the library in C; pyproject.toml has everything else.

The top-level folders are installed below `aecodec`, so that no module named `cli` or `export` lands
in anybody's site-packages. The library has no part of Python in it, so that a wheel runs on every
version. It is compiled by the system's compiler or, where there is none and on Windows, by the
package ziglang, which then is a requirement of the build.
"""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from setuptools import Extension, find_packages, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

FOLDERS = ("c", "cli", "export", "web")
COMPILERS = (os.environ.get("CC", "cc"), "gcc", "clang")
ZIG = "ziglang==0.17.1"
OPTIONS = ("-std=c99", "-O3", "-fPIC", "-ffp-contract=off", "-DAECODEC_LIBRARY")
FOLDERS_OF_C = ("c/core", "c/library")
ONLY_EXPORTED = ("-fvisibility=hidden", "-DAECODEC_FITTING", "-include", "exported.h")
DEPENDENCIES = [
    "numpy>=1.26",
    "pillow>=10.3",
    "typer>=0.24,<0.29",  # 0.29 loads pydantic, at 60 ms a call: a third of what a digit takes
    "rich>=13",
]

Command = list[str]


def package_names() -> list[str]:
    names = find_packages(exclude=["tests*", "benchmarks*", "docs*", "examples*", "fuzz*"])
    inside = [name if name.startswith("aecodec") else f"aecodec.{name}" for name in names]
    return [*inside, "aecodec.c"]  # which has no modules: exported firmware contains its files


def system_compiler() -> Command:
    """The first of the system's compilers that makes shared libraries; empty if there is none."""
    for name in COMPILERS if os.name != "nt" else ():
        compiler = [*shlex.split(name), *shlex.split(os.environ.get("CFLAGS", ""))]
        with TemporaryDirectory() as folder:
            probe = Path(folder, "probe.c")
            probe.write_text("#include <stdlib.h>\nvoid *probe(void) { return malloc(1); }\n")
            call = [*compiler, *OPTIONS, "-shared", str(probe), "-o", f"{folder}/probe"]
            try:
                subprocess.run(call, check=True, capture_output=True)
            except (OSError, subprocess.CalledProcessError):
                continue
        return compiler
    return []


def zig(target: str) -> Command:
    """The compiler of the package ziglang for a system, or for this one if `target` is empty."""
    spec = find_spec("ziglang")
    if spec is None or spec.origin is None:
        raise SystemExit(f"aecodec needs a C compiler: run pip install {ZIG}")
    return [str(Path(spec.origin).with_name("zig")), "cc", *(["-target", target] * bool(target))]


def compile_library(compiler: Command, options: Iterable[str], path: Path) -> None:
    """Compile all files, as many at a time as there are cores, and link them."""
    sources = [str(path) for folder in FOLDERS_OF_C for path in sorted(Path(folder).rglob("*.c"))]
    include = [f"-I{folder}" for folder in FOLDERS_OF_C]

    with TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as threads:

        def compile_file(source: str) -> str:
            target = f"{folder}/{Path(source).stem}.o"
            call = [*compiler, *OPTIONS, *options, *include, "-c", source, "-o", target]
            subprocess.run(call, check=True)
            return target

        objects = list(threads.map(compile_file, sources))
        linking = shlex.split(os.environ.get("LDFLAGS", ""))
        library = Path(folder, path.name)  # beside which some linkers write more
        call = [*compiler, "-shared", "-s", *objects, *linking, "-o", str(library)]
        subprocess.run(call, check=True)
        shutil.copyfile(library, path)


class BuildLibrary(build_ext):
    """Compiles the library as if it were a module of Python, which installers know to place."""

    user_options: ClassVar = [
        *build_ext.user_options,
        ("target=", None, "a system that zig compiles for, such as aarch64-linux-musl"),
    ]

    def initialize_options(self) -> None:
        super().initialize_options()
        self.target = ""

    def get_ext_filename(self, fullname: str) -> str:
        system = self.target or sysconfig.get_platform()
        name = "libaecodec.so"
        if system.startswith("win") or "windows" in system:
            name = "aecodec.dll"
        elif "macos" in system:
            name = "libaecodec.dylib"
        return os.path.join(*fullname.split(".")[:-1], name)

    def build_extension(self, ext: Extension) -> None:
        path = Path(self.get_ext_fullpath(ext.name))
        path.parent.mkdir(parents=True, exist_ok=True)
        compiler = zig(self.target) if self.target else system_compiler() or zig("")
        compile_library(compiler, () if path.suffix == ".dll" else ONLY_EXPORTED, path)


class AnyPython(bdist_wheel):
    """Names wheels for all versions of Python on one system."""

    def get_tag(self) -> tuple[str, str, str]:
        return ("py3", "none", super().get_tag()[2])


# which setuptools then takes as a module of the package
subprocess.run([sys.executable, "c/structures.py", "aecodec/native/structures.py"], check=True)
setup(
    packages=package_names(),
    package_dir={f"aecodec.{name}": name for name in FOLDERS},
    install_requires=DEPENDENCIES,
    setup_requires=[] if system_compiler() else [ZIG],
    ext_modules=[Extension("aecodec.native.library", sources=[])],
    cmdclass={"build_ext": BuildLibrary, "bdist_wheel": AnyPython},
)
