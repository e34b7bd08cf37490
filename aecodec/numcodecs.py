"""The numcodecs codec `aecodec`, which Zarr 2, kerchunk and others store pictures with.

numcodecs finds it by the entry point `aecodec` of the group `numcodecs.codecs`, so a program that
reads chunks need not import aecodec.

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

from aecodec.arrays import Pixels
from aecodec.chunks.chunk_codec import ChunkCodec
from aecodec.codec.codec import Codec
from aecodec.errors import ImageError
from aecodec.format.container import MAX_FRAMES
from aecodec.format.limits import Limits


class Aecodec(NumcodecsCodec):
    """Compresses uint8 chunks of pictures to `.aec` files.

    Chunks have the shape (H, W), (H, W, C), (N, H, W) or (N, H, W, C). Of three axes, a last one of
    1 to 4 is channels. The configuration states the codec's name, its id and the level.

    Args:
        codec: a codec, the name of one that ships, or the path of a codec folder.
        level: 1 (smallest chunks) and up; the codec's default if None.
        max_pixels: most pixels of a chunk. numcodecs does not tell how large a chunk should be, so
            a damaged or hostile one may claim anything; if None, the limits are those of
            :func:`aecodec.decompress`.

    Raises:
        CodecError: there is no such codec.
        UsageError: it has no such level, or a number is out of its range.

    >>> Aecodec("digits").get_config()
    {'id': 'aecodec', 'codec': 'digits', 'codec_id': '0881441f', 'level': 2}
    """

    codec_id = "aecodec"

    def __init__(
        self,
        codec: Codec | str | Path,
        level: float | None = None,
        max_pixels: int | None = None,
    ) -> None:
        self._set(ChunkCodec.of(codec, level), max_pixels)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Aecodec:
        """Read the codec from a configuration, as :meth:`get_config` gives it, without `id`.

        Raises:
            CodecError: no codec of the stated name ships, and no id is stated.
            UsageError: this is not a configuration of this codec.
        """
        values = dict(config)
        max_pixels = values.pop("max_pixels", None)
        codec = cls.__new__(cls)
        codec._set(ChunkCodec.from_configuration(values), max_pixels)
        return codec

    def get_config(self) -> dict[str, Any]:
        """Configuration of the codec, which the metadata of an array hold."""
        config = {"id": self.codec_id, **self._chunk_codec.configuration()}
        return config if self._max_pixels is None else config | {"max_pixels": self._max_pixels}

    def __repr__(self) -> str:
        stated = list(self.get_config().items())[1:]
        return f"Aecodec({', '.join(f'{name}={value!r}' for name, value in stated)})"

    def encode(self, buf: Any) -> bytes:
        """Compress a chunk.

        Args:
            buf: uint8 array of one of the shapes above, whose last axis varies fastest.

        Returns:
            The bytes of an `.aec` file.

        Raises:
            CodecError: the codec is not installed here.
            ImageError: another dtype, shape or order of memory.
            LimitError: it would not be decoded again without `max_pixels`.
            UsageError: the codec has no such level.
        """
        chunk: npt.NDArray[Any] = ensure_ndarray(buf)
        if chunk.flags.f_contiguous and not chunk.flags.c_contiguous:
            # Zarr would read the decoded chunk, which is in C order, as one in Fortran order.
            raise ImageError(
                "a chunk in the order of Fortran: give numpy.ascontiguousarray(chunk), or make the "
                'Zarr array with order="C"'
            )
        data = self._chunk_codec.encode(chunk)
        self._chunk_codec.check_readable(data, self._limits)
        return data

    def decode(self, buf: Any, out: Any = None) -> Pixels:
        """Decompress a chunk.

        Args:
            buf: the bytes of an `.aec` file.
            out: array to fill, of as many pixels and channels, in any shape; a new one if None.

        Returns:
            uint8: (H, W) or (H, W, C) for a chunk of one picture, else (N, H, W) or (N, H, W, C).
            Axes of length 1 may be missing.

        Raises:
            CodecError: another codec made it, or the codec is not installed here.
            FormatError: it is damaged.
            ImageError: `out` has another size.
            LimitError: it claims more pixels than are accepted.
        """
        pixels = self._chunk_codec.decode(ensure_bytes(buf), self._limits)
        return pixels if out is None else _filled(ensure_ndarray(out), pixels)

    @property
    def _limits(self) -> Limits:
        """Limits of a chunk; each picture has a pixel, so `max_pixels` bounds their number too."""
        most = self._max_pixels
        return Limits(most, most and min(most, MAX_FRAMES))

    def _set(self, chunk_codec: ChunkCodec, max_pixels: int | None) -> None:
        Limits(max_pixels)  # raises for numbers below 1
        self._chunk_codec, self._max_pixels = chunk_codec, max_pixels


def _filled(out: npt.NDArray[Any], pixels: Pixels) -> npt.NDArray[Any]:
    if out.nbytes != pixels.nbytes or not out.flags.c_contiguous:
        raise ImageError(
            f"a chunk of {pixels.shape} does not fit into an array of {out.shape}, {out.dtype}"
        )
    out.reshape(-1).view(np.uint8)[:] = pixels.reshape(-1)
    return out
