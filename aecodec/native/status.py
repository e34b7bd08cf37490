"""The statuses of the library as exceptions."""

from __future__ import annotations

from aecodec.base.errors import (
    NO_MEMORY,
    AecodecError,
    CodecError,
    FormatError,
    ImageError,
    LimitError,
    UsageError,
)
from aecodec.native import structures
from aecodec.native.library import LIBRARY

_ERRORS: dict[int, type[AecodecError]] = {
    structures.USAGE_ERROR: UsageError,
    structures.IMAGE_ERROR: ImageError,
    structures.FORMAT_ERROR: FormatError,
    structures.CODEC_ERROR: CodecError,
    structures.LIMIT_ERROR: LimitError,
}


def check(status: int) -> None:
    """Raise the error of a status, unless it is OK."""
    if status != structures.OK:
        raise error_of(status)


def error_of(status: int) -> Exception:
    """The error of a status, with the library's message."""
    if status == structures.NO_MEMORY:
        return AecodecError(NO_MEMORY)
    text = LIBRARY.aecodec_status_text(status).decode()
    return _ERRORS.get(LIBRARY.aecodec_status_error(status), AecodecError)(text)
