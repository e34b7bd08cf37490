"""The engine interface.

An engine runs the two networks of a codec and codes its latents. The C core is fast and gives the
same pixels everywhere. Python is the readable reference, and runs what the core cannot.
"""

from __future__ import annotations

from typing import Protocol

from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.coding.message_coder import MessageCoder
from aecodec.engine.transform import Transform
from aecodec.parallel import Workers


class Engine(Protocol):
    """Runs codecs. Engines hold no state, so they pickle and compare by their type."""

    def name_for(self, folder: CodecFolder) -> str:
        """Name of the engine that runs a codec: "c" or "python"."""

    def network(self, folder: CodecFolder, half: Half, workers: Workers) -> Transform:
        """Return a network; raise CodecError if its model is damaged or belongs to another codec.

        For a codec with a receptive field, it is a function from int8 (1, h, w, C) to int8 (1, h',
        w', C'); for any other, from int8 (N, ...) to int8 (N, ...). Several threads may call it at
        once.
        """

    def coder(self, folder: CodecFolder, level: float | None) -> MessageCoder:
        """Return the message coder of a level, or of the default level if None.

        Raises CodecError if the tables are absent or damaged, and UsageError if there is no such
        level.
        """
