"""The interface of the engine, which runs the two networks of a codec and codes its latents."""

from typing import Protocol

from aecodec.arrays import Int64
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.coding.payload import MessageCoder
from aecodec.coding.residual_coder import Coding, Missing
from aecodec.engine.transform import Transform
from aecodec.parallel import Workers


class Engine(Protocol):
    """Runs codecs. Engines hold no state, so they pickle."""

    def name_for(self, folder: CodecFolder) -> str:
        """Name of the engine that runs a codec: "c" or "python"."""

    def network(self, folder: CodecFolder, half: Half, workers: Workers) -> Transform:
        """Return a network; raise CodecError if its model is damaged or belongs to another codec.

        For a codec with a receptive field, the network maps int8 (1, h, w, C) to int8 (1, h', w',
        C'). For other codecs, it maps int8 (N, ...) to int8 (N, ...). Several threads may call it
        at once.
        """

    def exact_network(self, folder: CodecFolder, half: Half, workers: Workers) -> Transform | None:
        """A network that computes the same everywhere; None if that of :meth:`network` does."""

    def coder(self, folder: CodecFolder, level: float | None) -> MessageCoder:
        """Return the message coder of a level, or of the default level if `level` is None.

        Raises CodecError if the tables are missing or damaged, and UsageError if the level does not
        exist.
        """

    def encode_residuals(
        self, coding: Coding, base: Int64, values: Int64, missing: Missing | None
    ) -> tuple[bytes, Int64]:
        """Encode values (F, B, height, width) to a message and the values of the decoder."""

    def decode_residuals(
        self, coding: Coding, base: Int64, message: bytes, missing: Missing | None
    ) -> Int64:
        """Decode values. Raises FormatError if no encoder wrote them."""


def default_engine() -> Engine:
    """The engine, which calls the library."""
    from aecodec.engine.c import CEngine

    return CEngine()


def engine_name() -> str:
    """The name of the engine."""
    return "c"
