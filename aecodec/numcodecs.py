"""The numcodecs codec `aecodec`, with which Zarr 2, kerchunk and other programs store pictures.

numcodecs finds the codec by the entry point `aecodec` in the group `numcodecs.codecs`, so programs
that read chunks need not import aecodec.

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

import numpy.typing as npt
from numcodecs.abc import Codec as NumcodecsCodec
from numcodecs.compat import ensure_bytes, ensure_ndarray, ndarray_copy

from aecodec.base.errors import ImageError, LimitError
from aecodec.codec.chunks import ChunkCodec
from aecodec.codec.codec import Codec
from aecodec.codec.target import MaxError
from aecodec.format.container import MAX_FRAMES
from aecodec.format.limits import MOST_PIXELS, Limits
from aecodec.native.limits import check_limits

__all__ = ["Aecodec"]

_LIMITS = Limits(MOST_PIXELS, MAX_FRAMES)
"""Limits of a chunk. numcodecs does not pass the expected size, and constant chunks are small."""


class Aecodec(NumcodecsCodec):
    """Compresses chunks of pictures to `.aec` files, like :class:`aecodec.zarr.Aecodec`.

    Parameters and errors are equal. If `nodata` is None, a value in a chunk that looks like nodata
    is used, because numcodecs does not know the array's fill value.
    """

    codec_id = "aecodec"

    def __init__(
        self,
        codec: Codec | str | Path | None = None,
        level: float | None = None,
        nodata: float | None = None,
        max_error: MaxError | None = None,
    ) -> None:
        self._chunk_codec = ChunkCodec.of(codec, level, nodata, max_error)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Aecodec:
        """Create the codec from a configuration of :meth:`get_config` without `id`.

        Raises CodecError if there is no codec id, and the name is not a built-in codec, and
        UsageError if the configuration does not belong to this codec.
        """
        codec = cls.__new__(cls)
        codec._chunk_codec = ChunkCodec.from_configuration(config)
        return codec

    def get_config(self) -> dict[str, Any]:
        """Return the configuration of the codec for the metadata of an array."""
        return {"id": self.codec_id, **self._chunk_codec.configuration()}

    def __repr__(self) -> str:
        return repr(self._chunk_codec)

    def encode(self, buf: Any) -> bytes:
        """Compress a chunk, an array in C order, to an `.aec` file.

        Raises the errors of :meth:`ChunkCodec.encode`, ImageError for Fortran order, because Zarr
        would misread the decoded chunk, and LimitError if the chunk has too many pixels to be
        decoded.
        """
        chunk: npt.NDArray[Any] = ensure_ndarray(buf)
        if chunk.flags.f_contiguous and not chunk.flags.c_contiguous:
            raise ImageError(
                "the chunk is in Fortran order: give numpy.ascontiguousarray(chunk), or create the "
                'Zarr array with order="C"'
            )
        data = self._chunk_codec.encode(chunk)
        try:
            check_limits(self._chunk_codec.codec.folder.native, data, _LIMITS)
        except LimitError as error:
            raise LimitError("the chunk is too large for numcodecs: give smaller chunks") from error
        return data

    def decode(self, buf: Any, out: Any = None) -> npt.NDArray[Any]:
        """Decompress the bytes of an `.aec` file to a chunk, or into `out`, of any shape.

        Axes of length 1 of the chunk may be missing. Raises the errors of
        :meth:`ChunkCodec.decode`, and ValueError if the size of `out` differs.
        """
        return ndarray_copy(self._chunk_codec.decode(ensure_bytes(buf), _LIMITS), out)
