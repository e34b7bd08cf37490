"""The source of a picture, as stored in the metadata of its file."""

from __future__ import annotations

import re
from typing import NamedTuple

from aecodec.base.errors import FormatError

_TEXT = re.compile(rb"\.[0-9A-Za-z]{1,16} (0|-?[1-9][0-9]{0,11})")


class Origin(NamedTuple):
    """The extension of a picture's file: a dot and 1 to 16 letters and digits, such as `.jpg`.

    `modified` is the time of its last change in whole seconds since 1970-01-01 00:00 UTC.
    """

    suffix: str
    modified: int

    @property
    def can_be_kept(self) -> bool:
        return _TEXT.fullmatch(self._text()) is not None

    def pack(self) -> bytes:
        """The content of the entry; raises FormatError if a file cannot store the origin."""
        if not self.can_be_kept:
            raise FormatError(f"{self}: an extension must be a dot and 1 to 16 letters or digits")
        return self._text()

    @classmethod
    def unpack(cls, content: bytes) -> Origin:
        """Read the content of an entry, which the library has checked."""
        suffix, modified = content.decode("ascii").split()
        return cls(suffix, int(modified))

    def _text(self) -> bytes:
        return f"{self.suffix} {self.modified}".encode("utf-8", "replace")
