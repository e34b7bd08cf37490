"""What a caller accepts, progress, and windows of any size."""

from __future__ import annotations

import numpy as np
from helpers.c.beside_python import Both, rejection

from aecodec.arrays import Pixels
from benchmarks.c_codec import (
    CANCELLED,
    TOO_MANY_FRAMES,
    TOO_MANY_PIXELS,
    TOO_MUCH_MEMORY,
    Limits,
    reporting,
)


def test_limits_are_those_of_the_caller(digits_in_both: Both, digits: Pixels) -> None:
    file = digits_in_both.c.compress(digits[:5, ..., None], 1)
    pixels = 5 * 28 * 28
    digits_in_both.c.decompress(file, Limits(pixels, 5))
    for limits, status in (
        (Limits(pixels - 1, 5), TOO_MANY_PIXELS),
        (Limits(pixels, 4), TOO_MANY_FRAMES),
        (Limits(max_memory=1000), TOO_MUCH_MEMORY),
    ):
        with rejection(status):
            digits_in_both.c.decompress(file, limits)


def test_windows_leave_no_seams(photo_in_both: Both, photograph: Pixels) -> None:
    """With less memory there are more windows, and the same pixels."""
    picture = np.tile(photograph, (2, 2, 1))[None, :560, :700]
    file = photo_in_both.c.compress(picture, 3)
    whole = photo_in_both.c.decompress(file)
    needed = picture.size + 35 * 44 * 256
    limits = Limits(max_memory=needed + (8 << 20))
    parts: list[int] = []
    execution = reporting(lambda done, of: parts.append(of) or 0)
    cut = photo_in_both.c.decompress(file, limits, execution)
    assert parts[0] > 1
    assert np.array_equal(cut, whole)


def test_loops_may_be_cancelled(photo_in_both: Both, photograph: Pixels) -> None:
    seen: list[tuple[int, int]] = []

    def report(done: int, of: int) -> int:
        seen.append((done, of))
        return done == 2

    with rejection(CANCELLED):
        photo_in_both.c.compress(
            photograph[None, :16, :16].repeat(3, axis=0), 1, execution=reporting(report)
        )
    assert seen == [(0, 3), (1, 3), (2, 3)]
