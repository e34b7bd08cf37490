"""Names of the pictures of a stack, as stored in the metadata of its file."""

import re
from collections.abc import Sequence
from unicodedata import normalize

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


def pack_names(names: Sequence[str]) -> bytes:
    """Return the content of the entry: UTF-8, with slashes between the names."""
    return "/".join(names).encode()


def unpack_names(content: bytes) -> list[str]:
    """Read the content of an entry; the list is empty if the names are not safe and distinct."""
    names = content.decode("utf-8", "replace").split("/")
    return names if can_be_kept(names) else []
