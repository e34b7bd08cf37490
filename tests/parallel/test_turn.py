"""Threads that take turns: one works at a time, and others while it waits."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from aecodec.parallel import Turn

_PATIENCE = 60
"""Seconds, for a busy machine."""


def test_another_thread_works_while_one_waits() -> None:
    turn, has_worked = Turn(), threading.Event()

    def wait() -> bool:
        with turn, turn.left():
            return has_worked.wait(_PATIENCE)

    def work() -> None:
        with turn:
            has_worked.set()

    with ThreadPoolExecutor(2) as threads:
        waited = threads.submit(wait)
        threads.submit(work).result()
        assert waited.result()


def test_one_thread_works_at_a_time() -> None:
    turn, working = Turn(), threading.Semaphore(1)

    def work(_: int) -> None:
        with turn:
            assert working.acquire(blocking=False)
            working.release()
            with turn.left():
                time.sleep(0)  # lets others run
            assert working.acquire(blocking=False)
            time.sleep(0)
            working.release()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(2000)))


def test_who_has_no_turn_leaves_none() -> None:
    turn = Turn()
    with turn.left():
        pass
    with turn, pytest.raises(OSError, match="the store"), turn.left():
        raise OSError("the store does not answer")
    with turn:  # it was given back
        pass
