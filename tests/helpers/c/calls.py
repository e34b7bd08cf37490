"""Raw calls of libaecodec, with arguments that its binding never gives."""

from __future__ import annotations

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
    codec: NativeCodec, original: Original, target: Any = None
) -> tuple[int, bytes, structures.Compressed]:
    """The status, the file, and what the library says of it."""
    is_image, result = isinstance(original, structures.Image), structures.Compressed()
    call = LIBRARY.aecodec_compress if is_image else LIBRARY.aecodec_compress_samples
    status = call(codec.handle, byref(original), target and byref(target), None, byref(result))
    file = string_at(result.file, result.size) if status == structures.OK else b""
    LIBRARY.aecodec_free(result.file)
    return status, file, result


def decompress(codec: NativeCodec, file: bytes, limits: Any = None) -> tuple[int, bytes]:
    """The status and the pixels of a file."""
    image, source = structures.Image(), (codec.handle, file, len(file), limits and byref(limits))
    status = LIBRARY.aecodec_decompress(*source, None, byref(image))
    size = image.frames * image.height * image.width * image.channels
    pixels = string_at(image.pixels, size) if status == structures.OK else b""
    LIBRARY.aecodec_image_free(byref(image))
    return status, pixels
