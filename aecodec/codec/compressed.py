"""The file that is made of a picture."""

from __future__ import annotations

from dataclasses import dataclass, field

from aecodec.format.container import LEVEL_UNITS, NOT_REDUCED


@dataclass(frozen=True)
class Compressed:
    """A file, its level in sixteenths, 0 without a base, and the factor of its reduction in halves.

    `max_error` is the largest error of a sample of a file with refinements; otherwise None.
    """

    data: bytes = field(repr=False)
    level_index: int
    reduction: int = NOT_REDUCED
    max_error: float | None = None

    @property
    def level(self) -> float | None:
        """The level, 1 and up, or None."""
        return self.level_index / LEVEL_UNITS if self.level_index else None


def level_text(level: float | None, max_error: float | None = None) -> str:
    """The level of a file, for people, and its maximum error, if it is known."""
    text = "without a level" if level is None else f"at level {level:g}"
    if max_error is None:
        return text
    return f"{text}, maximum error {max_error:g}" if max_error else f"{text}, lossless"
