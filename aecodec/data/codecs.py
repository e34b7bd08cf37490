"""Folders of the built-in codecs, and of earlier ones.

When a built-in codec is replaced, the folder of the earlier codec gets a number and stays in the
repository and the source distribution, with the files that decompressing needs. Its files can
therefore be read for ever. Wheels omit it.
"""

EARLIER: dict[str, str] = {"5f03dacc": "photo-1", "651442dd": "photo-2"}
"""Folders of the earlier codecs by the ids in their files, in hexadecimal digits."""


def title_of(codec_id: bytes, name: str | None = None) -> str:
    """Title of a codec in messages: its name, if known, and its id.

    `name` is the name in its specification; an earlier codec gets the name of its folder instead.

    >>> title_of(bytes(4), "photo")
    'photo (00000000)'
    """
    name = name_of(codec_id, name)
    return f"{name} ({codec_id.hex()})" if name else codec_id.hex()


def name_of(codec_id: bytes, name: str | None = None) -> str | None:
    """Return the name of an earlier codec's folder; for other codecs, return `name`.

    >>> name_of(bytes(4), "photo")
    'photo'
    """
    return EARLIER.get(codec_id.hex(), name)
