"""Packages, and the core in C; pyproject.toml has everything else.

The top-level folders are installed below `aecodec`, so that no module named `cli` or `export` lands
in anybody's site-packages. The core is optional: without a C compiler it is left out, and codecs
run on the Python engine. AECODEC_CORE=0 leaves it out in any case, for the wheel that fits every
system; AECODEC_CORE=1 lets the build fail if the core cannot be compiled.
"""

import os
import sys
from glob import glob

from setuptools import Extension, find_packages, setup

CORE = os.environ.get("AECODEC_CORE", "")
FOLDERS = ("c", "cli", "export", "web")
STABLE_ABI = sys.version_info >= (3, 11)  # the first version whose stable ABI has buffers


def package_names() -> list[str]:
    names = find_packages(exclude=["tests*", "benchmarks*", "docs*", "examples*", "fuzz*"])
    return [name if name.startswith("aecodec") else f"aecodec.{name}" for name in names]


def core() -> Extension:
    abi = [("Py_LIMITED_API", "0x030B0000")] if STABLE_ABI else []
    return Extension(
        "aecodec.engine.core",
        sources=["c/python/core.c", *sorted(glob("c/library/*.c")), *sorted(glob("c/core/*.c"))],
        include_dirs=["c/library", "c/core"],
        depends=[*glob("c/library/*.h"), *glob("c/core/*.h")],
        define_macros=[("AECODEC_LIBRARY", None), *abi],
        extra_compile_args=[] if os.name == "nt" else ["-std=c99", "-O3", "-ffp-contract=off"],
        py_limited_api=STABLE_ABI,
        optional=CORE != "1",
    )


setup(
    packages=package_names(),
    package_dir={f"aecodec.{name}": name for name in FOLDERS},
    ext_modules=[] if CORE == "0" else [core()],
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if STABLE_ABI and CORE != "0" else {},
)
