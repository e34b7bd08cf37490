"""The symbols that an encoder codes: decided in advance, or decided while they are coded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes
from aecodec.entropy.prior import Prior

SliceSymbols = Callable[[slice, npt.NDArray[Any], npt.NDArray[Any]], Codes]
"""Symbols (n, N) of a slice: from its places in the order, and its rows of the bank and offsets."""


class Symbols(Protocol):
    """Codes (N, K), some of which may still be undecided."""

    codes: Codes
    """(N, K) codes; close to the final ones where these are undecided."""

    def for_pass(self, prior: Prior, members: npt.NDArray[np.intp], codes: Codes) -> SliceSymbols:
        """The symbols of the vectors of one pass, slice after slice.

        Args:
            prior: prior with which they are coded.
            members: (n,) numbers of the vectors.
            codes: (n, K) their codes so far.
        """


class FixedSymbols:
    """Codes that are decided.

    Args:
        codes: (N, K).
    """

    def __init__(self, codes: Codes) -> None:
        self.codes = codes

    def for_pass(self, prior: Prior, members: npt.NDArray[np.intp], codes: Codes) -> SliceSymbols:
        return fixed(prior, codes)


def fixed(prior: Prior, codes: Codes) -> SliceSymbols:
    """The symbols of codes (N, K) that are decided."""
    symbols = in_coding_order(prior, codes)
    return lambda places, rows, offset: symbols[places]


def in_coding_order(prior: Prior, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Copy (N, K) values to (K, N), with the channels in the order of coding."""
    return np.ascontiguousarray(values[:, prior.order].T)
