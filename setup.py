"""Packages, dependencies and the core in C; pyproject.toml has everything else.

The top-level folders are installed below `aecodec`, so that no module named `cli` or `export` lands
in anybody's site-packages. Without a C compiler the core is left out, and codecs run on the Python
engine, which needs more packages. AECODEC_CORE=0 always leaves the core out, for the wheel that
fits every system; AECODEC_CORE=1 lets the build fail if the core cannot be compiled.
"""

import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from glob import glob
from pathlib import Path

from setuptools import Distribution, Extension, find_packages, setup
from setuptools.command.build_ext import build_ext

CHOICE = os.environ.get("AECODEC_CORE", "")
FOLDERS = ("c", "cli", "export", "web")
STABLE_ABI = sys.version_info >= (3, 11)  # the first version whose stable ABI has buffers
COMPILER_OPTIONS = (
    ["/std:c11"]  # without it, Visual C++ does not know the word restrict
    if os.name == "nt"
    else ["-std=c99", "-O3", "-ffp-contract=off"]
)
DEPENDENCIES = [
    "numpy>=1.26",
    "pillow>=10.3",
    "typer>=0.24,<0.29",  # 0.29 loads pydantic, at 60 ms a call: a third of what a digit takes
    "rich>=13",
]


def package_names() -> list[str]:
    names = find_packages(exclude=["tests*", "benchmarks*", "docs*", "examples*", "fuzz*"])
    inside = [name if name.startswith("aecodec") else f"aecodec.{name}" for name in names]
    return [*inside, "aecodec.c"]  # which has no modules: exported firmware contains its files


def core() -> Extension:
    abi = [("Py_LIMITED_API", "0x030B0000")] if STABLE_ABI else []
    return Extension(
        "aecodec.engine.core",
        sources=[*sorted(glob("c/core/*.c")), "c/python/core.c", *sorted(glob("c/library/*.c"))],
        include_dirs=["c/library", "c/core"],
        depends=[*glob("c/library/*.h"), *glob("c/core/*.h")],
        define_macros=[("AECODEC_LIBRARY", None), *abi],
        extra_compile_args=COMPILER_OPTIONS,
        py_limited_api=STABLE_ABI,
        optional=CHOICE != "1",
    )


class ParallelBuild(build_ext):
    """Compiles the files of an extension at the same time."""

    def build_extension(self, ext: Extension) -> None:
        compile_files = self.compiler.compile

        def compile_in_parallel(sources: list[str], **options: object) -> list[str]:
            with ThreadPoolExecutor(os.cpu_count()) as threads:
                objects = threads.map(lambda source: compile_files([source], **options), sources)
                return [path for paths in objects for path in paths]

        self.compiler.compile = compile_in_parallel
        super().build_extension(ext)


def has_compiler() -> bool:
    """Whether a module of Python can be compiled here."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.c")
        source.write_text("#include <Python.h>\nPyObject *PyInit_probe(void) { return NULL; }\n")
        command = Distribution({"ext_modules": [Extension("probe", [str(source)])]})
        build = command.get_command_obj("build_ext")
        build.build_lib = build.build_temp = folder
        try:
            build.ensure_finalized()
            build.run()
        except Exception:  # each kind of compiler has its own errors
            return False
    return True


HAS_CORE = CHOICE == "1" or (CHOICE != "0" and has_compiler())

setup(
    packages=package_names(),
    package_dir={f"aecodec.{name}": name for name in FOLDERS},
    install_requires=DEPENDENCIES if HAS_CORE else [*DEPENDENCIES, "aecodec[litert]"],
    ext_modules=[core()] if HAS_CORE else [],
    cmdclass={"build_ext": ParallelBuild},
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if HAS_CORE and STABLE_ABI else {},
)
