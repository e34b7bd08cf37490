"""TIFF, NumPy and FITS files for tests."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

tifffile = pytest.importorskip("tifffile")


def tiff(*pages: Any, byte_order: str = "<", big: bool = False, **options: Any) -> bytes:
    content, options = io.BytesIO(), {"photometric": "minisblack", "metadata": None, **options}
    with tifffile.TiffWriter(content, byteorder=byte_order, bigtiff=big) as writer:
        for page in pages:
            array, page_options = page if isinstance(page, tuple) else (page, {})
            writer.write(array, **{**options, **page_options})
    return content.getvalue()


def numpy_file(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    return content.getvalue()


def fits_file(array: np.ndarray, **cards: Any) -> bytes:
    """A FITS file, with an empty first unit if its cards begin with XTENSION."""
    stored, unsigned = array, array.dtype == np.uint16
    if unsigned:
        cards, stored = {"BZERO": 32768, **cards}, (array.astype(np.int32) - 32768).astype(np.int16)
    bits = 8 * stored.itemsize * (-1 if stored.dtype.kind == "f" else 1)
    axes = {f"NAXIS{axis}": side for axis, side in enumerate(stored.shape[::-1], 1)}
    kind = {} if "XTENSION" in cards else {"SIMPLE": "T"}
    header = fits_header(**kind, **cards, BITPIX=bits, NAXIS=stored.ndim, **axes)
    first = b"" if kind else fits_header(SIMPLE="T", BITPIX=8, NAXIS=0, EXTEND="T")
    data = stored.astype(stored.dtype.newbyteorder(">")).tobytes()
    return first + header + data + bytes(-len(data) % 2880)


def fits_header(**cards: Any) -> bytes:
    lines = [
        f"{keyword:8}= {value!s:>20} / a comment".ljust(80) for keyword, value in cards.items()
    ]
    text = "".join([*lines, "END"])
    return (text + " " * (-len(text) % 2880)).encode()
