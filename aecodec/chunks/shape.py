"""The shape of a chunk determines whether it is one picture or several.

As for :func:`aecodec.compress`, two axes are (H, W), and four axes are (N, H, W, C). Three axes are
(H, W, C) if the last axis has a length of 1 to 4, else (N, H, W).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aecodec.codec.geometry import picture_size
from aecodec.codec_files.spec import CodecSpec
from aecodec.errors import FormatError, ImageError
from aecodec.format.container import Header
from aecodec.imaging.picture import Picture, as_picture, check_limits

Shape = tuple[int, ...]


def check_chunk(shape: Shape, dtype: npt.DTypeLike) -> None:
    """Check that chunks are pictures.

    Raises:
        ImageError: chunks with this shape or dtype are not pictures, or have too many pixels.

    >>> check_chunk((60000, 28, 28), np.uint8)
    """
    _black_chunk(shape, dtype)


def _black_chunk(shape: Shape, dtype: npt.DTypeLike = np.uint8) -> Picture:
    """Make a chunk of black pictures, which take no memory."""
    try:
        picture = as_picture(np.broadcast_to(np.zeros((), dtype), shape))
        check_limits(picture)
    except ImageError as error:
        raise ImageError(
            f"{error} (a chunk is uint8 with the shape (H, W), (H, W, C), (N, H, W) or "
            "(N, H, W, C), and C from 1 to 4)"
        ) from error
    return picture


def check_chunks(array: Shape, chunk: Shape, dtype: npt.DTypeLike) -> None:
    """Check that the chunks of an array are whole pictures, with all their channels.

    The array and the chunk are stated by their shapes.

    Raises:
        ImageError: the chunks are not whole pictures.

    >>> check_chunks((60000, 28, 28), (1000, 28, 28), np.uint8)
    >>> check_chunks((28, 28, 300), (28, 28, 3), np.uint8)
    Traceback (most recent call last):
    aecodec.errors.ImageError: chunks of (28, 28, 3) in an array of (28, 28, 300): a last axis of \
1 to 4 is channels, and a chunk must hold all of them
    """
    check_chunk(chunk, dtype)
    if len(chunk) > 2 and chunk[-1] <= 4 and chunk[-1] != array[-1]:
        raise ImageError(
            f"chunks of {chunk} in an array of {array}: a last axis of 1 to 4 is channels, and a "
            "chunk must hold all of them"
        )


def check_header(spec: CodecSpec, header: Header, shape: Shape) -> None:
    """Check that a file contains the pictures of a chunk, before they are decoded.

    Raises:
        FormatError: the file contains other pictures.
    """
    chunk, size = _black_chunk(shape), picture_size(spec, header)
    if (header.frames, size, header.picture_mode) != (chunk.frames, chunk.size, chunk.mode):
        raise FormatError(
            f"the chunk has {header.frames} x {size[0]}x{size[1]} {header.picture_mode.name}, but "
            f"the chunks of its array have the shape {shape}: it belongs to another array"
        )
