"""Find codecs: built-in codecs by name or id, all others by their files."""

import os
from functools import cache
from pathlib import Path

from aecodec.base.errors import CodecError, UsageError
from aecodec.base.parallel import Workers
from aecodec.codec.acceptance import fit
from aecodec.codec.codec import Codec
from aecodec.codec.target import Target
from aecodec.codec_files.file_names import SUFFIX
from aecodec.codec_files.fileless_codec import SAMPLES, SamplesFolder
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import title_of
from aecodec.imaging.picture import Picture, is_grey
from aecodec.native.headers import read_header

AUTO = "auto"
"""Name that lets :func:`codec_named` or :func:`codec_for` choose a codec."""

BUILT_IN = Path(__file__).parents[1] / "data" / "codecs"
"""Folder of the built-in codecs."""

_FOR_DIGITS, _FOR_PHOTOS = "digits", "photo"
_DIGIT_SIZE = (28, 28)


def load_codec(name_or_path: str | Path) -> Codec:
    """Open a codec by its name, if it is built in, or by its path.

    The path names a codec file, such as `my.aecodec`, or its folder. Raises CodecError if the codec
    is missing or damaged, and UsageError for arguments with a wrong type.
    """
    if not isinstance(name_or_path, str | os.PathLike):
        raise UsageError(f"{name_or_path!r} is neither the name nor the path of a codec")
    if isinstance(name_or_path, str) and name_or_path in built_in_names():
        return _built_in(name_or_path)
    if os.path.exists(name_or_path):
        return Codec(CodecFolder.open(Path(name_or_path)))
    raise CodecError(
        f"codec {str(name_or_path)!r} does not exist: use the name of a built-in codec "
        f"({', '.join(built_in_names())}), or the path of a codec file (NAME{SUFFIX}) or of its "
        "folder"
    )


def codec_named(name: str | Path | None, target: Target) -> Codec | None:
    """Open a codec as :func:`load_codec` does. If it is None or "auto", the target chooses.

    A maximum error without a level chooses `samples`. Otherwise None: see :func:`codec_for`.
    """
    if name is not None and name != AUTO:
        return load_codec(name)
    return load_codec(SAMPLES) if target.max_error is not None and target.level is None else None


def codec_for(picture: Picture) -> Codec:
    """Choose `digits` for a picture that is 28x28 and all grey, else `photo`; or ImageError."""
    if picture.is_scientific:
        fit(load_codec(_FOR_PHOTOS).spec, picture)
    is_digit = picture.size == _DIGIT_SIZE and is_grey(picture.pixels)
    return load_codec(_FOR_DIGITS if is_digit else _FOR_PHOTOS)


@cache
def with_workers(codec: Codec, workers: Workers) -> Codec:
    """A copy of a codec that uses these workers; equal arguments return the same copy."""
    return Codec(codec.folder, workers)


@cache
def _built_in(name: str) -> Codec:
    """Open a built-in codec once, so that its networks stay loaded."""
    return Codec(SamplesFolder() if name == SAMPLES else CodecFolder.open(BUILT_IN / name))


@cache
def built_in_names() -> tuple[str, ...]:
    return *sorted(path.parent.name for path in BUILT_IN.glob(f"*/*{SUFFIX}")), SAMPLES


def codec_of_file(data: bytes) -> Codec:
    """Find the codec of a file as :func:`codec_with_id` does; FormatError if it is damaged."""
    return codec_with_id(read_header(data).codec_id)


_known: dict[bytes, Codec] = {}
"""Codecs that were found by id or remembered, so that their networks stay loaded."""


def remember(codec: Codec) -> None:
    """Let :func:`codec_with_id` find a codec in this process, wherever its file is."""
    _known[codec.spec.codec_id] = codec


def codec_with_id(codec_id: bytes, name: str = "") -> Codec:
    """Find a remembered or built-in codec; or CodecError."""
    if codec_id not in _known:
        codecs = map(load_codec, built_in_names())
        codec = next((codec for codec in codecs if codec.spec.codec_id == codec_id), None)
        if codec is None:
            raise CodecError(
                f"codec {title_of(codec_id, name)} is needed, but not part of this version: pass "
                "its file with --codec (in Python, as the argument codec; with Zarr, to "
                "aecodec.zarr.Aecodec; with Pillow, to aecodec.pillow.register_aec_opener)"
            )
        remember(codec)
    return _known[codec_id]
