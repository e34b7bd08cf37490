"""The numcodecs codec `aecodec`, with which Zarr 2, kerchunk and others store pictures.

numcodecs finds it by the entry point `aecodec` in the group `numcodecs.codecs`, so programs that
read chunks need not import aecodec.

>>> import numcodecs
>>> import numpy as np
>>> codec = numcodecs.get_codec({"id": "aecodec", "codec": "digits", "level": 1})
>>> codec.decode(codec.encode(np.zeros((100, 28, 28), np.uint8))).shape
(100, 28, 28)
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numcodecs.abc import Codec as NumcodecsCodec
from numcodecs.compat import ensure_bytes, ensure_ndarray

from aecodec.chunks import ChunkCodec
from aecodec.codec.codec import Codec
from aecodec.codec.target import MaxError
from aecodec.errors import ImageError
from aecodec.format.container import MAX_FRAMES
from aecodec.format.limits import MOST_PIXELS, Limits
from aecodec.format.samples import ANY_BANDS
from aecodec.native.limits import check_limits

__all__ = ["Aecodec"]


class Aecodec(NumcodecsCodec):
    """Compresses chunks of pictures to `.aec` files.

    The shapes and types of chunks are those of :mod:`aecodec.chunks`. The configuration has the
    codec's name, its id and the level.

    Args:
        codec, level, max_error: as for :class:`aecodec.zarr.Aecodec`.
        max_pixels: limit for the pixels of a chunk, which protects from damaged or hostile chunks,
            as numcodecs does not state the expected size. If None, it is 178,956,970, and for
            other codecs than `samples` less for small chunks, as for :func:`aecodec.decompress`.
        nodata: value of missing samples, which are restored exactly, and no others as it; needs a
            codec with bands; False if none is missing. NaN are always missing. If None, it is a
            value in a chunk that looks like it, as numcodecs does not know the array's fill value.

    Raises:
        CodecError: the codec does not exist.
        UsageError: the codec has no such level, or no bands that could have nodata, or a number is
            out of range.

    >>> Aecodec("digits").get_config()
    {'id': 'aecodec', 'codec': 'digits', 'codec_id': 'f206e96f', 'level': 2}
    """

    codec_id = "aecodec"

    def __init__(
        self,
        codec: Codec | str | Path | None = None,
        level: float | None = None,
        max_pixels: int | None = None,
        nodata: float | None = None,
        max_error: MaxError | None = None,
    ) -> None:
        self._set(ChunkCodec.of(codec, level, nodata, max_error), max_pixels)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Aecodec:
        """Create the codec from a configuration of :meth:`get_config` without `id`.

        Raises CodecError if it has no codec id, and its name is not a built-in codec, and
        UsageError if it does not belong to this codec.
        """
        values = dict(config)
        max_pixels = values.pop("max_pixels", None)
        codec = cls.__new__(cls)
        codec._set(ChunkCodec.from_configuration(values), max_pixels)
        return codec

    def get_config(self) -> dict[str, Any]:
        """Return the configuration of the codec for the metadata of an array."""
        config = {"id": self.codec_id, **self._chunk_codec.configuration()}
        return config if self._max_pixels is None else config | {"max_pixels": self._max_pixels}

    def __repr__(self) -> str:
        stated = list(self.get_config().items())[1:]
        return f"Aecodec({', '.join(f'{name}={value!r}' for name, value in stated)})"

    def encode(self, buf: Any) -> bytes:
        """Compress a chunk, an array in C order with one of the shapes above, to an `.aec` file.

        Raises CodecError if the codec is not installed, ImageError if the dtype, the shape or the
        memory order is not supported, LimitError if decoding the chunk would need a higher
        `max_pixels`, and UsageError if the codec has no such level.
        """
        chunk: npt.NDArray[Any] = ensure_ndarray(buf)
        if chunk.flags.f_contiguous and not chunk.flags.c_contiguous:
            # Zarr would interpret the decoded chunk, which is in C order, as Fortran order.
            raise ImageError(
                "the chunk is in Fortran order: give numpy.ascontiguousarray(chunk), or create the "
                'Zarr array with order="C"'
            )
        data = self._chunk_codec.encode(chunk)
        check_limits(self._chunk_codec.codec.folder.native, data, self._limits)
        return data

    def decode(self, buf: Any, out: Any = None) -> npt.NDArray[Any]:
        """Decompress the bytes of an `.aec` file to a chunk, or into `out`.

        `out` must have as many bytes as the chunk, but may have any shape.

        Returns uint8 (H, W) or (H, W, C) for a chunk with one picture, else (N, H, W) or (N, H, W,
        C). Axes of length 1 may be missing. With a codec with bands, the array has the shape, the
        type and the byte order of the chunk.

        Raises CodecError if another codec made the chunk, or the codec is not installed,
        FormatError if the chunk is damaged, ImageError if `out` has another size, and LimitError if
        the chunk claims more pixels than the limit.
        """
        pixels = self._chunk_codec.decode(ensure_bytes(buf), self._limits)
        return pixels if out is None else _filled(ensure_ndarray(out), pixels)

    @property
    def _limits(self) -> Limits:
        """Limits of a chunk; pictures have at least one pixel, so `max_pixels` limits both."""
        limit = self._max_pixels
        if limit is None and self._chunk_codec.bands == ANY_BANDS:
            limit = MOST_PIXELS  # constant chunks of any array must be readable
        return Limits(limit, limit and min(limit, MAX_FRAMES))

    def _set(self, chunk_codec: ChunkCodec, max_pixels: int | None) -> None:
        Limits(max_pixels)  # checks the number
        self._chunk_codec, self._max_pixels = chunk_codec, max_pixels


def _filled(out: npt.NDArray[Any], pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if out.nbytes != pixels.nbytes or not out.flags.c_contiguous:
        raise ImageError(
            f"a chunk of shape {pixels.shape} does not fit into an array of shape {out.shape} and "
            f"dtype {out.dtype}, or the array is not in C order"
        )
    out.reshape(-1).view(np.uint8)[:] = pixels.reshape(-1).view(np.uint8)
    return out
