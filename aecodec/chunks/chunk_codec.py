"""A codec at a level, which the metadata of an array name, and the chunks that it makes."""

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
    """A codec at a level, by what the metadata of an array say of it.

    Attributes:
        name: name of the codec, for people.
        codec_id: first bytes of its identity, by which it is found.
        level: level of the chunks that are written; chunks of other levels are read too.

    >>> ChunkCodec.of("digits").configuration()
    {'codec': 'digits', 'codec_id': '0881441f', 'level': 2}
    """

    name: str
    codec_id: bytes
    level: float

    @classmethod
    def of(cls, codec: Codec | str | Path, level: float | None = None) -> ChunkCodec:
        """Choose a codec that is installed, and a level.

        Args:
            codec: a codec, the name of one that ships, or the path of a codec folder.
            level: 1 (smallest chunks) and up; the codec's default if None.

        Raises:
            CodecError: there is no such codec.
            UsageError: it has no such level.
        """
        found = codec if isinstance(codec, Codec) else load_codec(codec)
        remember(found)
        return cls(
            found.spec.name,
            found.spec.codec_id,
            _number(found.spec.level_index(level) / LEVEL_UNITS),
        )

    @classmethod
    def from_configuration(cls, values: Mapping[str, Any]) -> ChunkCodec:
        """Read what :meth:`configuration` gave; without an id, the name must be of one that ships.

        No path that metadata name is opened. A codec that is not installed raises an error only
        when a chunk is read or written.

        Args:
            values: `codec`, and possibly `codec_id` and `level`.

        Raises:
            CodecError: no codec of this name ships.
            UsageError: a value is missing, unknown or of another type.
        """
        name, level = values.get("codec"), values.get("level")
        if not _is_name(name) or set(values) - _KEYS or not _is_level(level):
            raise UsageError(
                f"{dict(values)}: the configuration is a name, codec, and possibly codec_id and "
                "level, a number from 1"
            )
        if "codec_id" not in values:
            return cls._shipped(name, level)
        codec_id = values["codec_id"]
        if not isinstance(codec_id, str) or not _CODEC_ID.fullmatch(codec_id) or level is None:
            raise UsageError(
                f"{dict(values)}: with codec_id, eight hexadecimal digits, stands a level"
            )
        return cls(name, bytes.fromhex(codec_id), level)

    @classmethod
    def _shipped(cls, name: str, level: float | None) -> ChunkCodec:
        if name not in built_in_names():
            raise CodecError(
                f"no codec {name!r} ships: state its codec_id too, or give Python its folder"
            )
        return cls.of(name, level)

    def configuration(self) -> dict[str, Any]:
        """Values for JSON: name of the codec, its id as hexadecimal digits, level."""
        return {"codec": self.name, "codec_id": self.codec_id.hex(), "level": self.level}

    def encode(self, chunk: Pixels) -> bytes:
        """Compress a chunk to the bytes of an `.aec` file.

        Args:
            chunk: uint8, as :mod:`aecodec.chunks.shape` explains, in any order of memory.

        Raises:
            CodecError: the codec is not installed here.
            UsageError: it has no such level.
            ImageError: another dtype or shape.
        """
        check_chunk(chunk.shape, chunk.dtype)
        return self._codec.encoder.compress(chunk, level=self.level, metadata=False)

    def check_readable(self, data: bytes, limits: Limits) -> None:
        """Check that a chunk will be decoded under limits.

        Raises:
            LimitError: it claims more.
        """
        self._codec.decoder.unpack(data, limits)

    def decode_to(self, data: bytes, shape: Shape) -> Pixels:
        """Decode a chunk whose shape is known.

        Args:
            data: bytes of an `.aec` file.
            shape: shape of the chunk.

        Returns:
            uint8 of this shape.

        Raises:
            CodecError: another codec made it, or the codec is not installed here.
            FormatError: it is damaged, or belongs to an array with other chunks.
        """
        header = self._header(data)
        check_header(self._codec.spec, header, shape)
        return to_array(self._codec.decoder.decompress_picture(data, UNLIMITED)).reshape(shape)

    def decode(self, data: bytes, limits: Limits) -> Pixels:
        """Decode a chunk whose shape is not known.

        Args:
            data: bytes of an `.aec` file.
            limits: what is accepted.

        Returns:
            uint8 (H, W) or (H, W, C) for a file of one picture, else (N, H, W) or (N, H, W, C).

        Raises:
            CodecError: another codec made it, or the codec is not installed here.
            FormatError: it is damaged.
            LimitError: it claims more than is accepted.
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
                f"a chunk made with codec {title_of(header.codec_id)}, in an array whose metadata "
                f"state {title_of(self.codec_id, self.name)}: it belongs to another array"
            )
        return header


def _number(level: float) -> float:
    """A level for JSON: an integer if it is a whole one."""
    return int(level) if level == int(level) else level


def _is_name(name: Any) -> TypeGuard[str]:
    """Whether messages may show a name that metadata state."""
    return isinstance(name, str) and 0 < len(name) <= 100 and name.isprintable()


def _is_level(level: Any) -> bool:
    return level is None or (type(level) in (int, float) and 1 <= level < 16)
