"""The least arena that TensorFlow Lite Micro runs a model in: `python micro_process.py MODEL`.

A program of its own, as TensorFlow Lite Micro ends the process where it does not run a model.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np
from tflite_micro import runtime

_ALIGNMENT = 16
_SMALLEST, _LARGEST = 1 << 10, 1 << 26


def main() -> None:
    model = sys.argv[1]
    _run(_loaded(model, _LARGEST))
    print(_least_arena(model))


def _loaded(model: str, arena: int) -> Any:
    return runtime.Interpreter.from_file(model, arena_size=arena)


def _run(interpreter: Any) -> None:
    details = interpreter.get_input_details(0)
    interpreter.set_input(np.zeros(details["shape"], details["dtype"]), 0)
    interpreter.invoke()


def _least_arena(model: str) -> int:
    """All memory is laid out when a model is loaded."""
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
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    try:
        _loaded(model, arena)
        os._exit(0)
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
