"""The minimum length of a message, so that a short file cannot claim a huge picture."""

from aecodec.entropy.spatial_context import Grid
from aecodec.errors import FormatError

VECTORS_PER_BYTE = 4
"""A message has at least one byte per 4 vectors."""

GRID_VECTORS_PER_BYTE = 64
"""A message with vectors in a grid has at least one byte per 64 vectors, because vectors of flat
pictures cost almost nothing."""


def check_length(message: bytes, count: int, grid: Grid | None) -> None:
    """Raise FormatError if a message is too short for this many vectors.

    It is called before memory is allocated.
    """
    if len(message) < shortest_message(count, grid):
        raise FormatError(
            f"damaged: a message of {len(message)} bytes is too short for {count} code vectors"
        )


def shortest_message(vectors: int, grid: Grid | None) -> int:
    """Number of bytes of the shortest message of this many vectors."""
    return -(-vectors // (VECTORS_PER_BYTE if grid is None else GRID_VECTORS_PER_BYTE))
