"""Arrays of any type and number of bands as bytes, without a codec file."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from aecodec.codec.registry import load_codec
from aecodec.codec.sources import DataSource
from aecodec.codec.target import MaxError
from aecodec.codec_files.samples_codec import SAMPLES
from aecodec.format.limits import MOST_PIXELS
from aecodec.format.samples import ANY_BANDS
from aecodec.imaging.picture import samples_picture

__all__ = ["decode", "encode"]


def encode(
    array: npt.NDArray[Any],
    max_error: MaxError = 0,
    *,
    nodata: float | None = None,
    band_axis: int | None = None,
) -> bytes:
    """Encode an array of integers or floats.

    Args:
        array: (H, W), (H, W, B), (B, H, W), (N, H, W), (N, H, W, B) or (N, B, H, W), with up to 256
            bands. A masked array keeps its mask, and NaN are missing samples.
        max_error: no sample differs from its original by more than this, as for
            :func:`aecodec.compress`; 0 is lossless.
        nodata: value of missing samples.
        band_axis: axis of the bands. By default, it is the first or the last axis, if that is
            shorter than the others.

    Returns:
        The bytes of an `.aec` file of the codec `samples`.

    Raises:
        ImageError: the array has another type or shape, is empty, or has infinite samples.
        UsageError: `max_error` is not a number, or too small for samples of 64 bits that 32 bits
            cannot tell apart; the message then has the smallest one.
        AecodecError: memory runs out.

    >>> import numpy as np
    >>> array = np.arange(12.0).reshape(3, 4)
    >>> float(abs(decode(encode(array, max_error=0.5)) - array).max()) <= 0.5
    True
    """
    picture = samples_picture(array, band_axis=band_axis, nodata=nodata, bands=ANY_BANDS)
    return load_codec(SAMPLES).compress(picture, max_error=max_error)


def decode(data: DataSource, *, max_pixels: int = MOST_PIXELS) -> npt.NDArray[Any]:
    """Decode the bytes of :func:`encode`.

    Args:
        data: the bytes, or a file that has them.
        max_pixels: limit for its pixels; one with bands counts once for every 3 bytes.

    Returns:
        The array, as :func:`aecodec.decompress_array` describes it.

    Raises:
        FormatError: the data is damaged.
        CodecError: another codec made it.
        LimitError: it claims more pixels than the limit.
        AecodecError: memory runs out.
    """
    return load_codec(SAMPLES).decompress_array(data, max_pixels=max_pixels)
