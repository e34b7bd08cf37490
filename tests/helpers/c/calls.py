"""Raw calls of libaecodec, with arguments that its binding never gives."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import addressof, byref, string_at
from typing import Any

from aecodec.native import structures
from aecodec.native.codec import NativeCodec
from aecodec.native.library import LIBRARY
from aecodec.native.writing import Original, bounds_of

ERRORS = Any
"""Maximum errors (refinements, bands)."""


def target_of(
    level: float = 0, max_bytes: int = 0, errors: ERRORS = None, *, is_root: bool = False
) -> structures.Target:
    target = structures.Target(round(16 * level), max_bytes)
    if errors is not None:
        target.kept = bounds_of(errors, is_root=is_root)
        target.bounds = addressof(target.kept)
    return target


def compress(
    codec: NativeCodec, original: Original, target: Any = None, execution: Any = None
) -> tuple[int, bytes, structures.Compressed]:
    """The status, the file, and what the library says of it."""
    is_image, made = isinstance(original, structures.Image), structures.Compressed()
    call = LIBRARY.aecodec_compress if is_image else LIBRARY.aecodec_compress_samples
    chosen = target and byref(target), execution and byref(execution)
    status = call(codec.handle, byref(original), *chosen, byref(made))
    file = string_at(made.file, made.size) if status == structures.OK else b""
    LIBRARY.aecodec_free(made.file)
    return status, file, made


def decompress(
    codec: NativeCodec, file: bytes, limits: Any = None, execution: Any = None
) -> tuple[int, bytes]:
    """The status and the pixels of a file."""
    image, chosen = structures.Image(), (limits and byref(limits), execution and byref(execution))
    status = LIBRARY.aecodec_decompress(codec.handle, file, len(file), *chosen, byref(image))
    size = image.frames * image.height * image.width * image.channels
    pixels = string_at(image.pixels, size) if status == structures.OK else b""
    LIBRARY.aecodec_image_free(byref(image))
    return status, pixels


def in_order(report: Callable[[int, int], int]) -> structures.Execution:
    """Loops in order that report their progress, and are cancelled by another number than 0."""

    def for_each(_: Any, count: int, task: Any, argument: Any) -> int:
        for done in range(count):
            if status := report(done, count):
                return status
            task(argument, done)
        return report(count, count)

    run: Any = dict(structures.Execution._fields_)["for_each"]
    return structures.Execution(run(for_each), None, 1)
