"""What the library's encoder makes of vectors and samples, for fitting the tables of codecs."""

from __future__ import annotations

from collections.abc import Mapping
from ctypes import (
    POINTER,
    Structure,
    byref,
    c_double,
    c_int16,
    c_int32,
    c_int64,
    c_size_t,
    c_uint8,
    c_uint16,
    c_uint32,
    c_void_p,
)
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes, Int32, Int64, Latents
from aecodec.errors import CodecError
from aecodec.native.library import LIBRARY, address_of
from aecodec.parallel import Workers

Grid = tuple[int, int, int]
"""(pictures, rows, columns) of code vectors; vectors are numbered in this order."""

MAX_VECTORS = 1 << 14
"""`AECODEC_MAX_VECTORS`: the largest number of vectors that a device codes."""

CODEC_ARRAYS = (
    "factors",
    "prior_numbers",
    "prior_frequencies",
    "rows",
    "bank",
    "costs",
    "prior_costs",
    "table",
    "offset",
)
"""The arrays of an `aecodec_codec`, except for those of its context network."""

_OK = 0
_TOGETHER = MAX_VECTORS
"""Approximate number of vectors that a thread explains at a time."""


class _SpatialWeights(Structure):
    _fields_ = [
        (name, c_void_p)
        for name in ("centre", "weights", "bias", "gradient_weights", "gradient_shift")
    ]


class _ContextNetwork(Structure):
    _fields_ = [
        ("units", c_uint16),
        *(
            (name, c_void_p)
            for name in (
                "order",
                "input_shift",
                "degree",
                "weights",
                "unit_shift",
                "bias",
                "output_weights",
                "output_shift",
            )
        ),
        ("spatial", POINTER(_SpatialWeights)),
    ]


class _Codec(Structure):
    """`aecodec_codec`."""

    _fields_ = [
        ("id", c_uint8 * 4),
        ("tile_width", c_uint16),
        ("tile_height", c_uint16),
        ("channels", c_uint8),
        ("is_convolutional", c_uint8),
        ("vectors_per_tile", c_uint16),
        ("level", c_uint8),
        ("is_default", c_uint8),
        ("latent_channels", c_uint16),
        ("start", c_uint16),
        ("code_dimension", c_uint16),
        ("multiple", c_uint8),
        (CODEC_ARRAYS[0], c_void_p),
        ("shapes", c_uint8),
        ("escape", c_uint8),
        ("others", c_uint8),
        ("first", c_int16),
        ("priors", c_uint16),
        ("all_priors", c_uint16),
        *((name, c_void_p) for name in CODEC_ARRAYS[1:]),
        ("max_slice", c_uint16),
        ("context", POINTER(_ContextNetwork)),
        ("samples", c_void_p),
        ("samples_size", c_uint16),
    ]


class _Picture(Structure):
    _fields_ = [("width", c_uint32), ("height", c_uint32), ("mode", c_int32)]


class _Segment(Structure):
    _fields_ = [("planes", c_uint32), ("rows", c_uint32), ("columns", c_uint32)]


class _RateWeight(Structure):
    _fields_ = [("most", c_uint8), ("masking", c_uint8)]


class _Choices(Structure):
    _fields_ = [("priors", c_void_p), ("rows", c_void_p), ("columns", c_void_p)]


class _ResidualValues(Structure):
    _fields_ = [
        ("bands", c_uint32),
        ("height", c_uint32),
        ("width", c_uint32),
        ("steps", c_void_p),
        ("limits", c_void_p),
        ("base", c_void_p),
        ("values", c_void_p),
    ]


class Choices(NamedTuple):
    """What an encoder codes for N vectors with K channels.

    Attributes:
        priors: (N,) the prior that each vector selects.
        rows: (N, K) rows of the bank.
        columns: (N, K) columns of these rows; the last column is the escape.
    """

    priors: npt.NDArray[np.uint16]
    rows: npt.NDArray[np.uint8]
    columns: npt.NDArray[np.uint8]


