"""The choice of an engine."""

from __future__ import annotations

import os
from functools import cache

from aecodec.engine.interface import Engine
from aecodec.engine.python import PythonEngine
from aecodec.errors import UsageError

VARIABLE = "AECODEC_ENGINE"
"""Environment variable that names the engine: c or python."""


def default_engine() -> Engine:
    """The engine that AECODEC_ENGINE names; else the core if it is installed, and Python if not.

    Raises:
        UsageError: AECODEC_ENGINE names no engine, or the core and it is not installed.
    """
    return _engine(os.environ.get(VARIABLE, ""))


@cache
def _engine(name: str) -> Engine:
    if name not in ("", "c", "python"):
        raise UsageError(f"{VARIABLE}={name}: the engines are c and python")
    if name == "python":
        return PythonEngine()
    try:
        from aecodec.engine.c import CEngine
    except ImportError as error:
        if name:
            raise UsageError(
                f"{VARIABLE}=c: the core is not installed: install aecodec with a C compiler"
            ) from error
        return PythonEngine()
    return CEngine()
