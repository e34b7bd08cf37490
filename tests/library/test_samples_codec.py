"""The built-in codec `samples`: types, bounds, masks, windows and damage, by ctypes."""

from __future__ import annotations

from ctypes import addressof, byref, c_char_p, c_size_t, c_uint32, c_void_p, string_at
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aecodec.native import structures
from aecodec.native.library import LIBRARY, address_of

Array = npt.NDArray[Any]

TYPES = ("u1", "i1", "u2", "i2", "i4", "f2", "f4", "u4", "i8", "u8", "f8")
"""By their numbers in files."""

CODEC = LIBRARY.aecodec_samples_codec()


class Made(NamedTuple):
    status: int
    file: bytes
    max_error: float


def compress(
    samples: Array, *errors: float, nodata: float | None = None, planar: bool = False
) -> Made:
    """Compress samples (F, H, W, B) within errors, the coarsest first."""
    frames, height, width, bands = samples.shape
    given = np.ascontiguousarray(np.moveaxis(samples, 3, 1) if planar else samples)
    fields = structures.Samples(width, height, bands, frames, TYPES.index(samples.dtype.str[1:]), 3)
    fields.samples, fields.is_planar = address_of(given), planar
    fields.has_nodata, fields.nodata = nodata is not None, nodata or 0
    numbers = np.array(errors, np.float64)
    bounds = structures.Bounds(len(errors), 1, 0, address_of(numbers))
    target, made = structures.Target(bounds=addressof(bounds)), structures.Compressed()
    ends = byref(fields), byref(target), None, byref(made)
    status = LIBRARY.aecodec_compress_samples(CODEC, *ends)
    file = string_at(made.file, made.size) if status == structures.OK else b""
    LIBRARY.aecodec_free(made.file)
    return Made(status, file, made.max_error)


def decompress(file: bytes) -> tuple[int, Array, Array | None]:
    """The status, the samples and the mask of a file."""
    fields = structures.Samples()
    status = LIBRARY.aecodec_decompress_samples(CODEC, file, len(file), None, None, byref(fields))
    if status != structures.OK:
        return status, np.empty(0), None
    shape = (fields.frames, fields.height, fields.width)
    numbers = string_at(
        fields.samples, int(np.prod(shape)) * fields.bands * int(TYPES[fields.type][1])
    )
    mask = None
    if fields.missing:
        bytes_of_mask = string_at(fields.missing, int(np.prod(shape)) * fields.mask_planes)
        mask = np.frombuffer(bytes_of_mask, np.uint8).reshape(*shape, -1)
    LIBRARY.aecodec_samples_free(byref(fields))
    return status, np.frombuffer(numbers, TYPES[fields.type]).reshape(*shape, -1), mask


def largest(a: Array, b: Array) -> float:
    """The largest difference, also of integers of 64 bits."""
    return float(
        max(abs(x - y) for x, y in zip(a.ravel().tolist(), b.ravel().tolist(), strict=True))
    )


@st.composite
def arrays(draw: st.DrawFn) -> Array:
    shape = draw(st.tuples(*(st.integers(1, most) for most in (3, 9, 9, 40))))
    kind = np.dtype(draw(st.sampled_from(TYPES)))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    if kind.kind == "f":
        return (random.normal(size=shape) * 100).astype(kind)
    limits: Any = np.iinfo(kind)
    low, high = limits.min, limits.max
    start = draw(st.integers(low, max(low, high - 2**32 + 2)))
    return random.integers(start, min(high, start + 2**32 - 2), shape, kind, endpoint=True)


@given(arrays(), st.sampled_from([(0,), (3,), (20, 3, 0.5)]), st.booleans())
def test_no_sample_of_any_type_differs_by_more_than_its_bound(
    samples: Array, errors: tuple[float, ...], planar: bool
) -> None:
    made = compress(samples, *errors, planar=planar)
    if samples.dtype == np.float64 and errors == (0,):
        assert made.status == structures.DOES_NOT_FIT or made.max_error == 0
        return
    assert made.status == structures.OK
    status, restored, mask = decompress(made.file)
    assert (status, mask, restored.dtype, restored.shape) == (0, None, samples.dtype, samples.shape)
    assert largest(samples, restored) == made.max_error <= errors[-1]


@pytest.mark.parametrize("name", ["i8", "u8", "f8"])
def test_the_smallest_bound_that_fits_is_told(name: str) -> None:
    samples = (np.array([0, 3, 2**40, 2**62]) / (3 if name == "f8" else 1)).astype(name)[
        None, None, :, None
    ]
    made = compress(samples, 0)
    assert made.status == structures.DOES_NOT_FIT
    assert largest(decompress(compress(samples, made.max_error).file)[1], samples) <= made.max_error


@pytest.mark.parametrize("numbers", [[1.5, 2.25, 1e6], [1.7e9 + 0.125, 1.7e9], [-0.0, 0.0]])
def test_doubles_that_are_multiples_of_a_power_of_2_are_lossless(numbers: list[float]) -> None:
    samples = np.array(numbers)[None, None, :, None]
    assert np.array_equal(decompress(compress(samples, 0).file)[1], samples)


