"""Folders of the codecs that ship, and of earlier ones.

When a codec that shipped is replaced, the folder of the earlier one stays in the repository and in
the source distribution under a name with a number, with the files that decompressing needs, so that
its files are read for ever. Wheels leave it out.
"""

from __future__ import annotations

EARLIER: dict[str, str] = {"5f03dacc": "photo-1"}
"""Folders of the earlier codecs, by the ids that their files carry, as hexadecimal digits."""


def title_of(codec_id: bytes, own_name: str | None = None) -> str:
    """A codec as messages show it: its name, if it is known, and its id.

    Args:
        codec_id: first bytes of its identity.
        own_name: name in its specification; an earlier codec is called by its folder instead.

    >>> title_of(bytes(4), "photo")
    'photo (00000000)'
    """
    name = name_of(codec_id, own_name)
    return f"{name} ({codec_id.hex()})" if name else codec_id.hex()


def name_of(codec_id: bytes, own_name: str | None = None) -> str | None:
    """The name of an earlier codec, which is its folder's; that of any other as it is.

    >>> name_of(bytes(4), "photo")
    'photo'
    """
    return EARLIER.get(codec_id.hex(), own_name)
