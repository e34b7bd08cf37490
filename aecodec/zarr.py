"""The Zarr 3 codec `aecodec`, which stores each chunk of an array of pictures as an `.aec` file.

Zarr finds the codec by the entry point `aecodec` in the group `zarr.codecs`, so programs that read
an array do not need to import aecodec.

>>> import numpy as np
>>> import zarr
>>> digits = zarr.create_array(
...     {}, shape=(100, 28, 28), chunks=(50, 28, 28), dtype="uint8",
...     serializer=Aecodec("digits", level=2), compressors=None,
... )
>>> digits[:] = np.zeros((100, 28, 28), np.uint8)
>>> digits.serializer
Aecodec(codec='digits', codec_id='f206e96f', level=2)
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zarr.abc.codec import ArrayBytesCodec

from aecodec.base.errors import ImageError, UsageError
from aecodec.codec.chunks import ChunkCodec, check_chunk, check_chunks
from aecodec.codec.codec import Codec
from aecodec.codec.target import MaxError

if TYPE_CHECKING:
    from zarr.core.array_spec import ArraySpec
    from zarr.core.buffer import Buffer, NDBuffer

__all__ = ["Aecodec"]

NAME = "aecodec"
"""Name of the codec in the metadata of arrays."""


@dataclass(frozen=True, init=False, repr=False)
class Aecodec(ArrayBytesCodec):
    """Serializes chunks of pictures as `.aec` files.

    For the shapes and types of chunks, see :mod:`aecodec.codec.chunks`. The metadata contains the
    codec's name, its id and the level.

    Args:
        codec: a codec, the name of a built-in codec, or the path of a codec file. If None,
            `samples` codes chunks of any shape and type, without loss or within `max_error`.
        level: 1 (smallest chunks) or higher; if None, the codec's default. With `max_error`, None
            means level 1 or no level, whichever makes a chunk smaller.
        nodata: value of missing samples. Missing samples stay exact, and no other sample becomes
            nodata. Pass False if no sample is missing. NaN samples are always missing. If None,
            nodata is the fill value of the array or, if that is 0, a value in a chunk that looks
            like nodata, because Zarr does not show xarray's `_FillValue` to codecs.
        max_error: maximum error of each sample, as for :func:`aecodec.compress`; percentages refer
            to the range of a chunk.

    Raises:
        CodecError: the codec does not exist.
        UsageError: the codec has no such level; nodata is not a finite number, or needs a codec
            with bands; or two values in a written chunk of 64-bit elements could be nodata.
    """

    is_fixed_size = False

    chunk_codec: ChunkCodec

    def __init__(
        self,
        codec: Codec | str | Path | None = None,
        level: float | None = None,
        nodata: float | None = None,
        max_error: MaxError | None = None,
    ) -> None:
        self._set(ChunkCodec.of(codec, level, nodata, max_error))

    def __repr__(self) -> str:
        return repr(self.chunk_codec)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Aecodec:
        """Create the codec from metadata of an array: `name` ("aecodec") and `configuration`.

        Raises CodecError if the metadata contains no codec id and its name is not a built-in codec,
        and UsageError if the metadata does not describe this codec.
        """
        configuration = data.get("configuration", {})
        if data.get("name") != NAME or not isinstance(configuration, dict):
            raise UsageError(f"{data}: {NAME} needs a configuration")
        codec = cls.__new__(cls)
        codec._set(ChunkCodec.from_configuration(configuration))
        return codec

    def to_dict(self) -> dict[str, Any]:
        """Return the name and configuration of the codec for the metadata of an array."""
        return {"name": NAME, "configuration": self.chunk_codec.configuration()}

    def evolve_from_array_spec(self, array_spec: ArraySpec) -> Aecodec:
        """Raise ImageError unless the codec accepts the data type.

        For the codec of a shard's chunks, Zarr passes the type only here.
        """
        bands = self.chunk_codec.bands
        check_chunk((1, 1, bands or 1), array_spec.dtype.to_native_dtype(), bands)
        return self

    def validate(self, *, shape: tuple[int, ...], dtype: Any, chunk_grid: Any) -> None:
        """Raise ImageError, with the allowed shapes, unless the chunks of an array are pictures."""
        if not hasattr(chunk_grid, "chunk_shape"):
            raise ImageError("chunks of pictures must be regular: use one shape for all chunks")
        bands = self.chunk_codec.bands
        check_chunks(shape, chunk_grid.chunk_shape, dtype.to_native_dtype(), bands)

    def compute_encoded_size(self, input_byte_length: int, chunk_spec: ArraySpec) -> int:
        """Tell Zarr that the size is unknown by raising NotImplementedError."""
        raise NotImplementedError

    async def _encode_single(self, chunk_data: NDBuffer, chunk_spec: ArraySpec) -> Buffer:
        chunk = chunk_data.as_numpy_array()
        data = await asyncio.to_thread(self.chunk_codec.encode, chunk, chunk_spec.fill_value)
        return chunk_spec.prototype.buffer.from_bytes(data)

    async def _decode_single(self, chunk_data: Buffer, chunk_spec: ArraySpec) -> NDBuffer:
        shape, dtype = chunk_spec.shape, chunk_spec.dtype.to_native_dtype()
        data = chunk_data.to_bytes()
        pixels = await asyncio.to_thread(self.chunk_codec.decode_to, data, shape, dtype)
        return chunk_spec.prototype.nd_buffer.from_numpy_array(pixels)

    def _set(self, chunk_codec: ChunkCodec) -> None:
        object.__setattr__(self, "chunk_codec", chunk_codec)
