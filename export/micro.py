"""Whether a TFLite model runs in TensorFlow Lite Micro, and in how much memory."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_ALIGNMENT = 16
_SMALLEST, _LARGEST = 1 << 10, 1 << 26

# In a process of its own, for TensorFlow Lite Micro ends the process in an arena that is too small.
_LOAD = """
import sys
import numpy as np
from tflite_micro import runtime
model, arena = sys.argv[1:]
interpreter = runtime.Interpreter.from_file(model, arena_size=int(arena))
"""
_RUN = f"""{_LOAD}
details = interpreter.get_input_details(0)
interpreter.set_input(np.zeros(details["shape"], details["dtype"]), 0)
interpreter.invoke()
"""


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
        if reason := _failure(_RUN, file, _LARGEST):
            return MicroRun(None, reason)
        return MicroRun(_least_arena(file))


def _least_arena(file: Path) -> int:
    """All memory is laid out when a model is loaded."""
    too_small, enough = 0, _SMALLEST
    while _failure(_LOAD, file, enough):
        too_small, enough = enough, 2 * enough
    while enough - too_small > _ALIGNMENT:
        middle = (too_small + enough) // 2 // _ALIGNMENT * _ALIGNMENT
        fails = _failure(_LOAD, file, middle)
        too_small, enough = (middle, enough) if fails else (too_small, middle)
    return enough


def _failure(program: str, file: Path, arena: int) -> str:
    """What went wrong; empty for a run to the end."""
    command = [sys.executable, "-c", program, str(file), str(arena)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    said = [line for line in done.stderr.splitlines() if line.strip()]
    if done.returncode == 0:
        return ""
    return said[0].strip() if said else f"ended by signal {-done.returncode}"
