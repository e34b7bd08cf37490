"""Encoding pictures and samples with the library."""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import addressof, byref, c_size_t, c_uint64, c_void_p, string_at
from dataclasses import replace
from decimal import ROUND_CEILING, Context
from enum import IntEnum
from typing import Any

import numpy as np

from aecodec.base.arrays import Codes, Latents, Values
from aecodec.base.errors import UsageError
from aecodec.base.parallel import Workers
from aecodec.format.arrays import LAYOUTS, SampleType
from aecodec.format.container import Header
from aecodec.format.limits import UNLIMITED
from aecodec.imaging.picture import Picture
from aecodec.native import structures
from aecodec.native.codec import NativeCodec
from aecodec.native.execution import loops_of
from aecodec.native.library import LIBRARY, Array, address_of, taken
from aecodec.native.reading import Decoding, owned, parts_for
from aecodec.native.status import check, error_of

Original = structures.Image | structures.Samples
"""The input of an encoder, which keeps references to its arrays."""


def image_of(pixels: Array, alpha: Array | None = None, metadata: bytes = b"") -> structures.Image:
    """Pictures (F, H, W, C) uint8 with alpha planes (F, H, W), and entries of metadata."""
    if alpha is not None:
        pixels = np.concatenate([pixels, alpha[..., None]], axis=-1)
    pixels = np.ascontiguousarray(pixels)
    frames, height, width, channels = pixels.shape
    image = structures.Image(width, height, channels, frames, address_of(pixels))
    image.kept = pixels
    _set_metadata(image, metadata)
    return image


def samples_of(picture: Picture, metadata: bytes = b"") -> structures.Samples:
    """The samples of a picture with a layout, and entries of metadata."""
    frames, height, width, bands = picture.pixels.shape
    samples = np.ascontiguousarray(picture.pixels)
    form = SampleType.of(samples.dtype.name), picture.layout, picture.is_big_endian
    result = structures.Samples(width, height, bands, frames, *form)
    result.samples, result.kept = address_of(samples), [samples]
    if picture.nodata is not None:
        result.has_nodata, result.nodata = 1, picture.nodata
    if picture.missing is not None:
        mask = np.ascontiguousarray(picture.missing)
        result.missing, result.mask_planes = address_of(mask), mask.shape[-1]
        result.kept.append(mask)
    _set_metadata(result, metadata)
    return result


class Stability(IntEnum):
    """Whether decoded samples do not change if they are compressed again with their bound.

    Nodata is STATED or not used; or it was FOUND in these samples, and may be absent in others.
    """

    NONE, STATED, FOUND = range(3)


def nodata_in(picture: Picture) -> float | None:
    """The value of missing samples, stated in a picture or likely; or UsageError."""
    samples = samples_of(picture)
    check(LIBRARY.aecodec_find_nodata(byref(samples)))
    if not samples.has_nodata:
        return None
    return samples.nodata if picture.pixels.dtype.kind == "f" else int(samples.nodata)


def fill_missing(picture: Picture, values: Values) -> None:
    """Replace missing values (F, H, W, B) of a picture, in place, as encoders do."""
    if picture.missing is not None:
        samples = samples_of(replace(picture, layout=LAYOUTS[True, True]))
        LIBRARY.aecodec_fill_missing(byref(samples), address_of(values))


def _set_metadata(original: Original, metadata: bytes) -> None:
    if metadata:
        original.kept_metadata = np.frombuffer(metadata, np.uint8)
        original.metadata = address_of(original.kept_metadata)
        original.metadata_size = len(metadata)


def bounds_of(
    errors: Sequence[Sequence[float]], *, is_root: bool, stability: Stability = Stability.NONE
) -> structures.Bounds:
    """Maximum errors of nested refinements, coarsest first: one for all bands, or one per band."""
    numbers = np.array(errors, np.float64)
    bounds = structures.Bounds(*numbers.shape, is_root, stability, address_of(numbers))
    bounds.kept = numbers
    return bounds


