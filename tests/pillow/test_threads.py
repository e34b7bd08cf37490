"""Images in several threads, and in great number."""

from __future__ import annotations

import gc
import io
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from helpers.images import saved
from PIL import Image, ImageSequence

import aecodec
from aecodec.arrays import Pixels

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
