"""The HDF5 filter `aecodec`, which stores chunks as `.aec` files of the codec `samples`.

h5py needs this module to be imported, other programs PLUGIN_FOLDER in `HDF5_PLUGIN_PATH`.
"""

from __future__ import annotations

import os
from numbers import Real
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from aecodec import native
from aecodec.chunks import Shape, check_chunk
from aecodec.errors import UsageError
from aecodec.format.samples import ANY_BANDS, Layout, SampleType

PLUGIN_FOLDER = native.__path__[0]
h5py.h5pl.append(os.fsencode(PLUGIN_FOLDER))


def options(
    dtype: npt.DTypeLike, chunks: Shape, *, max_error: float = 0, nodata: float | None = None
) -> dict[str, Any]:
    """Return keywords for `create_dataset` of h5py: the dtype, the chunks and the filter.

    Args:
        dtype: integers or floats of 8 to 64 bits; the result has the byte order of this machine.
        chunks: shape of the chunks, of any rank, whose axes are taken as in Zarr.
        max_error: no element differs from its original by more than this; 0 is lossless.
        nodata: value of missing elements, such as `_FillValue`, which stay exactly that; False if
            none is missing. If None, and with an error, the filter looks for that value in each
            chunk, and stores chunks without loss if two values may be it.

    Raises:
        ImageError: another dtype, or chunks that are empty or too large.
        UsageError: `max_error` is not a finite number from 0, or it is 0 for float64, or `nodata`
            is not exactly a number of the dtype and of float64.

    >>> options("int16", (256, 256), max_error=4)["compression"]
    44736
    """
    kind = np.dtype(dtype).newbyteorder("=")
    is_number = nodata is not None and nodata is not False
    if nodata is not None and is_number and not _is_exact(kind, nodata):
        raise UsageError(f"{kind} and float64 cannot both be {nodata!r}: give another nodata")
    chunk = check_chunk(tuple(chunks), kind, ANY_BANDS)
    if not isinstance(max_error, Real) or not (np.isfinite(max_error) and max_error >= 0):
        raise UsageError(f"max_error is {max_error!r}: give a finite number from 0")
    if kind.name == "float64" and not max_error:
        raise UsageError("float64 needs a maximum error: give max_error, or convert to float32")
    is_planar = chunk.layout in (Layout.BHW, Layout.FBHW)
    header = (1, SampleType.of(kind.name), not np.little_endian, is_planar)
    error, missing = np.array([max_error, nodata or 0], "<f8").view("<u4").reshape(2, 2)
    shape = chunk.pixels.shape
    kind_of_nodata = 1 if is_number else 2 * (nodata is False)
    values = tuple(map(int, (*header, *shape, *error, kind_of_nodata, *missing)))
    filter_ = {"compression": 44736, "compression_opts": values, "shuffle": False}
    return {"dtype": kind, "chunks": tuple(chunks), **filter_}


def _is_exact(kind: np.dtype[Any], number: float) -> bool:
    """Whether a number, or NaN, is the same in a dtype and as a double."""
    try:
        stored = kind.type(number)
    except (OverflowError, ValueError):
        return False
    is_nan = kind.kind == "f" and bool(np.isnan(stored) and np.isnan(number))
    return is_nan or bool(stored == number and float(number) == number)
