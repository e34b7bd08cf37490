"""Formats that keep a maximum error, or store quantized samples without loss, beside aecodec."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from math import ceil, sqrt
from typing import Any, NamedTuple

import imagecodecs
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Shape = tuple[int, ...]
Data = bytes | bytearray
Split = Callable[[Array], list[Array]]

_LEAST_FRAME = 64 * 64
"""Samples of the smallest of several frames that are also stored in files of their own."""
_MOST_NEAR = {1: 127, 2: 255}
"""Largest error of JPEG-LS for samples of 1 and 2 bytes."""


class Coding(NamedTuple):
    """Functions from an array to bytes, and from the bytes and the shape back to the array."""

    encode: Callable[[Array], Data]
    decode: Callable[[Data, Shape], Array]

    def after(self, forward: Callable[[Array], Array], back: Callable[[Array], Array]) -> Coding:
        """The coding of arrays that `forward` maps to arrays for this coding."""
        return Coding(
            lambda array: self.encode(forward(array)),
            lambda data, shape: back(self.decode(data, shape)),
        )


class Rival(NamedTuple):
    """A format, its split of samples (frames, bands, height, width) into files, and its coding."""

    title: str
    split: Split
    coding: Coding


class _Lattice(NamedTuple):
    """Samples as numbers n: low + step n, or for floats low + step (n - 1), and 0 for NaN."""

    samples: np.dtype[Any]
    numbers: np.dtype[Any]
    low: float
    limits: tuple[float, float]
    step: float

    def quantize(self, samples: Array) -> Array:
        """The numbers of samples, at most half a step apart."""
        if self.samples.kind == "f":
            numbers = np.nan_to_num(np.rint((samples.astype(float) - self.low) / self.step) + 1)
        else:
            numbers = (samples.astype(np.int64) - self.low + self.step // 2) // self.step
        return numbers.astype(self.numbers)

    def restore(self, numbers: Array) -> Array:
        if self.samples.kind == "f":
            samples = np.where(numbers, self.low + self.step * (numbers - 1.0), np.nan)
        else:
            samples = np.clip(self.low + self.step * numbers.astype(np.int64), *self.limits)
        return samples.astype(self.samples)

    def nearest(self, numbers: Array) -> Array:
        """The samples of numbers that are floats, for steps of 1."""
        low, top = self.limits
        return self.restore(np.clip(np.rint(numbers), 0, top - low).astype(self.numbers))


def _lattice(samples: Array, step: float, of_multiples: bool = False) -> _Lattice:
    """Steps from the lowest sample, or from the multiple of the step nearest to it."""
    low, top = np.nanmin(samples).item(), np.nanmax(samples).item()
    start = (low + step // 2) // step * step if of_multiples else low
    numbers = np.min_scalar_type(ceil((top - start) / step) + (samples.dtype.kind == "f"))
    return _Lattice(samples.dtype, numbers, start, (low, top), step)


def rivals(samples: Array, error: float) -> Iterator[Rival]:
    """All ways to store samples (frames, bands, height, width) within an error; NaN are missing."""
    for title, coding in _codings(samples, error):
        for split in _layouts(title, samples.shape):
            yield Rival(title, split, coding)


def _codings(samples: Array, error: float) -> Iterator[tuple[str, Coding]]:
    if samples.dtype.kind != "f":
        return _of_integers(samples, int(error))
    ulp = float(np.spacing(np.nanmax(np.abs(samples))))
    return _of_floats(samples, error - ulp) if error > 2 * ulp else _of_bits(samples.dtype)


def _of_integers(samples: Array, error: int) -> Iterator[tuple[str, Coding]]:
    step = 2 * error + 1
    lattice, exact = _lattice(samples, step), _lattice(samples, 1)
    is_near = error <= _MOST_NEAR.get(exact.numbers.itemsize, -1)
    yield from (coding for coding in _of_numbers(lattice) if coding[0] != "JPEG-LS" or not is_near)
    multiples = _lattice(samples, step, of_multiples=True)
    if multiples != lattice:
        yield from (coding for coding in _of_numbers(multiples) if coding[0] == "JPEG XL")
    if is_near:
        yield "JPEG-LS", _jpeg_ls(error).after(exact.quantize, exact.restore)
    wide = np.dtype(np.float32 if exact.numbers.itemsize <= 2 else np.float64)
    sz3 = _sz3(error + 0.49, wide)
    yield "SZ3", sz3.after(lambda array: exact.quantize(array).astype(wide), exact.nearest)
    if exact.numbers.itemsize <= 4:
        yield "LERC", _lerc(error).after(exact.quantize, exact.restore)


def _of_floats(samples: Array, error: float) -> Iterator[tuple[str, Coding]]:
    yield from _of_numbers(_lattice(samples, 2 * error))
    if samples.dtype.itemsize >= 4:
        yield "SZ3", _with_mask(_sz3(error, samples.dtype))
        yield "LERC", _with_mask(_lerc(error))


def _of_numbers(lattice: _Lattice) -> Iterator[tuple[str, Coding]]:
    codings = {"deflate": _deflate(lattice.numbers), "zstd": _zstd(lattice.numbers)}
    if lattice.numbers.itemsize <= 4:
        codings["LERC"] = _lerc(0)
    if lattice.numbers.itemsize <= 2:
        codings |= {"JPEG XL": _JPEG_XL, "JPEG-LS": _jpeg_ls(0), "JPEG 2000": _JPEG_2000}
    for title, coding in codings.items():
        yield title, coding.after(lattice.quantize, lattice.restore)


def _of_bits(kind: np.dtype[Any]) -> Iterator[tuple[str, Coding]]:
    bits = np.dtype(f"u{kind.itemsize}")
    for title, coding in {"deflate": _deflate(bits), "zstd": _zstd(bits)}.items():
        yield title, coding.after(lambda array: array.view(bits), lambda array: array.view(kind))
    if kind.itemsize >= 4:
        yield "LERC", _with_mask(_lerc(0))
    if kind == np.float32:
        yield "JPEG XL", _JPEG_XL


def _jpeg_xl(array: Array) -> Data:
    encode = partial(imagecodecs.jpegxl_encode, lossless=True, effort=7, numthreads=1)
    return encode(array, planar=True, photometric="gray") if array.ndim == 3 else encode(array)


_JPEG_XL = Coding(_jpeg_xl, lambda data, _: imagecodecs.jpegxl_decode(data, numthreads=1))
_JPEG_2000 = Coding(
    lambda array: imagecodecs.jpeg2k_encode(array, level=0, reversible=True, codecformat="j2k"),
    lambda data, _: imagecodecs.jpeg2k_decode(data),
)


def _jpeg_ls(error: int) -> Coding:
    return Coding(
        lambda array: imagecodecs.jpegls_encode(array, level=error, out=2 * array.nbytes + 1024),
        lambda data, _: imagecodecs.jpegls_decode(data),
    )


def _sz3(error: float, kind: np.dtype[Any]) -> Coding:
    return Coding(
        lambda array: imagecodecs.sz3_encode(array, mode="abs", abs=error),
        lambda data, shape: imagecodecs.sz3_decode(data, shape=shape, dtype=kind),
    )


def _lerc(error: float) -> Coding:
    return Coding(
        lambda array: imagecodecs.lerc_encode(array, level=error, compression="zstd"),
        lambda data, _: imagecodecs.lerc_decode(data),
    )


def _deflate(kind: np.dtype[Any]) -> Coding:
    return Coding(
        lambda array: imagecodecs.zlib_encode(array.tobytes(), level=9),
        lambda data, shape: np.frombuffer(imagecodecs.zlib_decode(data), kind).reshape(shape),
    )


def _zstd(kind: np.dtype[Any]) -> Coding:
    """Differences along rows, the bytes of equal significance side by side, zstd at level 19."""

    def encode(array: Array) -> Data:
        differences = imagecodecs.delta_encode(array, axis=-1)
        planes = differences.view(np.uint8).reshape(-1, kind.itemsize).T
        return imagecodecs.zstd_encode(planes.tobytes(), level=19)

    def decode(data: Data, shape: Shape) -> Array:
        columns = np.frombuffer(imagecodecs.zstd_decode(data), np.uint8)
        differences = columns.reshape(kind.itemsize, -1).T.tobytes()
        return imagecodecs.delta_decode(np.frombuffer(differences, kind).reshape(shape), axis=-1)

    return Coding(encode, decode)


def _with_mask(coding: Coding) -> Coding:
    """A coding of floats without NaN, with a mask of NaN before it."""

    def encode(array: Array) -> bytes:
        missing = np.isnan(array)
        bits = np.packbits(missing).tobytes()
        mask = imagecodecs.zstd_encode(bits, level=19) if missing.any() else b""
        return len(mask).to_bytes(4, "little") + mask + coding.encode(_filled(array, missing))

    def decode(data: Data, shape: Shape) -> Array:
        end = 4 + int.from_bytes(data[:4], "little")
        array = np.array(coding.decode(data[end:], shape))
        if end > 4:
            bits = np.frombuffer(imagecodecs.zstd_decode(data[4:end]), np.uint8)
            array[np.unpackbits(bits, count=array.size).reshape(shape).astype(bool)] = np.nan
        return array

    return Coding(encode, decode)


def _filled(array: Array, missing: Array) -> Array:
    """Replace missing samples by the last known sample of their rows, or by the mean."""
    places = np.maximum.accumulate(np.where(missing, 0, np.arange(array.shape[-1])), axis=-1)
    filled = np.take_along_axis(array, places, axis=-1)
    mean = 0.0 if missing.all() else float(np.nanmean(array))
    return np.nan_to_num(filled, nan=mean).astype(array.dtype)


_SPLITS: dict[str, Split] = {
    "bands": lambda samples: [np.ascontiguousarray(band) for frame in samples for band in frame],
    "frames": list,
    "RGB": lambda samples: [np.ascontiguousarray(np.moveaxis(frame, 0, -1)) for frame in samples],
    "mosaics of bands": lambda samples: list(_mosaic(samples)),
    "mosaic": lambda samples: [_mosaic(samples)],
    "array": lambda samples: [samples.squeeze()],
}
_LAYOUTS = {
    "JPEG XL": ("bands", "frames", "mosaics of bands", "mosaic"),
    "JPEG-LS": ("bands", "mosaics of bands"),
    "JPEG 2000": ("bands", "RGB", "mosaics of bands"),
    "SZ3": ("bands", "frames", "mosaics of bands", "array"),
    "LERC": ("bands", "frames", "mosaics of bands"),
    "deflate": ("array",),
    "zstd": ("array",),
}


def _layouts(title: str, shape: Shape) -> Iterator[Split]:
    """The splits of samples that a format can store and that differ."""
    frames, bands, height, width = shape
    large = frames == 1 or height * width >= _LEAST_FRAME
    differ = {
        "bands": large,
        "frames": large and bands > 1,
        "RGB": large and bands == 3,
        "mosaics of bands": frames > 1,
        "mosaic": frames > 1 and bands > 1,
        "array": title != "SZ3" or (frames > 1 or bands > 1),
    }
    return (_SPLITS[name] for name in _LAYOUTS[title] if differ[name])


def _mosaic(samples: Array) -> Array:
    """All frames in a square, (bands, height, width)."""
    frames, bands, height, width = samples.shape
    side = ceil(sqrt(frames))
    filler = ((0, side * ceil(frames / side) - frames), (0, 0), (0, 0), (0, 0))
    padded = np.pad(samples, filler, constant_values=samples.flat[0])
    grid = padded.reshape(-1, side, bands, height, width).transpose(2, 0, 3, 1, 4)
    return np.ascontiguousarray(grid.reshape(bands, -1, side * width))
