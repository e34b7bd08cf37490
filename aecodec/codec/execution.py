"""How a codec computes. It changes speed and memory, never the codes."""

from __future__ import annotations

from dataclasses import dataclass

from aecodec.entropy.range_coder import FASTEST, RangeCoder
from aecodec.parallel import Workers


@dataclass(frozen=True)
class Execution:
    """How a codec computes.

    Attributes:
        coder: implementation of the range coder.
        window: longest side, in tiles, of the windows in which networks see a large picture.
        workers: threads that share out windows, segments and batches.
    """

    coder: RangeCoder = FASTEST
    window: int = 96
    workers: Workers = Workers()
