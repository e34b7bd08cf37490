"""Packages, and the core in C; pyproject.toml has everything else.

The top-level folders are installed below `aecodec`, so that no module named `cli` or `export` lands
in anybody's site-packages.
"""

import os
from glob import glob

from setuptools import Extension, find_packages, setup

FOLDERS = ("c", "cli", "export", "web")
PACKAGES = [
    *find_packages(include=["aecodec", "aecodec.*"]),
    *(
        f"aecodec.{name}"
        for name in find_packages(
            include=[pattern for name in FOLDERS for pattern in (name, f"{name}.*")]
        )
    ),
]

CORE = Extension(
    "aecodec.engine.core",
    sources=[
        "c/python/core.c",
        *sorted(glob("c/library/*.c")),
        *sorted(glob("c/core/aecodec*.c")),
    ],
    include_dirs=["c/library", "c/core"],
    define_macros=[("AECODEC_LIBRARY", None), ("Py_LIMITED_API", "0x030A0000")],
    extra_compile_args=[] if os.name == "nt" else ["-std=c99", "-O3", "-ffp-contract=off"],
    py_limited_api=True,
)
BUILT = os.environ.get("AECODEC_NATIVE") == "1"

setup(
    packages=PACKAGES,
    package_dir={f"aecodec.{name}": name for name in FOLDERS},
    ext_modules=[CORE] if BUILT else [],
    options={"bdist_wheel": {"py_limited_api": "cp310"}} if BUILT else {},
)
