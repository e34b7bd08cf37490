"""The codec that made a chunk: found by its id, never by a path that a stranger wrote."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from aecodec.codec.codec import Codec
from aecodec.codec.registry import built_in_names, codec_with_id, load_codec
from aecodec.data.codecs import title_of
from aecodec.errors import CodecError

SEARCH_PATH = "AECODEC_PATH"
"""Environment variable with the folders of further codecs, separated as those of PATH are."""

_given: dict[bytes, Codec] = {}
"""Codecs that this process wrote chunks with, by their ids."""


def remember(codec: Codec) -> None:
    """Find a codec from now on in this process, wherever its folder is."""
    _given[codec.spec.codec_id] = codec


def installed_codec(codec_id: bytes, name: str) -> Codec:
    """Find the codec with an id: one that this process was given, that ships, or in AECODEC_PATH.

    Args:
        codec_id: first bytes of the codec's identity.
        name: its name, for messages alone.

    Raises:
        CodecError: it is not installed here.

    >>> installed_codec(bytes.fromhex("0881441f"), "digits")
    Codec('digits', id 0881441f, levels 1 to 3)
    """
    if codec_id in _given:
        return _given[codec_id]
    codec = next((each for each in _codecs_here(codec_id) if each.spec.codec_id == codec_id), None)
    if codec is None:
        raise CodecError(
            f"these chunks were made with codec {title_of(codec_id, name)}, which is not installed "
            f"here{_namesake(name)}: name its folder in the environment variable {SEARCH_PATH}"
        )
    remember(codec)
    return codec


def _codecs_here(codec_id: bytes) -> Iterator[Codec]:
    """Codecs that may have an id: what ships with that id, then all in AECODEC_PATH."""
    try:
        yield codec_with_id(codec_id)
    except CodecError:
        folders = os.environ.get(SEARCH_PATH, "").split(os.pathsep)
        yield from (load_codec(Path(folder)) for folder in folders if folder)


def _namesake(name: str) -> str:
    """Part of a message: the codec that ships under this name has another id."""
    if name not in built_in_names():  # it may be a path, which is not followed
        return ""
    return f" (the codec {name} here is {load_codec(name).spec.codec_id.hex()})"
