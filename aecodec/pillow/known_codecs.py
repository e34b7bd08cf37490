"""The codecs whose files Pillow opens: those that ship, and those that a program has added."""

from __future__ import annotations

from pathlib import Path

from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_with_id, load_codec
from aecodec.data.codecs import title_of
from aecodec.errors import CodecError

_added: dict[bytes, Codec] = {}
"""Codecs that do not ship, by the ids in their files."""


def add_codec(codec: Codec | str | Path) -> None:
    """Let files of a codec be opened.

    Args:
        codec: a codec, or the path of its folder.

    Raises:
        CodecError: there is no such codec, or it is damaged.
    """
    opened = codec if isinstance(codec, Codec) else load_codec(codec)
    _added[opened.spec.codec_id] = opened


def known_codec(codec_id: bytes) -> Codec:
    """The codec with an id.

    Args:
        codec_id: first bytes of the codec's identity, as its files carry them.

    Raises:
        CodecError: it neither ships nor was added.
    """
    if codec_id in _added:
        return _added[codec_id]
    try:
        return codec_with_id(codec_id)
    except CodecError as error:
        raise CodecError(
            f"made with codec {title_of(codec_id)}, which is not known here: "
            "aecodec.pillow.register_aec_opener(FOLDER) makes the codec in a folder known"
        ) from error