def compress(
    codec: NativeCodec,
    workers: Workers,
    original: Original,
    level: int = 0,
    max_bytes: int = 0,
    bounds: structures.Bounds | None = None,
) -> tuple[bytes, structures.Compressed]:
    """Make a file at a level in sixteenths, 0 for the default, or for a number of bytes, or bounds.

    If no file is small enough, the result is empty, and its size is the size of the smallest file.
    """
    target = structures.Target(level, max_bytes, addressof(bounds) if bounds else None)
    compressed, loops = structures.Compressed(), loops_of(workers)
    is_image = isinstance(original, structures.Image)
    call = LIBRARY.aecodec_compress if is_image else LIBRARY.aecodec_compress_samples
    status = call(codec.handle, byref(original), byref(target), loops.reference, byref(compressed))
    if status == structures.TOO_FEW_BYTES:
        return b"", compressed
    if status == structures.DOES_NOT_FIT:
        least = Context(3, ROUND_CEILING).create_decimal(compressed.max_error)
        raise UsageError(f"{error_of(status)}, of at least {least:g}")
    loops.check(status)
    return taken(compressed.file, compressed.size), compressed


class Encoding:
    """Pictures as latents: their files and codes at any level. Threads must not share it.

    `reduction` is the factor by which the sides are reduced, in halves. With `is_raw`, the pictures
    have the channels of the networks, and there are no files. `clipped` counts the samples of each
    band outside its limits.
    """

    def __init__(
        self,
        codec: NativeCodec,
        workers: Workers,
        original: Original,
        reduction: int = 2,
        *,
        is_raw: bool = False,
    ) -> None:
        self._codec, self._workers, self._original = codec, workers, original
        self._loops, self._handle = loops_of(workers), c_void_p()
        self.clipped: Any = (c_uint64 * structures.MAX_BANDS)()
        self._parts = parts = parts_for(codec, workers, original.width, original.height)
        source, handle = (codec.handle, byref(original)), byref(self._handle)
        if is_raw:
            status = LIBRARY.aecodec_encoding_begin_channels(*source, parts, handle)
        elif isinstance(original, structures.Image):
            status = LIBRARY.aecodec_encoding_begin(*source, reduction, parts, handle)
        else:
            status = LIBRARY.aecodec_encoding_begin_samples(*source, parts, self.clipped, handle)
        check(status)

    def __del__(self) -> None:
        LIBRARY.aecodec_encoding_free(self._handle)

    def run(self) -> None:
        """Run the codec's network on all windows; CodecError if it is absent."""
        self._loops.check(LIBRARY.aecodec_encoding_run(self._handle, self._loops.reference))

    def latents(self) -> Latents:
        """The latents (N, channels of all levels), in the order of files."""
        vectors = c_size_t()
        address = LIBRARY.aecodec_encoding_latents(self._handle, byref(vectors))
        channels = self._codec.facts.latent_channels
        content = string_at(address, vectors.value * channels)
        return np.frombuffer(content, np.int8).reshape(-1, channels)

    def codes(self, level: int = 0) -> Codes:
        """The codes (N, K) int8 of the file at a level, in sixteenths; 0 is the default level."""
        codes, threads = structures.Codes(), self._loops.reference
        find = LIBRARY.aecodec_encoding_codes
        self._loops.check(find(self._handle, level, threads, byref(codes)))
        return owned(codes.codes, (codes.vectors, codes.dimension), np.int8)

    def file(self, level: int = 0) -> bytes:
        """The file at a level, in sixteenths; 0 is the default level."""
        file, size, threads = c_void_p(), c_size_t(), self._loops.reference
        write = LIBRARY.aecodec_encoding_file
        self._loops.check(write(self._handle, level, threads, byref(file), byref(size)))
        return taken(file, size.value)

    def decode(self, level: int = 0) -> Picture:
        """The pictures that the file at a level decodes to, without metadata."""
        decoding = Decoding.of_file(self._codec, self.file(level), UNLIMITED, self._parts)
        decoding.run(self._workers)
        return decoding.picture(Header(b""), self._workers)
