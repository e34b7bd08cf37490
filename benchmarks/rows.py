"""Rows of figures, with the machine and the versions that gave them."""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

_PACKAGES = ("aecodec", "numpy", "pillow", "ai-edge-litert", "constriction")


def arguments(description: str | None) -> argparse.ArgumentParser:
    """What every benchmark on data takes: the data, and where the figures go."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("data", type=Path, help="see above")
    parser.add_argument("--json", type=Path)
    return parser


def codec_arguments(description: str | None, codec: str) -> argparse.ArgumentParser:
    """And a codec, a default one unless another is named."""
    parser = arguments(description)
    parser.add_argument("--codec", default=codec, metavar="NAME|DIR")
    return parser


def least_seconds(work: Callable[[], object], rounds: int) -> float:
    """The shortest time that some work takes."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def write_rows(path: Path | None, rows: Sequence[dict[str, Any]]) -> None:
    """Write figures as JSON, if a file was asked for."""
    if path:
        text = json.dumps({"machine": machine(), "rows": list(rows)}, indent=1)
        path.write_text(text + "\n", "utf-8")


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "")
