"""How a codec computes: with which engine, threads and memory. It never changes the codes."""

from typing import NamedTuple

from aecodec.engine.choice import Engine, default_engine
from aecodec.parallel import Workers


class Execution(NamedTuple):
    """How a codec computes: its engine (by default the installation's) and the threads of loops.

    `window` is the longest side, in tiles, of the windows in which networks see a large picture.
    """

    engine: Engine | None = None
    window: int = 96
    workers: Workers = Workers()

    @property
    def selected_engine(self) -> Engine:
        """The engine, by default the installation's; UsageError if AECODEC_ENGINE is unknown."""
        return self.engine or default_engine()
