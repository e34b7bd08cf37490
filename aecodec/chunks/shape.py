"""The shape of a chunk determines whether it is one picture or several.

As for :func:`aecodec.compress`, two axes are (H, W), and four axes are (N, H, W, C). Three axes are
(H, W, C) if the last axis has a length of 1 to 4, else (N, H, W).

With a codec with B bands, the last axis holds them if its length is B. Otherwise, they come before
the rows: (B, H, W) or (N, B, H, W). With one band, other chunks are (H, W) or (N, H, W).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.codec.geometry import picture_size
from aecodec.codec_files.spec import CodecSpec
from aecodec.errors import FormatError, ImageError
from aecodec.format.container import Header
from aecodec.imaging.picture import Picture, as_picture, check_limits, layout_of, native_type

Shape = tuple[int, ...]


def check_chunk(shape: Shape, dtype: npt.DTypeLike, bands: int | None = None) -> None:
    """Check that chunks are pictures, for a codec with this number of bands.

    Raises ImageError for other shapes or dtypes, or too many pixels.

    >>> check_chunk((60000, 28, 28), np.uint8)
    >>> check_chunk((6, 512, 512), np.int16, bands=6)
    >>> check_chunk((512, 512), np.int16, bands=6)
    Traceback (most recent call last):
    aecodec.errors.ImageError: chunks of (512, 512): the codec has 6 bands, so give chunks with \
the shape (H, W, 6), (6, H, W), (N, H, W, 6) or (N, 6, H, W)
    """
    _black_chunk(shape, np.dtype(dtype), bands)


def check_type(dtype: npt.DTypeLike, bands: int | None) -> None:
    """Raise ImageError if a codec with this number of bands does not accept samples of a dtype."""
    check_chunk((1, 1, bands or 1), dtype, bands)


def band_axis(shape: Shape, bands: int) -> int | None:
    """Axis of the bands of a chunk; None for chunks without an axis for one band.

    Raises ImageError if the chunk does not have these bands.

    >>> band_axis((6, 512, 512), 6), band_axis((512, 512, 6), 6), band_axis((512, 512), 1)
    (-3, 2, None)
    """
    if len(shape) in (3, 4) and shape[-1] == bands:
        return len(shape) - 1
    if bands == 1 and len(shape) in (2, 3):
        return None
    if len(shape) in (3, 4) and shape[-3] == bands:
        return -3
    plain = "(H, W), (N, H, W), " if bands == 1 else ""
    raise ImageError(
        f"chunks of {shape}: the codec has {bands} band{'s' * (bands > 1)}, so give chunks with "
        f"the shape {plain}(H, W, {bands}), ({bands}, H, W), (N, H, W, {bands}) or "
        f"(N, {bands}, H, W)"
    )


def _black_chunk(shape: Shape, dtype: np.dtype[Any], bands: int | None) -> Picture:
    """Make a chunk of black pictures, which take no memory."""
    if bands is not None:
        layout = layout_of(shape, band_axis(shape, bands), bands)
        samples = layout.undo(np.broadcast_to(np.zeros((), native_type(dtype)), shape))
        picture = Picture(samples, layout=layout)
        check_limits(picture)
        return picture
    try:
        picture = as_picture(np.broadcast_to(np.zeros((), dtype), shape))
        check_limits(picture)
    except ImageError as error:
        raise ImageError(
            f"{error} (a chunk is uint8 with the shape (H, W), (H, W, C), (N, H, W) or "
            "(N, H, W, C), and C from 1 to 4)"
        ) from error
    return picture


def check_chunks(array: Shape, chunk: Shape, dtype: npt.DTypeLike, bands: int | None) -> None:
    """Check the shapes of an array and its chunks, which are pictures with all channels or bands.

    Raises ImageError if they are not.

    >>> check_chunks((60000, 28, 28), (1000, 28, 28), np.uint8, None)
    >>> check_chunks((28, 28, 300), (28, 28, 3), np.uint8, None)
    Traceback (most recent call last):
    aecodec.errors.ImageError: chunks of (28, 28, 3) in an array of (28, 28, 300): a last axis of \
1 to 4 is channels, and a chunk must hold all of them
    """
    check_chunk(chunk, dtype, bands)
    if bands is None:
        axis = -1 if len(chunk) > 2 and chunk[-1] <= 4 else None
        text = "a last axis of 1 to 4 is channels, and a chunk must hold all of them"
    else:
        axis = band_axis(chunk, bands) if bands > 1 else None
        text = f"the codec has {bands} bands: choose these bands of the array"
    if axis is not None and chunk[axis] != array[axis]:
        raise ImageError(f"chunks of {chunk} in an array of {array}: {text}")


def check_header(spec: CodecSpec, header: Header, shape: Shape, dtype: np.dtype[Any]) -> None:
    """Raise FormatError if a file contains other pictures than a chunk, before it is decoded."""
    bands, size = spec.bands.count if spec.bands else None, picture_size(spec, header)
    chunk, samples = _black_chunk(shape, dtype, bands), header.samples
    kind = samples and (samples.type.dtype, samples.layout)
    own_kind = chunk.layout if chunk.layout is None else (dtype.name, chunk.layout)
    mode = header.picture_mode if samples else chunk.mode
    stored = (header.frames, size, header.picture_mode, kind)
    if stored != (chunk.frames, chunk.size, mode, own_kind):
        name = samples.type.dtype if samples else header.picture_mode.name
        raise FormatError(
            f"the chunk has {header.frames} x {size[0]}x{size[1]} {name}, but "
            f"the chunks of its array have the shape {shape}: it belongs to another array"
        )
