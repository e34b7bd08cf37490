"""Finding codecs: those that ship by name, by the picture or by the id in a file, any other by its
folder.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from aecodec import container, spec
from aecodec.codec import Codec
from aecodec.errors import CodecError
from aecodec.images import Picture
from aecodec.spec import CodecFolder

BUILT_IN = Path(__file__).parent / "codecs"
AUTO = "auto"
"""In the place of a codec's name: :func:`codec_for` chooses."""

_DIGITS, _ALL_ELSE = "digits", "photo"
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
    """The codec that ships for a picture: `digits` if it is grey and 28x28, else `photo`.

    >>> import numpy as np
    >>> codec_for(Picture(np.zeros((1, 28, 28, 1), np.uint8))).spec.name
    'digits'
    >>> codec_for(Picture(np.zeros((1, 28, 29, 1), np.uint8))).spec.name
    'photo'
    """
    is_digit = picture.mode.channels == 1 and picture.size == _DIGIT_SIZE
    return load_codec(_DIGITS if is_digit else _ALL_ELSE)


def chooser(codec: Codec | str | Path | None) -> Callable[[Picture], Codec]:
    """What tells the codec of each picture: always the given one, or :func:`codec_for`.

    Args:
        codec: a codec, the name of one that ships or the path of a codec folder; or "auto" or None.

    Raises:
        CodecError: there is no such codec, or it is damaged.
    """
    if codec is None or codec == AUTO:
        return codec_for
    opened = codec if isinstance(codec, Codec) else load_codec(codec)
    return lambda picture: opened


def _is_folder(path: str | Path) -> bool:
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):  # no name that a folder could have
        return False


@cache
def _built_in(name: str) -> Codec:
    """Opened once: its networks stay loaded."""
    return Codec(CodecFolder.open(BUILT_IN / name))


def built_in_names() -> list[str]:
    """The codecs that ship.

    >>> "digits" in built_in_names()
    True
    """
    return sorted(path.parent.name for path in BUILT_IN.glob(f"*/{spec.CODEC_JSON}"))


def codec_of(data: bytes) -> Codec:
    """The codec that ships and made an `.aec` file.

    Raises:
        FormatError: not a whole `.aec` file.
        CodecError: none of those that ship made it.
    """
    return codec_with_id(container.unpack(data)[0].codec_id)


def codec_with_id(codec_id: bytes) -> Codec:
    """The codec that ships and has an id.

    Args:
        codec_id: the first bytes of its identity, as its files carry them.

    Raises:
        CodecError: none of those that ship has it.
    """
    for codec in map(load_codec, built_in_names()):
        if codec.spec.codec_id == codec_id:
            return codec
    raise CodecError(
        f"made with codec {codec_id.hex()}, which does not ship with this aecodec: "
        "give the folder of the codec that made it with --codec"
    )
