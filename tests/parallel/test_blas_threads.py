"""BLAS works with one thread wherever codes are coded, and gets back the threads it had."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from aecodec import Codec
from aecodec.codec.execution import Execution
from aecodec.engine.python import PythonEngine
from aecodec.entropy.range_coder import FASTEST
from aecodec.parallel import ONE_BLAS_THREAD

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

    coder = replace(FASTEST, encoder=noting(FASTEST.encoder), decoder=noting(FASTEST.decoder))
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
