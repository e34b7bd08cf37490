"""Names of the pictures of a stack, stored after the XMP.

Like :mod:`aecodec.format.instruction`, they are a processing instruction after the XMP packet,
because version 1 of the format has no field for them. Slashes separate the names.
"""

import re
from collections.abc import Sequence
from unicodedata import normalize

_START, _END = b"<?aec-names ", b"?>"
_UNSAFE = r'[\x00-\x1f\x7f/\\:*?"<>|]'
_DEVICE = r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d\xb9\xb2\xb3]) *(\..*)?"
_MAX_BYTES = 200


def is_safe(name: str) -> bool:
    """Whether a name is valid on every system, has no folder, and is not hidden.

    >>> is_safe("digit 3.png"), is_safe("../digit.png"), is_safe(".png"), is_safe("nul .png")
    (True, False, False, False)
    """
    return (
        0 < len(name.encode("utf-8", "replace")) <= _MAX_BYTES
        and name.strip(" .") == name
        and not re.search(_UNSAFE, name)
        and not re.fullmatch(_DEVICE, name, re.IGNORECASE)
        and name.isprintable()
    )


def can_be_kept(names: Sequence[str]) -> bool:
    r"""Whether names are safe and distinct, ignoring case and the encoding of accents.

    On macOS, a precomposed letter with an accent equals the letter followed by the accent.

    >>> can_be_kept(["a.png", "b.png"]), can_be_kept(["\xe9.png", "e\u0301.png"])
    (True, False)
    """
    return all(map(is_safe, names)) and len(set(map(_folded, names))) == len(names)


def _folded(name: str) -> str:
    """A key that is equal for names that match by canonical caseless matching (Unicode, D145)."""
    return normalize("NFD", normalize("NFD", name).casefold())


def attach_names(xmp: bytes, names: Sequence[str]) -> bytes:
    """Append the names of a stack's pictures to the XMP packet, which may be empty.

    >>> attach_names(b"", ["a.png", "b.jpg"])
    b'<?aec-names a.png/b.jpg?>'
    """
    return xmp + _START + "/".join(names).encode() + _END


def detach_names(entry: bytes) -> tuple[bytes, list[str]]:
    """Split the XMP entry of a file into the XMP packet and the names of the pictures.

    The list is empty if the file has no names, or if a name is not safe.

    >>> detach_names(b"<x/><?aec-names a.png/b.jpg?>")
    (b'<x/>', ['a.png', 'b.jpg'])
    >>> detach_names(b"<?aec-names a/../b?>")
    (b'', [])
    >>> detach_names(b"<x/>")
    (b'<x/>', [])
    """
    start = entry.find(_START, entry.rfind(b"\0") + 1)
    if start < 0 or not entry.endswith(_END, start + len(_START)):
        return entry, []
    names = entry[start + len(_START) : -len(_END)].decode("utf-8", "replace").split("/")
    return entry[:start], names if can_be_kept(names) else []
