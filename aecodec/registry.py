"""Finding codecs: those that ship by name or by the id in a file, any other by its folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from aecodec import container, spec
from aecodec.codec import Codec
from aecodec.errors import CodecError
from aecodec.spec import CodecFolder

BUILT_IN = Path(__file__).parent / "codecs"
DEFAULT_CODEC = "digits"


def load_codec(name_or_path: str | Path = DEFAULT_CODEC) -> Codec:
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
