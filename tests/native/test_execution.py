"""Loops of the library run on threads of Python, whose errors come back."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from aecodec import Codec
from aecodec.base.arrays import Pixels
from aecodec.base.parallel import Workers
from aecodec.codec.registry import with_workers


class StopError(Exception):
    """What a program may raise when it is told of progress."""


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_in_a_loop_ends_the_call(photo: Codec, photograph: Pixels, threads: int) -> None:
    def stop(done: int, count: int) -> None:
        assert 1 <= done <= count
        raise StopError

    data = photo.compress(np.concatenate([photograph[:32, :600]] * 4, axis=1))  # two segments
    stopped = with_workers(photo, Workers(threads, stop))
    for call in (stopped.decompress_frames, stopped.decoder.codes, stopped.decoder.check):
        with pytest.raises(StopError):
            call(data)
    assert photo.decompress_frames(data).shape == (1, 32, 2400, 3)


def test_calls_of_several_threads_keep_their_errors_apart(photo: Codec, photograph: Pixels) -> None:
    data = photo.compress(np.concatenate([photograph[:32, :600]] * 4, axis=1))
    caller = threading.get_ident()
    finished = list[int]()

    def stop_this(done: int, count: int) -> None:
        if threading.get_ident() == caller:
            raise StopError

    codec = with_workers(photo, Workers(2, stop_this))
    codec.folder.native  # noqa: B018 - opened before threads need it
    thread = threading.Thread(target=lambda: finished.append(len(codec.decompress_frames(data))))
    thread.start()
    with pytest.raises(StopError):
        codec.decompress_frames(data)
    thread.join()
    assert finished == [1]
