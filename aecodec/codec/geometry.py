"""Sizes of a file's pictures, of their coded pixels, and of the array of their code vectors."""

import math

from aecodec.codec_files.spec import CodecSpec
from aecodec.coding.payload import Shape
from aecodec.format.container import Header, check_pixels, pack_metadata
from aecodec.format.limits import Claim
from aecodec.imaging.tiling import grid_of, reduced_size


def picture_size(spec: CodecSpec, header: Header) -> tuple[int, int]:
    """(width, height) of a file's pictures: the codec's tile if the header does not state it."""
    return header.size or spec.tile[::-1]


def coded_size(spec: CodecSpec, header: Header) -> tuple[int, int]:
    """(width, height) of a file's pictures as the networks process them."""
    return reduced_size(picture_size(spec, header), header.reduction)


def vector_shape(spec: CodecSpec, header: Header) -> Shape:
    """Shape of the array of a file's code vectors.

    It is (planes, rows, columns) with a receptive field, else (N,). Raises FormatError if there are
    more vectors than a file may have.
    """
    planes = header.frames * (header.mode.channels if spec.channels == 1 else 1)
    rows, columns = grid_of(coded_size(spec, header), spec.tile)
    check_pixels((columns * spec.tile[1], rows * spec.tile[0]), planes)
    if spec.receptive_field:
        return planes, rows, columns
    return (planes * rows * columns * spec.vectors,)


def _rgb_pixels(size: int) -> int:
    """Number of RGB pixels with this many channels or bytes."""
    return -(-size // 3)


def claim_of(spec: CodecSpec, header: Header, file_size: int) -> Claim:
    """The content that a file claims, for :class:`aecodec.format.limits.Limits`."""
    rows, columns = grid_of(coded_size(spec, header), spec.tile)
    size = picture_size(spec, header)
    tiles = rows * columns * math.prod(spec.tile) if header.has_base else 0
    pixels = tiles + len(header.refinements) * math.prod(size)
    bands, samples = header.samples.bands if header.samples else 3, header.samples
    return Claim(
        size=size,
        frames=header.frames,
        computed=header.frames * pixels * _rgb_pixels(bands),
        weight=_rgb_pixels(bands * samples.type.size) if samples else 1,
        metadata=len(pack_metadata(header)),
        file_size=file_size,
    )