def test_missing_samples_have_no_error_and_keep_their_value() -> None:
    samples = np.random.default_rng(0).integers(0, 60, (2, 30, 20, 3)).astype(np.int64)
    samples[samples == 7] = np.iinfo(np.int64).min
    _, restored, mask = decompress(compress(samples, 2, nodata=-(2.0**63)).file)
    missing = samples == np.iinfo(np.int64).min
    assert mask is not None
    assert (mask.astype(bool) == missing).all()
    assert (restored[missing] == samples[missing]).all()
    assert largest(restored[~missing], samples[~missing]) <= 2


@pytest.mark.parametrize("shape", [(1, 8, 9, 2), (3, 260, 257, 1)])
@pytest.mark.parametrize("errors", [(1,), (9, 1)])
def test_every_changed_byte_is_found(shape: tuple[int, ...], errors: tuple[float, ...]) -> None:
    samples = np.random.default_rng(0).integers(0, 200, shape, np.uint8)
    file = compress(samples, *errors).file
    for place in {*range(min(len(file), 200)), *range(0, len(file), len(file) // 200 + 1)}:
        damaged = bytearray(file)
        damaged[place] ^= 1 + place % 255
        assert decompress(bytes(damaged))[0] != structures.OK


# ---- windows ----


def opened(file: bytes) -> tuple[c_void_p, int]:
    """The head of a file, and how many bytes it took."""
    head, needed, status = c_void_p(), c_size_t(50), structures.INCOMPLETE
    while status == structures.INCOMPLETE:
        size = min(needed.value, len(file))
        ends = byref(head), byref(needed)
        status = LIBRARY.aecodec_head_open(CODEC, file[:size], size, len(file), *ends)
    assert status == structures.OK
    return head, size


def window(
    file: bytes, head: c_void_p, place: tuple[int, ...], samples: Array, mask: Array | None
) -> int:
    """Decode a window to arrays. Returns the bytes of its messages."""
    region, count = structures.Region(*place), c_uint32()
    assert LIBRARY.aecodec_window_plan(head, byref(region), None, byref(count)) == structures.OK
    parts = (structures.Part * count.value)()
    assert LIBRARY.aecodec_window_plan(head, byref(region), parts, byref(count)) == structures.OK
    messages = (c_char_p * count.value)(*(file[part.at : part.at + part.size] for part in parts))
    room = address_of(samples), None if mask is None else address_of(mask)
    assert (
        LIBRARY.aecodec_window_decode(head, byref(region), messages, None, *room) == structures.OK
    )
    return sum(part.size for part in parts)


@pytest.mark.parametrize("shape", [(1, 700, 600, 2), (1, 20, 30, 3), (5, 200, 100, 1)])
@pytest.mark.parametrize("nodata", [None, 7])
def test_windows_are_those_of_the_whole(shape: tuple[int, ...], nodata: int | None) -> None:
    random = np.random.default_rng(0)
    file = compress(random.integers(0, 60, shape, np.uint16), 2, nodata=nodata).file
    _, whole, mask = decompress(file)
    head, _ = opened(file)
    for _ in range(8):
        counts = [int(random.integers(1, side, endpoint=True)) for side in shape[:3]]
        starts = [
            int(random.integers(0, side - n, endpoint=True))
            for side, n in zip(shape[:3], counts, strict=True)
        ]
        there = tuple(slice(start, start + n) for start, n in zip(starts, counts, strict=True))
        samples = np.empty((*counts, shape[3]), np.uint16)
        missing = None if mask is None else np.empty((*counts, mask.shape[3]), np.uint8)
        place = [number for pair in zip(starts, counts, strict=True) for number in pair]
        window(file, head, tuple(place), samples, missing)
        assert np.array_equal(samples, whole[there])
        assert mask is None or np.array_equal(np.asarray(missing), mask[there])
    LIBRARY.aecodec_head_close(head)


def test_a_window_of_a_large_band_reads_little() -> None:
    file = compress(np.zeros((1, 5000, 5000, 1), np.uint8), 0).file
    head, size = opened(file)
    samples = np.empty((1, 256, 256, 1), np.uint8)
    read = size + window(file, head, (0, 1, 1000, 256, 3000, 256), samples, None)
    LIBRARY.aecodec_head_close(head)
    assert read < 0.02 * 5000**2


def test_windows_are_refused_outside_and_of_other_files() -> None:
    samples = np.zeros((1, 9, 9, 1), np.uint8)
    file, nested = (
        compress(samples, 0).file,
        compress(samples + np.arange(9)[:, None].astype(np.uint8), 9, 0).file,
    )
    head, count, needed = opened(file)[0], c_uint32(), c_size_t()
    for place in (
        (0, 1, 0, 10, 0, 9),
        (0, 0, 0, 9, 0, 9),
        (1, 1, 0, 9, 0, 9),
        (0, 1, 0, 9, 2**32 - 1, 9),
    ):
        region = structures.Region(*place)
        assert (
            LIBRARY.aecodec_window_plan(head, byref(region), None, byref(count))
            == structures.BAD_ARGUMENT
        )
    LIBRARY.aecodec_head_close(head)
    status = LIBRARY.aecodec_head_open(
        CODEC, nested, len(nested), len(nested), byref(head), byref(needed)
    )
    assert status == structures.NO_WINDOWS
