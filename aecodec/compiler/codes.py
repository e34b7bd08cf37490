"""Searches and lookups of codes, which are operators of plans but not of TFLite."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.compiler.lowering import Lowering
from aecodec.compiler.plan import Kind


class Search(NamedTuple):
    """The digits (n, K) of the best code: scores are weights (n, D) x channels + biases (n,)."""

    weights: npt.NDArray[np.int16]
    biases: npt.NDArray[np.int32]
    digits: npt.NDArray[np.int8]

    @classmethod
    def of(cls, weights: Any, biases: Any, digits: Any) -> Search:
        return cls(weights.astype(np.int16), biases.astype(np.int32), digits.astype(np.int8))

    def add_to(self, low: Lowering, number: int) -> int:
        shape = low.plan.tensors[number].shape._replace(channels=self.digits.shape[1])
        parts = (low.keep(self.weights), low.keep(self.biases), low.keep(self.digits))
        return low.step([number], Kind.SEARCH, shape, len(self.weights), *parts)


class Lookup(NamedTuple):
    """A row of a table (n, W) for each group of channels.

    Its number is the offset of the group (G,) plus the sum of its channels times their worth (C,).
    """

    table: npt.NDArray[np.int8]
    offsets: npt.NDArray[np.int32]
    worth: npt.NDArray[np.int32]

    @classmethod
    def of(cls, table: Any, offsets: Any, worth: Any) -> Lookup:
        clipped = np.clip(table, -128, 127).astype(np.int8)
        return cls(clipped, offsets.astype(np.int32), worth.astype(np.int32))

    def add_to(self, low: Lowering, number: int) -> int:
        count, width = self.table.shape
        shape = low.plan.tensors[number].shape._replace(channels=len(self.offsets) * width)
        parts = low.keep(self.table), low.keep(np.concatenate([self.offsets, self.worth]))
        return low.step([number], Kind.LOOKUP, shape, count, len(self.offsets), *parts)
