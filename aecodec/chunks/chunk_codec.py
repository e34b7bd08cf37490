"""A codec at a level, named by the metadata of an array, that encodes and decodes chunks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from aecodec.arrays import Pixels
from aecodec.chunks.installed import installed_codec, remember
from aecodec.chunks.shape import Shape, check_chunk, check_header
from aecodec.codec.codec import Codec
from aecodec.codec.registry import built_in_names, load_codec
from aecodec.data.codecs import title_of
from aecodec.errors import CodecError, UsageError
from aecodec.format import container
from aecodec.format.container import LEVEL_UNITS
from aecodec.format.limits import UNLIMITED, Limits
from aecodec.imaging.picture import to_array

_KEYS = {"codec", "codec_id", "level"}
_CODEC_ID = re.compile("[0-9a-f]{8}")


@dataclass(frozen=True)
class ChunkCodec:
    """A codec at a level, as the metadata of an array describe it.

    Attributes:
        name: name of the codec, for messages.
        codec_id: first bytes of its identity, which find the codec.
        level: level to write chunks at; chunks with any level can be read.

    >>> ChunkCodec.of("digits").configuration()
    {'codec': 'digits', 'codec_id': '0881441f', 'level': 2}
    """

    name: str
    codec_id: bytes
    level: float

    @classmethod
    def of(cls, codec: Codec | str | Path, level: float | None = None) -> ChunkCodec:
        """Choose an installed codec and a level.

        Args:
            codec: a codec, the name of a built-in codec, or the path of a codec folder.
            level: 1 (smallest chunks) and up; the codec's default if None.

        Raises:
            CodecError: the codec does not exist.
            UsageError: the codec has no such level.
        """
        opened = codec if isinstance(codec, Codec) else load_codec(codec)
        remember(opened)
        spec = opened.spec
        number = spec.level_index(level) / LEVEL_UNITS
        return cls(spec.name, spec.codec_id, int(number) if number == int(number) else number)

    @classmethod
    def from_configuration(cls, values: Mapping[str, Any]) -> ChunkCodec:
        """Read a configuration of :meth:`configuration`; without an id, the codec must be built in.

        Paths in metadata are never opened. A codec that is not installed raises an error only when
        a chunk is read or written.

        Args:
            values: `codec`, and optionally `codec_id` and `level`.

        Raises:
            CodecError: the values have no id, and the name is not a built-in codec.
            UsageError: a value is missing, unknown, or has the wrong type.
        """
        name, level = values.get("codec"), values.get("level")
        if not _is_name(name) or set(values) - _KEYS or not _is_level(level):
            raise UsageError(
                f"{dict(values)}: a configuration has codec, which is a name, and optionally "
                "codec_id and level, a number from 1"
            )
        if "codec_id" not in values:
            return cls._built_in(name, level)
        codec_id = values["codec_id"]
        if not isinstance(codec_id, str) or not _CODEC_ID.fullmatch(codec_id) or level is None:
            raise UsageError(
                f"{dict(values)}: codec_id must be eight hexadecimal digits, and needs a level"
            )
        return cls(name, bytes.fromhex(codec_id), level)

    @classmethod
    def _built_in(cls, name: str, level: float | None) -> ChunkCodec:
        if name not in built_in_names():
            raise CodecError(
                f"{name!r} is not a built-in codec: add its codec_id to the configuration, or give "
                "the path of its folder in Python"
            )
        return cls.of(name, level)

    def configuration(self) -> dict[str, Any]:
        """Return values for JSON: name of the codec, its id in hexadecimal digits, level."""
        return {"codec": self.name, "codec_id": self.codec_id.hex(), "level": self.level}

    def encode(self, chunk: Pixels) -> bytes:
        """Compress a chunk to the bytes of an `.aec` file.

        Args:
            chunk: uint8 in any memory order; :mod:`aecodec.chunks.shape` explains the shape.

        Raises:
            CodecError: the codec is not installed.
            UsageError: the codec has no such level.
            ImageError: the dtype or the shape is not supported.
        """
        check_chunk(chunk.shape, chunk.dtype)
        return self._codec.encoder.compress(chunk, level=self.level, metadata=False)

    def check_readable(self, data: bytes, limits: Limits) -> None:
        """Check that limits allow to decode a chunk.

        Raises:
            LimitError: the chunk exceeds the limits.
        """
        self._codec.decoder.unpack(data, limits)

    def decode_to(self, data: bytes, shape: Shape) -> Pixels:
        """Decode a chunk with a known shape.

        Returns:
            uint8 with this shape.

        Raises:
            CodecError: another codec made the chunk, or the codec is not installed.
            FormatError: the chunk is damaged, or belongs to an array with other chunks.
        """
        header = self._header(data)
        check_header(self._codec.spec, header, shape)
        return to_array(self._codec.decoder.decompress_picture(data, UNLIMITED)).reshape(shape)

    def decode(self, data: bytes, limits: Limits) -> Pixels:
        """Decode a chunk with an unknown shape.

        Returns:
            uint8 (H, W) or (H, W, C) for a file with one picture, else (N, H, W) or (N, H, W, C).

        Raises:
            CodecError: another codec made the chunk, or the codec is not installed.
            FormatError: the chunk is damaged.
            LimitError: the chunk exceeds the limits.
        """
        self._header(data)
        pixels = to_array(self._codec.decoder.decompress_picture(data, limits))
        return pixels[0] if len(pixels) == 1 else pixels

    @property
    def _codec(self) -> Codec:
        return installed_codec(self.codec_id, self.name)

    def _header(self, data: bytes) -> container.Header:
        header = container.unpack(data)[0]
        if header.codec_id != self.codec_id:
            raise CodecError(
                f"the chunk was made with codec {title_of(header.codec_id)}, but the metadata of "
                f"its array name {title_of(self.codec_id, self.name)}: it belongs to another array"
            )
        return header


def _is_name(name: Any) -> TypeGuard[str]:
    """Whether a name from metadata is safe to print in messages."""
    return isinstance(name, str) and 0 < len(name) <= 100 and name.isprintable()


def _is_level(level: Any) -> bool:
    return level is None or (type(level) in (int, float) and 1 <= level < 16)
