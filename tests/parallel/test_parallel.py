"""One thread at a time holds the lock to compute."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from aecodec.parallel import ComputeLock

_PATIENCE = 60
"""Seconds, for a busy machine."""


def test_another_thread_works_while_one_waits() -> None:
    lock, has_worked = ComputeLock(), threading.Event()

    def wait() -> bool:
        with lock, lock.released():
            return has_worked.wait(_PATIENCE)

    def work() -> None:
        with lock:
            has_worked.set()

    with ThreadPoolExecutor(2) as threads:
        waited = threads.submit(wait)
        threads.submit(work).result()
        assert waited.result()


def test_one_thread_works_at_a_time() -> None:
    lock, working = ComputeLock(), threading.Semaphore(1)

    def work(_: int) -> None:
        with lock:
            assert working.acquire(blocking=False)
            working.release()
            with lock.released():
                time.sleep(0)  # lets others run
            assert working.acquire(blocking=False)
            time.sleep(0)
            working.release()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(2000)))
