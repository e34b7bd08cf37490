"""Notes about a file that is read or written: properties that are dropped or converted."""

from __future__ import annotations

from aecodec.errors import warn


class Notes:
    """Notes about a file, reported once even if they concern several frames.

    Warnings begin with the name of the file, which may be empty.
    """

    def __init__(self, name: str = "") -> None:
        self._beginning = f"{name}: " if name else ""
        self._texts: dict[str, None] = {}

    def add(self, text: str) -> None:
        self._texts[text] = None

    def warn(self) -> None:
        """Report the notes as :class:`AecodecWarning`."""
        for text in self._texts:
            warn(self._beginning + text)
