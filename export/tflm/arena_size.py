"""A program that finds the smallest tensor arena in which TensorFlow Lite Micro runs a model.

    python -m aecodec.export.tflm.arena_size MODEL

It prints the size in bytes. It is a program of its own, and each trial a process of its own,
because TensorFlow Lite Micro ends the process if it cannot run a model. Trials are forks, which
find the library loaded.
"""

from __future__ import annotations

import sys
from multiprocessing import get_context
from typing import Any

import numpy as np

_ALIGNMENT = 16
_SMALLEST, _LARGEST = 1 << 10, 1 << 26


def main() -> None:
    """Run the model, then find its arena."""
    model = sys.argv[1]
    _run(_load(model, _LARGEST))
    print(_smallest_arena(model))


def _load(model: str, arena: int) -> Any:
    from tflite_micro import runtime  # without its wheel, this module can still be imported

    return runtime.Interpreter.from_file(model, arena_size=arena)


def _run(interpreter: Any) -> None:
    details = interpreter.get_input_details(0)
    interpreter.set_input(np.zeros(details["shape"], details["dtype"]), 0)
    interpreter.invoke()


def _smallest_arena(model: str) -> int:
    too_small, enough = 0, _SMALLEST
    while not _is_enough(model, enough):
        too_small, enough = enough, 2 * enough
    while enough - too_small > _ALIGNMENT:
        middle = (too_small + enough) // 2 // _ALIGNMENT * _ALIGNMENT
        if _is_enough(model, middle):
            enough = middle
        else:
            too_small = middle
    return enough


def _is_enough(model: str, arena: int) -> bool:
    """Whether a model loads in an arena: all its memory is allocated then."""
    trial = get_context("fork").Process(target=_load, args=(model, arena))
    trial.start()
    trial.join()
    return trial.exitcode == 0


if __name__ == "__main__":
    main()
