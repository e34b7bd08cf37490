"""How a codec computes: with which engine, threads and memory. It never changes the codes."""

from __future__ import annotations

from dataclasses import dataclass

from aecodec.engine.choice import default_engine
from aecodec.engine.interface import Engine
from aecodec.parallel import Workers


@dataclass(frozen=True)
class Execution:
    """How a codec computes.

    Attributes:
        engine: runs the networks and codes the latents; the installation's engine if None.
        window: longest side, in tiles, of the windows in which networks see a large picture.
        workers: threads that process windows, segments and batches.
    """

    engine: Engine | None = None
    window: int = 96
    workers: Workers = Workers()

    @property
    def selected_engine(self) -> Engine:
        """The engine, or the installation's engine if there is none.

        Raises:
            UsageError: AECODEC_ENGINE names no engine that is installed.
        """
        return self.engine or default_engine()
