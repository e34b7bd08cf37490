"""Rows or columns of a tensor as a function of those of a network's input."""

from __future__ import annotations

from math import gcd, lcm
from typing import NamedTuple


class Side(NamedTuple):
    """A side of a tensor: the input's side, a multiple of `by`, times `times` / `by`, plus `more`.

    >>> Side(1, 1, 0).divided(2).plus(-1)
    Side(times=1, by=2, more=-1)
    >>> Side(1, 2, -1).of(20)
    9
    """

    times: int
    by: int
    more: int

    def of(self, side: int) -> int:
        """The side in pixels, or elements, for an input of this side."""
        return side * self.times // self.by + self.more

    @property
    def is_fixed(self) -> bool:
        """Whether it is the same for all inputs."""
        return self.times == 0

    def plus(self, more: int) -> Side:
        return self._replace(more=self.more + more)

    def multiplied(self, factor: int) -> Side:
        return _reduced(self.times * factor, self.by, self.more * factor)

    def divided(self, divisor: int, *, up: bool = False) -> Side:
        """The side, divided by a whole number, and rounded down or up."""
        more = -(-self.more // divisor) if up else self.more // divisor
        return _reduced(self.times, self.by * divisor, more)


def fixed(side: int) -> Side:
    """A side that is always the same."""
    return Side(0, 1, side)


ANY_SIDE = Side(1, 1, 0)
"""The input's own side, where a network takes any."""


def unit_of(sides: list[Side]) -> int:
    """The number of which the input's side must be a multiple, so that all sides are whole."""
    return lcm(*(side.by for side in sides))


def _reduced(times: int, by: int, more: int) -> Side:
    if times == 0:
        return Side(0, 1, more)
    common = gcd(times, by)
    return Side(times // common, by // common, more)
