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


def test_threads_that_open_files_of_several_modes_see_what_one_sees(picture: Image.Image) -> None:
    files = [saved(picture.convert(mode)).getvalue() for mode in ("L", "LA", "RGB", "RGBA")]
    expected = [aecodec.decompress(content).tobytes() for content in files]
    with ThreadPoolExecutor(THREADS) as pool:
        found = pool.map(lambda content: Image.open(io.BytesIO(content)).tobytes(), files * 3)
    assert list(found) == expected * 3


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


def test_threads_save_and_open_what_one_saves_and_opens(
    picture: Image.Image, digit: Image.Image
) -> None:
    images = [picture, digit] * 6
    with ThreadPoolExecutor(THREADS) as pool:
        found = pool.map(lambda image: (file := saved(image), Image.open(file).tobytes()), images)
    expected = [aecodec.compress(image) for image in (picture, digit)]
    assert [(file.getvalue(), pixels) for file, pixels in found] == [
        (content, aecodec.decompress(content).tobytes()) for content in expected
    ] * 6


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
