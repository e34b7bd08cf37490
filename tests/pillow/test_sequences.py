"""Stacks are the frames of an image, also in several threads and in great number."""

from __future__ import annotations

import gc
import io
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
from helpers.images import saved
from PIL import Image, ImageSequence

import aecodec
from aecodec.arrays import Pixels
from aecodec.codec.decoder_codec import DecoderCodec


@pytest.fixture
def stack(samples: Pixels) -> io.BytesIO:
    """A file of ten digits."""
    return io.BytesIO(aecodec.compress(samples))


def frames_of(image: Image.Image) -> list[Pixels]:
    return [np.asarray(frame) for frame in ImageSequence.Iterator(image)]


def test_frames_are_those_of_decompress_frames(stack: io.BytesIO) -> None:
    image = Image.open(stack)
    assert (image.n_frames, image.is_animated, image.tell()) == (10, True, 0)
    expected = aecodec.decompress_frames(stack.getvalue())
    assert (np.stack(frames_of(image)) == expected).all()
    for number in (7, 2, 2, 9, 0):
        image.seek(number)
        assert image.tell() == number
        assert (np.asarray(image) == expected[number]).all()
    assert (np.asarray(ImageSequence.Iterator(image)[4]) == expected[4]).all()


def test_all_frames_are_decoded_at_once(stack: io.BytesIO, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, decode = [], DecoderCodec.decompress_picture
    monkeypatch.setattr(
        DecoderCodec, "decompress_picture", lambda *args: calls.append(1) or decode(*args)
    )
    image = Image.open(stack)
    image.seek(3)
    assert calls == []
    for _ in range(2):
        frames_of(image)
        image.seek(5)
    assert calls == [1]


@pytest.mark.parametrize("number", [-1, 10, 1000])
def test_there_are_no_frames_beyond_the_last(stack: io.BytesIO, number: int) -> None:
    image = Image.open(stack)
    image.seek(6)
    with pytest.raises(EOFError):
        image.seek(number)
    assert image.tell() == 6
    if number > 0:
        with pytest.raises(IndexError):
            ImageSequence.Iterator(image)[number]


def test_the_frame_that_is_shown_or_all_frames_are_saved(stack: io.BytesIO) -> None:
    image = Image.open(stack)
    image.seek(7)
    single = Image.open(saved(image))
    assert single.n_frames == 1
    assert single.tobytes() == Image.open(saved(image.copy())).tobytes()
    whole = saved(image, save_all=True, level=3).getvalue()
    assert whole == aecodec.compress(aecodec.decompress_frames(stack.getvalue()), level=3)
    assert image.tell() == 7


def test_images_are_appended_with_all_their_frames(
    digit: Image.Image, stack: io.BytesIO, samples: Pixels
) -> None:
    file = saved(digit, save_all=True, append_images=(digit, Image.open(stack)))
    restored = aecodec.decompress_frames(stack.getvalue())
    expected = np.concatenate([np.stack([samples[3]] * 2), restored])
    assert file.getvalue() == aecodec.compress(expected)


THREADS = 4


def test_threads_that_load_one_image_see_the_same(samples: Pixels) -> None:
    content = aecodec.compress(samples[:1])
    expected = aecodec.decompress(content).tobytes()
    for _ in range(20):
        image, barrier = Image.open(io.BytesIO(content)), Barrier(THREADS)

        def pixels(_: int, image: Image.Image = image, barrier: Barrier = barrier) -> bytes:
            barrier.wait()
            return image.tobytes()

        with ThreadPoolExecutor(THREADS) as pool:
            assert set(pool.map(pixels, range(THREADS))) == {expected}


def test_images_leave_no_memory_behind(samples: Pixels) -> None:
    content = aecodec.compress(samples)

    def work(rounds: int) -> int:
        for _ in range(rounds):
            image = Image.open(io.BytesIO(content))
            for frame in ImageSequence.Iterator(image):
                frame.load()
            saved(image, save_all=True)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = work(10)
        assert work(20) - before < 10 * samples.nbytes
    finally:
        tracemalloc.stop()
