"""How large the pictures of a file are, and how its code vectors lie."""

from __future__ import annotations

import math

from aecodec import container, tiling
from aecodec.container import Header
from aecodec.reduction import reduced_size
from aecodec.segments import Shape
from aecodec.spec import CodecSpec


def size_of(spec: CodecSpec, header: Header) -> tuple[int, int]:
    """(width, height) of a file's pictures: the codec's tile where it does not say."""
    return header.size or spec.tile[::-1]


def coded_size(spec: CodecSpec, header: Header) -> tuple[int, int]:
    """(width, height) of a file's pictures as the networks see them."""
    return reduced_size(size_of(spec, header), header.reduction)


def shape_of(spec: CodecSpec, header: Header) -> Shape:
    """How a file's code vectors lie: (planes, rows, columns), or (N,) where each stands alone.

    Raises:
        FormatError: more of them than any file may have.
    """
    tiles = _tiles_of(spec, header)
    return tiles if spec.reach else (math.prod(tiles) * spec.vectors,)


def _tiles_of(spec: CodecSpec, header: Header) -> tuple[int, int, int]:
    """(planes, rows, columns) of a file's tiles."""
    planes = header.frames * _planes_a_frame(header, spec.channels)
    rows, columns = tiling.grid(coded_size(spec, header), spec.tile)
    container.check_pixels((columns * spec.tile[1], rows * spec.tile[0]), planes)
    return planes, rows, columns


def _planes_a_frame(header: Header, channels: int) -> int:
    return header.mode.channels if channels == 1 else 1
