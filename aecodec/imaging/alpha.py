"""Alpha planes as zlib streams, which are lossless."""

from __future__ import annotations

import zlib

import numpy as np

from aecodec.arrays import Pixels
from aecodec.errors import FormatError


def pack_alpha(alpha: Pixels | None) -> bytes:
    """Compress alpha planes (F, H, W) to a zlib stream, or None to an empty one."""
    return b"" if alpha is None else zlib.compress(np.ascontiguousarray(alpha).tobytes(), 9)


def unpack_alpha(data: bytes, shape: tuple[int, int, int]) -> Pixels:
    """Decompress a zlib stream to alpha planes, at most one byte beyond their size.

    Args:
        data: the zlib stream.
        shape: (F, H, W) of the planes.

    Returns:
        (F, H, W) uint8.

    Raises:
        FormatError: the stream is damaged, or does not have this size.
    """
    size = int(np.prod(shape, dtype=np.int64))
    inflater = zlib.decompressobj()
    try:
        plane = inflater.decompress(data, size)
        surplus = inflater.decompress(inflater.unconsumed_tail, 1)  # also reads the checksum
    except zlib.error as error:
        raise FormatError(f"damaged: the alpha plane does not inflate ({error})") from error
    if len(plane) != size or surplus:
        raise FormatError("damaged: the alpha plane does not have the picture's size")
    if inflater.unused_data or not inflater.eof:
        raise FormatError("damaged: the alpha plane does not end where it should")
    return np.frombuffer(plane, np.uint8).reshape(shape)
