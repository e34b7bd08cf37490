"""Notes about a file that is read or written: what is not kept, or kept in another form."""

from __future__ import annotations

import warnings

from aecodec.errors import AecodecWarning


class Notes:
    """Sentences about one file, each said once, however many frames it is true of.

    Args:
        name: name of the file, with which the warnings begin; empty where their reader knows it.
    """

    def __init__(self, name: str = "") -> None:
        self._beginning = f"{name}: " if name else ""
        self._texts: dict[str, None] = {}

    def add(self, text: str) -> None:
        """Note a sentence, if it is not noted yet."""
        self._texts[text] = None

    def warn(self) -> None:
        """Give each note as an :class:`AecodecWarning`."""
        for text in self._texts:
            warnings.warn(self._beginning + text, AecodecWarning, stacklevel=4)
