"""What a file says beside the fields of version 1, in a way that older readers pass over.

Readers of version 1 refuse flags and metadata that they do not know. So this is an XML processing
instruction after the XMP packet, where XML allows one: an older reader gives it back with the XMP,
and whoever reads XMP skips it. `docs/FORMAT.md` specifies it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aecodec.errors import FormatError

_INSTRUCTION = rb"<\?aec(?: (\.[0-9A-Za-z]{1,16}) (0|-?[1-9][0-9]{0,11}))?( RGB)?\?>\Z"
_MAX_LETTERS = 16
_MAX_SECONDS = 10**12 - 1


@dataclass(frozen=True)
class Origin:
    """The file that a picture was read from.

    Attributes:
        suffix: ending of its name, such as `.jpg`: a dot, and 1 to 16 letters and digits.
        modified: time of its last change, in whole seconds since 1970-01-01 00:00 UTC.
    """

    suffix: str
    modified: int

    @property
    def can_be_kept(self) -> bool:
        """Whether a file can state it: the ending is an ordinary one."""
        dot, letters = self.suffix[:1], self.suffix[1:]
        is_ordinary = letters.isascii() and letters.isalnum() and len(letters) <= _MAX_LETTERS
        return dot == "." and is_ordinary and abs(self.modified) <= _MAX_SECONDS


@dataclass(frozen=True)
class Instruction:
    """What a file says beside the fields of version 1.

    Attributes:
        origin: the file that the picture was read from, or None.
        as_rgb: whether the grey pixels of the file are given back as RGB with equal channels.
    """

    origin: Origin | None = None
    as_rgb: bool = False


def attach(xmp: bytes, instruction: Instruction) -> bytes:
    """Append an instruction to the XMP packet of a picture, which may be empty.

    An empty instruction is not appended, unless the packet itself ends like an instruction.

    Raises:
        FormatError: a file cannot state this origin.

    >>> attach(b"", Instruction(Origin(".jpg", 1714564800)))
    b'<?aec .jpg 1714564800?>'
    """
    if instruction == Instruction() and not re.search(_INSTRUCTION, xmp):
        return xmp
    return xmp + f"<?aec{_origin_text(instruction.origin)}{' RGB' * instruction.as_rgb}?>".encode()


def detach(entry: bytes) -> tuple[bytes, Instruction]:
    """Split an XMP entry of a file into the packet of the picture and the instruction.

    >>> detach(b"<x/><?aec RGB?>")
    (b'<x/>', Instruction(origin=None, as_rgb=True))
    >>> detach(b"<x/>")
    (b'<x/>', Instruction(origin=None, as_rgb=False))
    """
    found = re.search(_INSTRUCTION, entry)
    if not found:
        return entry, Instruction()
    origin = Origin(found[1].decode("ascii"), int(found[2])) if found[1] else None
    return entry[: found.start()], Instruction(origin, as_rgb=bool(found[3]))


def _origin_text(origin: Origin | None) -> str:
    if origin is None:
        return ""
    if not origin.can_be_kept:
        raise FormatError(f"{origin}: an ending is a dot and 1 to 16 letters and digits")
    return f" {origin.suffix} {origin.modified}"
