"""The built-in codecs, and titles of codecs in messages."""

from pathlib import Path

BUILT_IN = Path(__file__).with_name("codecs")
"""Folder of the built-in codecs."""


def title_of(codec_id: bytes, name: str | None = None) -> str:
    """Title of a codec in messages: its name, if known, and its id.

    >>> title_of(bytes(4), "photo")
    'photo (00000000)'
    """
    return f"{name} ({codec_id.hex()})" if name else codec_id.hex()
