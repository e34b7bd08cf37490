"""Whether a TFLite model runs in TensorFlow Lite Micro, and in how much memory."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_PROGRAM = "aecodec.export.tflm.arena_size"


@dataclass(frozen=True)
class MicroRun:
    """Result of running a model in TensorFlow Lite Micro.

    Attributes:
        arena_bytes: smallest tensor arena in which the model ran, a multiple of 16; None if it did
            not run.
        reason: why it did not run; empty if it did.
    """

    arena_bytes: int | None
    reason: str = ""


def run_in_micro(model: bytes) -> MicroRun:
    """Run a model with one input, and find the smallest arena in which it runs.

    Args:
        model: content of a `.tflite` file.
    """
    if not find_spec("tflite_micro"):
        return MicroRun(None, "tflite-micro is not installed: pip install tflite-micro")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "model.tflite")
        file.write_bytes(model)
        return _result(_run_program(file))


def _run_program(file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", _PROGRAM, str(file)]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)


def _result(done: subprocess.CompletedProcess[str]) -> MicroRun:
    if done.returncode == 0:
        return MicroRun(int(done.stdout))
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return MicroRun(None, lines[0] if lines else f"ended by signal {-done.returncode}")
