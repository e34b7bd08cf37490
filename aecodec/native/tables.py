"""How the library's encoder codes vectors, for fitting the tables of codecs."""

from __future__ import annotations

from collections.abc import Mapping
from ctypes import Structure, addressof, byref, c_size_t, c_void_p
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Codes, Latents
from aecodec.base.errors import UsageError
from aecodec.base.parallel import Workers
from aecodec.native import structures
from aecodec.native.library import LIBRARY, Array, address_of
from aecodec.native.status import check

Grid = tuple[int, int, int]
"""(pictures, rows, columns) of code vectors; vectors are numbered in this order."""

_SIDE = 128
"""Largest side of a segment. Vectors have neighbours only within a segment."""

_TOGETHER = structures.MAX_VECTORS
"""Approximate number of vectors that a thread explains at a time."""


def _array_names(structure: type[Structure]) -> list[str]:
    return [field[0] for field in structure._fields_ if field[1] is c_void_p]


CODEC_ARRAYS = [name for name in _array_names(structures.Codec) if name != "context"]
"""The arrays of an `aecodec_codec`, except for those of its context network."""


class Choices(NamedTuple):
    """The choices of an encoder for N vectors with K channels: the prior (N,) of each vector.

    `columns` (N, K): columns in the `rows` (N, K) of the bank; the last column is the escape.
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
        self._codec = self._structure(structures.Codec, "", **numbers)
        if "context_order" in arrays:
            units = len(arrays["context_degree"])
            self._context = self._structure(structures.ContextNetwork, "context_", units=units)
            self._codec.context = addressof(self._context)
            if "spatial_centre" in arrays:
                self._spatial = self._structure(structures.SpatialWeights, "spatial_")
                self._context.spatial = addressof(self._spatial)

    def _structure(self, structure: Any, prefix: str, **numbers: Any) -> Any:
        """A structure with numbers, and the arrays whose names begin with a prefix."""
        arrays = {
            name: address_of(self._arrays[prefix + name])
            for name in _array_names(structure)
            if prefix + name in self._arrays
        }
        return structure(**numbers, **arrays)

    def quantize(self, latents: Latents) -> Latents:
        """Quantize latents (..., latent channels) to the nearest codes (N, K)."""
        _check_width("latents", latents, self._codec.latent_channels)
        flat = np.ascontiguousarray(latents, np.int8).reshape(-1, latents.shape[-1])
        codes = np.empty((len(flat), self._codec.code_dimension), np.int8)
        addresses = address_of(flat), len(flat), address_of(codes)
        LIBRARY.aecodec_quantize(byref(self._codec), *addresses)
        return codes

    def dequantize(self, codes: Codes) -> Latents:
        """Dequantize codes (N, K) to latents (N, latent channels); other channels are 0."""
        _check_width("codes", codes, self._codec.code_dimension)
        narrow = _int8(codes)
        latents = np.empty((len(codes), self._codec.latent_channels), np.int8)
        addresses = address_of(narrow), len(codes), address_of(latents)
        LIBRARY.aecodec_dequantize(byref(self._codec), *addresses)
        return latents

    def choices(self, codes: Codes, grid: Grid | None) -> Choices:
        """The choices of an encoder for codes (N, K), in a grid or without neighbours."""
        return self._explained(_int8(codes), None, grid, (0, 0))

    def decide(self, latents: Latents, weight: tuple[int, int]) -> Latents:
        """The codes (N, K) of a file, from latents (N, channels) or (F, rows, columns, channels).

        With gains, RDOQ chooses them. `weight`: the weight of bits, `most` and `masking`.
        """
        grid = (len(latents), *latents.shape[1:3]) if latents.ndim == 4 else None
        flat = np.ascontiguousarray(latents).reshape(-1, latents.shape[-1])
        codes = np.empty((len(flat), self._codec.code_dimension), np.int8)
        self._explained(codes, flat, grid, weight)
        return codes

    def _explained(
        self, codes: Latents, latents: Latents | None, grid: Grid | None, weight: tuple[int, int]
    ) -> Choices:
        choices = Choices(
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
            pointers = (address_of(array[part]) for array in choices)
            arguments = (
                None if latents is None else address_of(latents[part]),
                structures.RateWeight(*weight),
                address_of(codes[part]),
                byref(structures.Choices(*pointers)),
            )
            segment = byref(structures.Segment(*sides))
            check(LIBRARY.aecodec_explain(byref(self._codec), segment, *arguments))

        for _ in Workers().map(explain, range(0, len(codes), step)):
            pass
        return choices

    def sizes(self, size: tuple[int, int], is_rgb: bool) -> tuple[int, int, int]:
        """Sizes of a picture of (width, height) pixels on a device.

        Returns the number of its vectors (0 if it is too large), the bytes of working memory, and
        the maximum size of its file in bytes.
        """
        ends = byref(self._codec), byref(structures.Picture(*size, is_rgb))
        vectors = LIBRARY.aecodec_vector_count(*ends)
        return vectors, LIBRARY.aecodec_work_size(*ends), LIBRARY.aecodec_file_bound(*ends)

    def file(self, size: tuple[int, int], is_rgb: bool, codes: Codes) -> bytes:
        """The `.aec` file of a picture of (width, height) pixels, as a device writes it."""
        _, *room = self.sizes(size, is_rgb)
        work, file = (np.empty(number + 4, np.uint8) for number in room)
        narrow, length = _int8(codes), c_size_t()
        picture = structures.Picture(*size, is_rgb)
        arrays = address_of(work), work.size, address_of(file), file.size
        ends = byref(self._codec), byref(picture), address_of(narrow)
        check(LIBRARY.aecodec_encode(*ends, *arrays, byref(length)))
        return file[: length.value].tobytes()


def gain_factors(gains: npt.ArrayLike) -> npt.NDArray[np.uint16]:
    """Factors (K,) of gains (K,) in 1/256 octave, -2048 to 0, as multiples of 2**-15."""
    return np.rint(2.0 ** (15 + np.asarray(gains) / 256)).astype(np.uint16)


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
    """The neighbours of the vectors of a plane, which are numbered row by row."""
    kind = np.empty((rows, columns), np.int8)
    pairs = np.zeros((rows, columns, 2, 2), np.uint32)
    for top, left in product(range(0, rows, _SIDE), range(0, columns, _SIDE)):
        part = slice(top, top + _SIDE), slice(left, left + _SIDE)
        height, width = kind[part].shape
        kinds, around = np.empty((height, width), np.int8), np.zeros((height, width, 2, 2), "<u4")
        members = np.empty(height * width, np.uint16)
        arrays = (address_of(array) for array in (members, kinds, around))
        LIBRARY.aecodec_find_neighbours(byref(structures.Segment(1, height, width)), *arrays)
        down, across = around // width, around % width
        kind[part], pairs[part] = kinds, (top + down) * columns + left + across
    pairs[kind < 0] = 0
    return Neighbours(kind.ravel(), pairs.reshape(-1, 2, 2))


def _check_width(name: str, array: Array, width: int) -> None:
    """Check the last axis of an array; the library would read beyond a shorter axis."""
    if array.shape[-1:] != (width,):
        raise UsageError(f"{name} of shape {array.shape}: the last axis must have length {width}")


def _int8(codes: Codes) -> Latents:
    """Codes in the library's type, which holds all codes of encoders."""
    return np.ascontiguousarray(np.clip(codes, -128, 127), np.int8)
