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
        """One of a codec's networks.

        Returns:
            For a codec with a receptive field, a function from int8 (1, h, w, C) to int8
            (1, h', w', C'); for any other, from int8 (N, ...) to int8 (N, ...). Several threads may
            call it at once.

        Raises:
            CodecError: the model is damaged, or belongs to another codec.
        """

    def coder(self, folder: CodecFolder, level: float | None) -> MessageCoder:
        """The message coder of a level, of the default one if None.

        Raises:
            CodecError: the tables are absent or damaged.
            UsageError: the codec has no such level.
        """
