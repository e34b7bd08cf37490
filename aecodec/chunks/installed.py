"""Find the codec that made a chunk by its id, never by a path from untrusted metadata."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from aecodec.codec.codec import Codec
from aecodec.codec.registry import built_in_names, codec_with_id, load_codec
from aecodec.data.codecs import title_of
from aecodec.errors import CodecError

SEARCH_PATH = "AECODEC_PATH"
"""Environment variable with folders of further codecs, separated like PATH."""

_remembered: dict[bytes, Codec] = {}
"""Codecs that this process has used for chunks, by their ids."""


def remember(codec: Codec) -> None:
    """Let :func:`installed_codec` find a codec in this process, regardless of its folder."""
    _remembered[codec.spec.codec_id] = codec


def installed_codec(codec_id: bytes, name: str) -> Codec:
    """Find a codec by its id: a remembered codec, a built-in codec, or a codec in AECODEC_PATH.

    The name is only for messages. Raises CodecError if the codec is not installed.

    >>> installed_codec(bytes.fromhex("0881441f"), "digits").spec.name
    'digits'
    """
    if codec_id in _remembered:
        return _remembered[codec_id]
    for codec in _candidates(codec_id):
        if codec.spec.codec_id == codec_id:
            remember(codec)
            return codec
    raise CodecError(
        f"these chunks were made with codec {title_of(codec_id, name)}, which is not installed "
        f"here{_namesake(name)}: add its folder to the environment variable {SEARCH_PATH}"
    )


def _candidates(codec_id: bytes) -> Iterator[Codec]:
    """Codecs that may have an id: the built-in codec with it, or all codecs in AECODEC_PATH."""
    try:
        yield codec_with_id(codec_id)
    except CodecError:
        folders = os.environ.get(SEARCH_PATH, "").split(os.pathsep)
        yield from (load_codec(Path(folder)) for folder in folders if folder)


def _namesake(name: str) -> str:
    """Part of a message, if the built-in codec with this name has another id."""
    if name not in built_in_names():  # the name may be a path, which must not be opened
        return ""
    return f" (the codec {name} here is {load_codec(name).spec.codec_id.hex()})"
