"""The loops of the library on our threads."""

from __future__ import annotations

import threading
from ctypes import byref
from functools import lru_cache, partial
from typing import Any

from aecodec.base.parallel import Workers
from aecodec.native import structures
from aecodec.native.status import check

_FOR_EACH: Any = dict(structures.Execution._fields_)["for_each"]


class Loops:
    """Runs the loops of calls on the threads of workers. Several threads may use it at once.

    An exception in a loop, such as KeyboardInterrupt, cancels the call, and :meth:`check` raises
    it. The library calls back on the thread that called it, so exceptions are kept by thread.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._errors: dict[int, BaseException] = {}
        run = _FOR_EACH(self._run)
        self._execution = structures.Execution(run, None, workers.thread_count)
        self.reference = byref(self._execution)

    def check(self, status: int) -> None:
        """Raise the exception that ended a loop, or the error of a status unless it is OK."""
        error = self._errors.pop(threading.get_ident(), None)
        if error:
            raise error
        check(status)

    def _run(self, _context: Any, count: int, task: Any, argument: Any) -> int:
        try:
            for _ in self._workers.map(partial(task, argument), range(count)):
                pass
        except BaseException as error:
            self._errors[threading.get_ident()] = error
            return 1
        return 0


@lru_cache(16)
def loops_of(workers: Workers) -> Loops:
    return Loops(workers)
