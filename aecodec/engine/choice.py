"""The choice of an engine."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec

from aecodec.engine.interface import Engine
from aecodec.errors import UsageError

VARIABLE = "AECODEC_ENGINE"
"""Environment variable that names the engine: c or python."""


def default_engine() -> Engine:
    """The engine that AECODEC_ENGINE names; else the core if it is installed, and Python if not.

    Raises:
        UsageError: AECODEC_ENGINE names no engine, or the core, which is not installed.
    """
    return _engine(engine_name())


def engine_name() -> str:
    """Name of the default engine, "c" or "python", found without loading it.

    Raises:
        UsageError: AECODEC_ENGINE names no engine, or the core, which is not installed.
    """
    name, has_core = os.environ.get(VARIABLE, ""), _has_core()
    if name not in ("", "c", "python"):
        raise UsageError(f"{VARIABLE}={name}: the engines are c and python")
    if name == "c" and not has_core:
        raise UsageError(
            f"{VARIABLE}=c: the core is not installed; install aecodec where a C compiler is"
        )
    return name or ("c" if has_core else "python")


@cache
def _has_core() -> bool:
    return find_spec("aecodec.engine.core") is not None


@cache
def _engine(name: str) -> Engine:
    if name == "python":
        from aecodec.engine.python import PythonEngine

        return PythonEngine()
    from aecodec.engine.c import CEngine  # which needs the core

    return CEngine()
