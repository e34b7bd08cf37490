"""Alpha planes as zlib streams, which are lossless."""

from __future__ import annotations

import zlib

import numpy as np

from aecodec.arrays import Pixels
from aecodec.format.binary import inflate


def pack_alpha(alpha: Pixels | None) -> bytes:
    """Compress alpha planes (F, H, W) to a zlib stream, or None to an empty one."""
    return b"" if alpha is None else zlib.compress(np.ascontiguousarray(alpha).tobytes(), 9)


def unpack_alpha(data: bytes, shape: tuple[int, int, int]) -> Pixels:
    """Decompress a zlib stream to alpha planes (F, H, W) uint8, at most one byte beyond their size.

    Raises FormatError if the stream is damaged, or does not have this size.
    """
    size = int(np.prod(shape, dtype=np.int64))
    return np.frombuffer(inflate(data, size, "the alpha plane"), np.uint8).reshape(shape)
