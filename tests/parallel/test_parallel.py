"""BLAS threads are limited and restored, and one thread at a time holds the lock to compute."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from aecodec import Codec
from aecodec.codec.base import Execution
from aecodec.engine.python import PythonEngine
from aecodec.entropy.range_coder import FASTEST
from aecodec.parallel import ONE_BLAS_THREAD, ComputeLock

OWN = 2
"""Threads of BLAS that the calling program has set."""

Seen = list[set[int]]


@pytest.fixture(autouse=True)
def _calling_program() -> Iterator[None]:
    """A program with a number of its own, which it finds again."""
    with threadpool_limits(OWN, "blas"):
        yield
        assert blas_threads() == {OWN}


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def watched(codec: Codec, seen: Seen) -> Codec:
    """A codec whose range coder notes the threads that BLAS has meanwhile."""

    def noting(made: Callable[..., object]) -> Callable[..., object]:
        def make(*arguments: object) -> object:
            seen.append(blas_threads())
            return made(*arguments)

        return make

    coder = FASTEST._replace(encoder=noting(FASTEST.encoder), decoder=noting(FASTEST.decoder))
    return Codec(codec.folder, Execution(PythonEngine(coder)))


def test_a_picture_of_one_segment_is_coded_with_one_blas_thread(
    photo: Codec, photograph: np.ndarray
) -> None:
    seen: Seen = []
    codec = watched(photo, seen)
    data = codec.compress(photograph[:64, :96])
    codec.decompress(data)
    codec.decoder.codes(data)
    assert seen == [{1}] * len(seen)
    assert len(seen) == 5  # an encoder, and twice a decoder with an encoder that checks it


def test_the_last_of_several_threads_gives_back_what_the_program_had() -> None:
    inside, go_on = threading.Event(), threading.Event()

    def stay() -> None:
        with ONE_BLAS_THREAD:
            inside.set()
            go_on.wait()

    thread = threading.Thread(target=stay)
    with ONE_BLAS_THREAD:
        thread.start()
        inside.wait()
    assert blas_threads() == {1}
    go_on.set()
    thread.join()
    assert blas_threads() == {OWN}


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="no fork on this system"
)
def test_a_fork_has_the_threads_of_the_program_again() -> None:
    """The thread that was inside does not live on in a fork, and will never leave there."""
    fork = multiprocessing.get_context("fork")
    sent, received = fork.SimpleQueue(), []
    with ONE_BLAS_THREAD:
        process = fork.Process(target=lambda: sent.put(blas_threads()))
        process.start()
        received.append(sent.get())
        process.join()
    assert received == [{OWN}]


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
