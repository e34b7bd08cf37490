"""The engine interface, and the choice of an engine.

An engine runs the two networks of a codec and codes its latents. The C core is fast and decodes to
the same pixels everywhere. Python is the readable reference; the C engine falls back to it for
codecs that the core cannot run.
"""

import os
from typing import Protocol

from aecodec.arrays import Int64
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.coding.payload import MessageCoder
from aecodec.coding.residual_coder import Coding, Missing
from aecodec.engine.transform import Transform
from aecodec.errors import UsageError
from aecodec.parallel import Workers

VARIABLE = "AECODEC_ENGINE"
"""Environment variable that names the engine: c or python."""


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
        """Encode values; see :func:`aecodec.coding.residual_coder.encode_segment`."""

    def decode_residuals(
        self, coding: Coding, base: Int64, message: bytes, missing: Missing | None
    ) -> Int64:
        """Decode values; see :func:`aecodec.coding.residual_coder.decode_segment`."""


def default_engine() -> Engine:
    """Return the engine that :func:`engine_name` names."""
    if engine_name() == "python":
        from aecodec.engine.python import PythonEngine  # loads more than the core needs

        return PythonEngine()
    from aecodec.engine.c import CEngine

    return CEngine()


def engine_name() -> str:
    """Return the engine in AECODEC_ENGINE, by default "c"; UsageError if it is unknown."""
    name = os.environ.get(VARIABLE) or "c"
    if name not in ("c", "python"):
        raise UsageError(f"{VARIABLE}={name}: the engines are c and python")
    return name
