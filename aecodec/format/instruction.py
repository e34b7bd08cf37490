"""Facts that version 1 has no fields for, stored so that older readers ignore them.

Readers of version 1 reject unknown flags and metadata. Therefore these facts are an XML processing
instruction after the XMP packet, where XML allows one: older readers return it with the XMP, and
programs that read XMP skip it. `docs/FORMAT.md` specifies it.
"""

import re
from typing import NamedTuple

from aecodec.errors import FormatError

_INSTRUCTION = rb"<\?aec(?: (\.[0-9A-Za-z]{1,16}) (0|-?[1-9][0-9]{0,11}))?( RGB)?\?>\Z"
_MAX_LETTERS = 16
_MAX_SECONDS = 10**12 - 1


class Origin(NamedTuple):
    """The extension of the file that a picture was read from, and the time of its last change.

    The extension, such as `.jpg`, is a dot and 1 to 16 letters and digits; the time is in whole
    seconds since 1970-01-01 00:00 UTC.
    """

    suffix: str
    modified: int

    @property
    def can_be_kept(self) -> bool:
        """Whether a file can store this origin."""
        dot, letters = self.suffix[:1], self.suffix[1:]
        is_ordinary = letters.isascii() and letters.isalnum() and len(letters) <= _MAX_LETTERS
        return dot == "." and is_ordinary and abs(self.modified) <= _MAX_SECONDS


def attach(xmp: bytes, origin: Origin | None, as_rgb: bool = False) -> bytes:
    """Append the source file, and whether grey becomes RGB, to an XMP packet, which may be empty.

    An instruction without facts is appended only if the packet itself ends like an instruction.
    Raises FormatError if a file cannot store the origin.

    >>> attach(b"", Origin(".jpg", 1714564800))
    b'<?aec .jpg 1714564800?>'
    """
    if not (origin or as_rgb or (xmp and re.search(_INSTRUCTION, xmp))):
        return xmp
    if origin and not origin.can_be_kept:
        raise FormatError(f"{origin}: an extension is a dot and 1 to 16 letters and digits")
    text = f" {origin.suffix} {origin.modified}" if origin else ""
    return xmp + f"<?aec{text}{' RGB' * as_rgb}?>".encode()


def detach(entry: bytes) -> tuple[bytes, Origin | None, bool]:
    """Split the XMP entry of a file into the XMP packet, the source file, and whether grey is RGB.

    >>> detach(b"<x/><?aec RGB?>")
    (b'<x/>', None, True)
    >>> detach(b"<x/>")
    (b'<x/>', None, False)
    """
    match = re.search(_INSTRUCTION, entry)
    if not match:
        return entry, None, False
    origin = Origin(match[1].decode("ascii"), int(match[2])) if match[1] else None
    return entry[: match.start()], origin, bool(match[3])
