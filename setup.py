"""Builds the core in C too, if AECODEC_NATIVE=1 asks for it; pyproject.toml has everything else.

Without it the wheel is one for all systems, and no compiler is needed.
"""

import os
from glob import glob

from setuptools import Extension, setup

CORE = Extension(
    "aecodec.native.core",
    sources=[
        "libaecodec/python/core.c",
        *sorted(glob("libaecodec/src/*.c")),
        *sorted(glob("export/c/aecodec*.c")),
    ],
    include_dirs=["libaecodec/include", "libaecodec/src", "export/c"],
    define_macros=[("AECODEC_LIBRARY", None), ("Py_LIMITED_API", "0x030A0000")],
    extra_compile_args=[] if os.name == "nt" else ["-std=c99", "-O3", "-ffp-contract=off"],
    py_limited_api=True,
)

if os.environ.get("AECODEC_NATIVE") == "1":
    setup(ext_modules=[CORE], options={"bdist_wheel": {"py_limited_api": "cp310"}})
else:
    setup()
