"""Whether a TFLite model runs in TensorFlow Lite Micro, and in how much memory."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_PROGRAM = "aecodec.export.least_arena"


@dataclass(frozen=True)
class MicroRun:
    """What TensorFlow Lite Micro made of a model.

    Attributes:
        arena_bytes: the least tensor arena that it ran in, to 16 bytes; None if it did not run.
        reason: why it did not run; empty if it did.
    """

    arena_bytes: int | None
    reason: str = ""


def run_in_micro(model: bytes) -> MicroRun:
    """Run a model of one input, in the least arena that will do.

    Args:
        model: a `.tflite` file.
    """
    if not find_spec("tflite_micro"):
        return MicroRun(None, "tflite-micro is not installed: pip install tflite-micro")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "model.tflite")
        file.write_bytes(model)
        return _ended(_run_in_a_process(file))


def _run_in_a_process(file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", _PROGRAM, str(file)]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)


def _ended(done: subprocess.CompletedProcess[str]) -> MicroRun:
    if done.returncode == 0:
        return MicroRun(int(done.stdout))
    said = [line for line in done.stderr.splitlines() if line.strip()]
    return MicroRun(None, said[0].strip() if said else f"ended by signal {-done.returncode}")