class LevelTables:
    """The tables of a level as the library reads them: an `aecodec_codec`.

    `numbers` and `arrays` are its fields by name, as in exported C source. The arrays of a context
    network begin with `context_`, and those of its spatial weights with `spatial_`.
    """

    def __init__(self, numbers: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        self._codec = _Codec(**numbers, **self._pointers(_Codec, ""))
        if "context_order" in arrays:
            context = _ContextNetwork(
                units=len(arrays["context_degree"]), **self._pointers(_ContextNetwork, "context_")
            )
            if "spatial_centre" in arrays:
                context.spatial.contents = _SpatialWeights(
                    **self._pointers(_SpatialWeights, "spatial_")
                )
            self._codec.context.contents = context

    def _pointers(self, owner: type[Structure], prefix: str) -> dict[str, int]:
        names = [field[0] for field in owner._fields_ if field[1] is c_void_p]
        return {
            name: address_of(self._arrays[prefix + name])
            for name in names
            if prefix + name in self._arrays
        }

    def quantize(self, latents: Latents) -> Latents:
        """Quantize latents (..., latent channels) to the nearest codes (N, K)."""
        flat = np.ascontiguousarray(latents).reshape(-1, latents.shape[-1])
        codes = np.empty((len(flat), self._codec.code_dimension), np.int8)
        LIBRARY.aecodec_quantize(
            byref(self._codec), _pointer(flat), c_size_t(len(flat)), _pointer(codes)
        )
        return codes

    def dequantize(self, codes: Codes) -> Latents:
        """Dequantize codes (N, K) to latents (N, latent channels); other channels are 0."""
        narrow = _int8(codes)
        latents = np.empty((len(codes), self._codec.latent_channels), np.int8)
        LIBRARY.aecodec_dequantize(
            byref(self._codec), _pointer(narrow), c_size_t(len(codes)), _pointer(latents)
        )
        return latents

    def choices(self, codes: Codes, grid: Grid | None) -> Choices:
        """What an encoder codes for codes (N, K), in a grid or without neighbours."""
        return self._explained(_int8(codes), None, grid, (0, 0))

    def decide(self, latents: Latents, weight: tuple[int, int]) -> Latents:
        """The codes (N, K) of a file, from latents (N, channels) or (F, rows, columns, channels).

        With gains they are chosen by RDOQ; `weight` is the weight of bits, `most` and `masking`.
        """
        grid = (len(latents), *latents.shape[1:3]) if latents.ndim == 4 else None
        flat = np.ascontiguousarray(latents).reshape(-1, latents.shape[-1])
        codes = np.empty((len(flat), self._codec.code_dimension), np.int8)
        self._explained(codes, flat, grid, weight)
        return codes

    def _explained(
        self, codes: Latents, latents: Latents | None, grid: Grid | None, weight: tuple[int, int]
    ) -> Choices:
        made = Choices(
            np.empty(len(codes), np.uint16),
            np.empty(codes.shape, np.uint8),
            np.empty(codes.shape, np.uint8),
        )
        of_plane = grid[1] * grid[2] if grid else 1
        step = of_plane * max(1, _TOGETHER // max(of_plane, 1))

        def explain(start: int) -> None:
            part = slice(start, start + step)
            count = len(codes[part])
            sides = (count // of_plane, *grid[1:]) if grid else (1, 1, count)
            pointers = (address_of(array[part]) for array in made)
            status = LIBRARY.aecodec_explain(
                byref(self._codec),
                byref(_Segment(*sides)),
                None if latents is None else _pointer(latents[part]),
                _RateWeight(*weight),
                _pointer(codes[part]),
                byref(_Choices(*pointers)),
            )
            _check(status)

        for _ in Workers().map(explain, range(0, len(codes), step)):
            pass
        return made

    def sizes(self, size: tuple[int, int], is_rgb: bool) -> tuple[int, int, int]:
        """What a picture of (width, height) pixels takes on a device.

        Returns the number of its vectors, 0 if it is too large, and the bytes of working memory
        and, at most, of its file.
        """
        functions = (
            LIBRARY.aecodec_vector_count,
            LIBRARY.aecodec_work_size,
            LIBRARY.aecodec_file_bound,
        )
        for function in functions:
            function.restype = c_size_t
        picture = _Picture(*size, is_rgb)
        vectors, work, file = (f(byref(self._codec), byref(picture)) for f in functions)
        return vectors, work, file

    def file(self, size: tuple[int, int], is_rgb: bool, codes: Codes) -> bytes:
        """The `.aec` file of a picture of (width, height) pixels, as a device writes it."""
        _, *room = self.sizes(size, is_rgb)
        work, file = (np.empty(number + 4, np.uint8) for number in room)
        narrow, length = _int8(codes), c_size_t()
        status = LIBRARY.aecodec_encode(
            byref(self._codec),
            byref(_Picture(*size, is_rgb)),
            _pointer(narrow),
            _pointer(work),
            c_size_t(work.size),
            _pointer(file),
            c_size_t(file.size),
            byref(length),
        )
        _check(status)
        return file[: length.value].tobytes()


def gain_factors(gains: npt.ArrayLike) -> npt.NDArray[np.uint16]:
    """Factors (K,) of gains (K,) in 1/256 octave, -2048 to 0, as multiples of 2**-15.

    >>> gain_factors([0, -256, -300]).tolist()
    [32768, 16384, 14544]
    """
    exact = np.ascontiguousarray(gains, np.int16)
    factors = np.empty(len(exact), np.uint16)
    LIBRARY.aecodec_gain_factors(_pointer(exact), c_size_t(len(exact)), _pointer(factors))
    return factors


class Neighbours(NamedTuple):
    """The neighbours that the spatial context of the n vectors of a plane reads.

    Attributes:
        kind: (n,) 0 diagonal, 1 straight, -1 none.
        pairs: (n, 2, 2) numbers of two pairs of opposite neighbours; 0 for vectors without.
    """

    kind: npt.NDArray[np.int8]
    pairs: npt.NDArray[np.uint32]


@lru_cache(maxsize=8)
def neighbours(rows: int, columns: int) -> Neighbours:
    """The neighbours of the vectors of a plane, which are numbered row by row.

    >>> kind, pairs = neighbours(5, 5)
    >>> kind.reshape(5, 5)[:2].tolist()
    [[-1, 1, 1, 1, 1], [1, 0, 1, 0, 1]]
    >>> pairs[6].tolist()
    [[0, 12], [2, 10]]
    """
    kind = np.empty(rows * columns, np.int8)
    pairs = np.zeros((rows * columns, 2, 2), np.uint32)
    _check(
        LIBRARY.aecodec_neighbours(
            c_uint32(rows), c_uint32(columns), _pointer(kind), _pointer(pairs)
        )
    )
    return Neighbours(kind, pairs)


class Lattice(NamedTuple):
    """Samples as values for residual networks, for a maximum error.

    Attributes:
        values: (B, height, width).
        base: the same for their base, or None.
        step: distance of two values that the error can tell apart.
        limits: lowest and highest value.
    """

    values: Int64
    base: Int64 | None
    step: int
    limits: tuple[int, int]


def lattice(
    samples: npt.NDArray[Any], base: npt.NDArray[Any] | None, kind: int, error: float
) -> Lattice:
    """Convert samples (height, width, B) to values; `kind` is the number of their type in files.

    >>> lattice(np.array([[[7], [9]]], np.uint8), None, 0, 2.5)[2:]
    (5, (0, 255))
    """
    height, width, bands = samples.shape
    values, base_values = np.empty((2, bands, height, width), np.int64)
    step, limits = c_int64(), (c_int64 * 2)()
    arrays = [
        None if array is None else np.ascontiguousarray(array, array.dtype.newbyteorder("="))
        for array in (samples, base)
    ]
    LIBRARY.aecodec_residual_lattice(
        c_uint32(kind),
        c_uint32(bands),
        c_uint32(height * width),
        *(None if array is None else _pointer(array) for array in arrays),
        c_double(error),
        _pointer(values),
        _pointer(base_values),
        byref(step),
        limits,
    )
    low, high = limits
    return Lattice(values, None if base is None else base_values, step.value, (low, high))


def input_count(band: int, has_base: bool) -> int:
    """Number of inputs of the residual network of a band.

    >>> input_count(0, False), input_count(2, True)
    (12, 34)
    """
    count: int = LIBRARY.aecodec_residual_input_count(c_uint32(band), has_base)
    return count


class SampleContext(NamedTuple):
    """What a residual network reads of n samples.

    Attributes:
        reference: (n,) the value from which all others are measured.
        exponent: (n,) inputs are distances in units of 2^(exponent - 5).
        inputs: (n, I) -127 to 127.
    """

    reference: Int64
    exponent: Int32
    inputs: npt.NDArray[np.int16]


class ResidualValues:
    """Values (B, height, width) of a segment for residual networks, with a base or None.

    `step` is the distance of two values that the bound can tell apart, `limits` are the lowest and
    the highest value.
    """

    def __init__(
        self, values: Int64, base: Int64 | None, step: int, limits: tuple[int, int]
    ) -> None:
        self._values = np.array(values, np.int64, order="C")
        self._base = np.zeros_like(self._values)
        if base is not None:
            self._base[...] = base
        bands = len(values)
        self._steps = np.full(bands, step, np.int64)
        self._limits = np.tile(np.array(limits, np.int64), (bands, 1))
        arrays = (self._steps, self._limits, self._base, self._values)
        self._fields = _ResidualValues(*self._values.shape, *map(address_of, arrays))
        self._has_base = base is not None

    def context(
        self, band: int, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]
    ) -> SampleContext:
        """What the network of a band reads of the samples at rows and columns (n,)."""
        count = input_count(band, self._has_base)
        made = SampleContext(
            np.empty(len(rows), np.int64),
            np.empty(len(rows), np.int32),
            np.empty((len(rows), count), np.int16),
        )
        places = [np.ascontiguousarray(places, np.uint32) for places in (rows, columns)]
        LIBRARY.aecodec_residual_inputs(
            byref(self._fields),
            self._has_base,
            band,
            c_size_t(len(rows)),
            *map(_pointer, places),
            _pointer(made.reference),
            _pointer(made.exponent),
            _pointer(made.inputs),
        )
        return made

    def coded(self, networks: bytes) -> tuple[Int64, int]:
        """The values of a decoder, and the bytes of their message, with packed networks."""
        decoded, size = np.empty_like(self._values), c_size_t()
        status = LIBRARY.aecodec_residual_decoded(
            byref(self._fields), networks, c_size_t(len(networks)), _pointer(decoded), byref(size)
        )
        _check(status)
        return decoded, size.value


def _int8(codes: Codes) -> Latents:
    """Codes as the library takes them; encoders make no others."""
    return np.ascontiguousarray(np.clip(codes, -128, 127), np.int8)


def _pointer(array: npt.NDArray[Any]) -> c_void_p:
    return c_void_p(address_of(array))


def _check(status: int) -> None:
    if status != _OK:
        raise CodecError(f"libaecodec returned the status {status}")
