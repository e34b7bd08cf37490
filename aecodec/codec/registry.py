"""Finding codecs: shipped and earlier ones by name or id, any other by its folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from aecodec.codec.codec import Codec
from aecodec.codec_files.file_names import CODEC_JSON
from aecodec.codec_files.folder import CodecFolder
from aecodec.data import codecs
from aecodec.errors import CodecError
from aecodec.format import container
from aecodec.imaging.picture import Picture, is_grey
from aecodec.parallel import Workers

BUILT_IN = Path(codecs.__file__).with_name("codecs")
"""Folder of the codecs that ship, and of earlier ones where they are installed."""

AUTO = "auto"
"""Stands for a codec's name where :func:`codec_for` is to choose."""

_DIGITS, _ALL_OTHERS = "digits", "photo"
_DIGIT_SIZE = (28, 28)


def load_codec(name_or_path: str | Path) -> Codec:
    """Open a codec that ships, by name, or any codec folder, by path.

    Earlier codecs, which only decompress, have names too, such as `photo-1`.

    Raises:
        CodecError: there is no such codec, it is damaged, or it is an earlier one that is not
            installed.

    >>> load_codec("digits").spec.tile
    (28, 28)
    """
    if isinstance(name_or_path, str) and name_or_path in _installed_names():
        return _built_in(name_or_path)
    if _is_folder(name_or_path):
        return Codec(CodecFolder.open(Path(name_or_path)))
    if name_or_path in codecs.EARLIER.values():
        raise CodecError(
            f"{name_or_path} only decompresses earlier files, and "
            f"{_where_to_get(str(name_or_path))}"
        )
    raise CodecError(
        f"no codec {str(name_or_path)!r}: it is neither one that ships "
        f"({', '.join(built_in_names())}) nor a codec folder"
    )


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
    """A codec whose long work these workers share; the same arguments give the same object.

    Args:
        codec: the codec; networks that it has loaded are not shared.
        workers: threads, and the function that is told of the progress.
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


def built_in_names() -> tuple[str, ...]:
    """Names of the codecs that ship, which compress and decompress.

    >>> built_in_names()
    ('digits', 'photo')
    """
    earlier = codecs.EARLIER.values()
    return tuple(name for name in _installed_names() if name not in earlier)


@cache
def _installed_names() -> tuple[str, ...]:
    """Names of the codecs that ship, and of earlier ones where they are installed."""
    return tuple(sorted(path.parent.name for path in BUILT_IN.glob(f"*/{CODEC_JSON}")))


def codec_of_file(data: bytes) -> Codec:
    """Find the codec that made a file, among those that ship and earlier ones.

    Args:
        data: bytes of an `.aec` file.

    Raises:
        FormatError: not a whole `.aec` file.
        CodecError: none of these codecs made it, or an earlier one that is not installed.
    """
    return codec_with_id(container.unpack(data)[0].codec_id)


def codec_with_id(codec_id: bytes) -> Codec:
    """Find the codec with an id, among those that ship and earlier ones.

    Args:
        codec_id: first bytes of the codec's identity, as its files carry them.

    Raises:
        CodecError: none of these codecs has it, or an earlier one that is not installed.
    """
    for codec in map(load_codec, _installed_names()):
        if codec.spec.codec_id == codec_id:
            return codec
    made_with = f"made with codec {codecs.title_of(codec_id)}"
    earlier = codecs.EARLIER.get(codec_id.hex())
    if earlier:
        raise CodecError(f"{made_with}, which {_where_to_get(earlier)}")
    raise CodecError(
        f"{made_with}, which does not ship with this aecodec: "
        "give the folder of the codec that made it with --codec"
    )


def _where_to_get(earlier: str) -> str:
    """Where to get an earlier codec that is not installed; the end of a sentence about it."""
    return (
        f"is not installed: its folder is aecodec/data/codecs/{earlier} in aecodec's repository "
        "and source distribution; give that with --codec"
    )
