"""Refinements of an `.aec` file: residuals that bound the error of every sample.

A file of version 2 is a whole file of version 1, the base, and one or more refinements. A file of
version 3 has no base.
"""

from collections.abc import Sequence
from typing import NamedTuple

ROOT_UNITS = 256
"""Factors of square roots are stored in 1/256."""

MAX_REFINEMENTS = 16
"""Limit that keeps the work of checking a file proportional to its size."""


class Bound(NamedTuple):
    """The guaranteed maximum error of a band, in units of the samples.

    With `is_root`, the bound is a multiple of the original's square root, in steps of 1/256.

    >>> Bound(25 / 256, is_root=True).text, Bound(4).text
    ('0.09765625sqrt', '4')
    """

    error: float
    is_root: bool = False

    @property
    def text(self) -> str:
        """The bound for messages, as users write it, with all digits."""
        number = str(self.error).removesuffix(".0")
        return f"{number}sqrt" if self.is_root else number

    @property
    def json(self) -> float | str:
        """The bound for JSON: a number, or a string if it is a multiple of the square root."""
        return self.text if self.is_root else self.error


Bounds = Sequence[Bound]
"""One bound for all bands, or one for each."""


class Refinement(NamedTuple):
    """The bounds of a refinement, one for all bands or one for each, and its size in bytes.

    With `has_base`, its residuals are differences from the samples before the refinement.
    """

    bounds: Bounds
    has_base: bool
    size: int

    @property
    def largest_bound(self) -> Bound:
        return max(self.bounds)
