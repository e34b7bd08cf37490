"""Finding codecs: shipped ones by name, picture or id, any other by its folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import aecodec.codecs
from aecodec.codec.codec import Codec
from aecodec.codec_files.file_names import CODEC_JSON
from aecodec.codec_files.folder import CodecFolder
from aecodec.errors import CodecError
from aecodec.format import container
from aecodec.imaging.picture import Picture, is_grey
from aecodec.parallel import Workers

BUILT_IN = Path(aecodec.codecs.__path__[0])
"""Folder of the codecs that ship."""

AUTO = "auto"
"""Stands for a codec's name where :func:`codec_for` is to choose."""

_DIGITS, _ALL_OTHERS = "digits", "photo"
_DIGIT_SIZE = (28, 28)


def load_codec(name_or_path: str | Path) -> Codec:
    """Open a codec that ships, by name, or any codec folder, by path.

    Raises:
        CodecError: there is no such codec, or it is damaged.

    >>> load_codec("digits").spec.tile
    (28, 28)
    """
    if isinstance(name_or_path, str) and name_or_path in built_in_names():
        return _built_in(name_or_path)
    if not _is_folder(name_or_path):
        raise CodecError(
            f"no codec {str(name_or_path)!r}: it is neither one that ships "
            f"({', '.join(built_in_names())}) nor a codec folder"
        )
    return Codec(CodecFolder.open(Path(name_or_path)))


def codec_for(picture: Picture) -> Codec:
    """Choose the codec that ships for a picture: `digits` if it is grey and 28x28, else `photo`.

    RGB whose channels are equal is grey.

    >>> import numpy as np
    >>> codec_for(Picture(np.zeros((1, 28, 28, 1), np.uint8))).spec.name
    'digits'
    >>> codec_for(Picture(np.zeros((1, 28, 29, 1), np.uint8))).spec.name
    'photo'
    """
    is_digit = picture.size == _DIGIT_SIZE and is_grey(picture.pixels)
    return load_codec(_DIGITS if is_digit else _ALL_OTHERS)


def codec_chooser(codec: Codec | str | Path | None) -> Callable[[Picture], Codec]:
    """A function that gives the codec for each picture: always the same one, or :func:`codec_for`.

    Args:
        codec: a codec, the name of one that ships, or the path of a codec folder; "auto" or None
            for a choice per picture.

    Raises:
        CodecError: there is no such codec, or it is damaged.
    """
    if codec is None or codec == AUTO:
        return codec_for
    opened = codec if isinstance(codec, Codec) else load_codec(codec)
    return lambda picture: opened


@cache
def with_workers(codec: Codec, workers: Workers) -> Codec:
    """A codec whose long work is shared out by these workers; opened once for the same ones.

    Args:
        codec: the codec; networks that it has loaded are not shared.
        workers: threads, and who is told of the progress.
    """
    return replace(codec, execution=replace(codec.execution, workers=workers))


def _is_folder(path: str | Path) -> bool:
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):  # a name that no folder can have
        return False


@cache
def _built_in(name: str) -> Codec:
    """A codec that ships, opened once, so that its networks stay loaded."""
    return Codec(CodecFolder.open(BUILT_IN / name))


@cache
def built_in_names() -> tuple[str, ...]:
    """Names of the codecs that ship.

    >>> "digits" in built_in_names()
    True
    """
    return tuple(sorted(path.parent.name for path in BUILT_IN.glob(f"*/{CODEC_JSON}")))


def codec_of_file(data: bytes) -> Codec:
    """Find the codec that ships and made a file.

    Args:
        data: bytes of an `.aec` file.

    Raises:
        FormatError: not a whole `.aec` file.
        CodecError: none of the codecs that ship made it.
    """
    return codec_with_id(container.unpack(data)[0].codec_id)


def codec_with_id(codec_id: bytes) -> Codec:
    """Find the codec that ships and has an id.

    Args:
        codec_id: first bytes of the codec's identity, as its files carry them.

    Raises:
        CodecError: none of the codecs that ship has it.
    """
    for codec in map(load_codec, built_in_names()):
        if codec.spec.codec_id == codec_id:
            return codec
    raise CodecError(
        f"made with codec {codec_id.hex()}, which does not ship with this aecodec: "
        "give the folder of the codec that made it with --codec"
    )
