"""The shortest message of a number of vectors, so that a short file cannot claim a huge picture."""

from aecodec.entropy.spatial_context import Grid
from aecodec.errors import FormatError

VECTORS_PER_BYTE = 4
"""A message has at least one byte per 4 vectors."""

GRID_VECTORS_PER_BYTE = 64
"""A message with vectors in a grid has at least one byte per 64 vectors: in a flat picture, they
cost almost nothing."""


def check_length(message: bytes, count: int, grid: Grid | None) -> None:
    """Check that a message is long enough for this many vectors, before anything is allocated.
    Raises FormatError if it is too short.
    """
    if len(message) < shortest_message(count, grid):
        raise FormatError(
            f"damaged: a message of {len(message)} bytes is too short for {count} code vectors"
        )


def shortest_message(vectors: int, grid: Grid | None) -> int:
    """Number of bytes of the shortest message of this many vectors."""
    return -(-vectors // (VECTORS_PER_BYTE if grid is None else GRID_VECTORS_PER_BYTE))
