"""The least arena that TensorFlow Lite Micro runs a model in, in bytes.

    python -m aecodec.export.least_arena MODEL

A program of its own, as TensorFlow Lite Micro ends the process where it does not run a model; and
so each trial is a process, which begins with the library loaded.
"""

from __future__ import annotations

import sys
from multiprocessing import get_context
from typing import Any

import numpy as np

_ALIGNMENT = 16
_SMALLEST, _LARGEST = 1 << 10, 1 << 26


def main() -> None:
    model = sys.argv[1]
    _run(_loaded(model, _LARGEST))
    print(_least_arena(model))


def _loaded(model: str, arena: int) -> Any:
    from tflite_micro import runtime  # where it has no wheel, this module can be imported still

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
    trial = get_context("fork").Process(target=_loaded, args=(model, arena))
    trial.start()
    trial.join()
    return trial.exitcode == 0


if __name__ == "__main__":
    main()
