"""The codecs whose files Pillow can open: built-in codecs, and codecs that a program added."""

from __future__ import annotations

from pathlib import Path

from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_with_id, load_codec
from aecodec.data.codecs import title_of
from aecodec.errors import CodecError

_added: dict[bytes, Codec] = {}
"""Added codecs by the ids in their files."""


def add_codec(codec: Codec | str | Path) -> None:
    """Allow to open files of a codec.

    Raises:
        CodecError: the codec does not exist or is damaged.
    """
    opened = codec if isinstance(codec, Codec) else load_codec(codec)
    _added[opened.spec.codec_id] = opened


def known_codec(codec_id: bytes) -> Codec:
    """Find the codec with an id.

    Raises:
        CodecError: the codec is neither built in nor added.
    """
    if codec_id in _added:
        return _added[codec_id]
    try:
        return codec_with_id(codec_id)
    except CodecError as error:
        raise CodecError(
            f"made with codec {title_of(codec_id)}, which is not known here: "
            "add its folder with aecodec.pillow.register_aec_opener(FOLDER)"
        ) from error
