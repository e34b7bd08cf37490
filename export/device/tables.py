"""The tables of a level as C source, and the choice of the priors to keep."""

import textwrap
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float64
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.level_section import arrays_of, longest_slice
from aecodec.coding.levels import Level
from aecodec.entropy.prior import Prior
from aecodec.entropy.range_coder import TABLE_TOTAL

_LINE, _INDENT = 100, "    "
_C_TYPES = {"i1": "int8_t", "u1": "uint8_t", "u2": "uint16_t"}


class Array(NamedTuple):
    """A constant array of integers; in C, the prefix of the level precedes its name."""

    name: str
    values: npt.NDArray[Any]

    @property
    def bytes(self) -> int:
        """Size in flash."""
        return self.values.nbytes

    def as_c(self, prefix: str) -> str:
        """Define the array in C.

        >>> print(Array("bias", np.array([1, -2], np.int8)).as_c("aecodec_x_"))
        static const int8_t aecodec_x_bias[] = {
            1, -2
        };
        """
        c_type = _C_TYPES.get(self.values.dtype.str[1:], "aecodec_row")
        numbers = ", ".join(map(_number, self.values.ravel().tolist()))
        numbers = numbers or "0"  # C has no empty arrays
        lines = textwrap.fill(numbers, _LINE, initial_indent=_INDENT, subsequent_indent=_INDENT)
        return f"static const {c_type} {prefix}{self.name}[] = {{\n{lines}\n}};"


class CTables:
    """The tables of a level, or of the default level if `number` is None.

    The best `priors` of its priors are kept, or all if None. Raises UsageError if the codec has no
    such level, and CodecError if its tables are missing or damaged.
    """

    def __init__(
        self, folder: CodecFolder, number: float | None = None, priors: int | None = None
    ) -> None:
        self.folder, self.number, self.priors = folder, number, priors

    @cached_property
    def level(self) -> Level:
        return self.folder.spec.level(self.number)

    @cached_property
    def level_index(self) -> int:
        """The level in sixteenths."""
        return self.folder.spec.level_index(self.number)

    @cached_property
    def prior(self) -> Prior:
        """The prior of the level; an encoder selects only among the distributions to keep."""
        prior = self.folder.prior(self.number)
        return replace(prior, candidates=best_candidates(prior, self.priors or prior.priors))

    @property
    def candidates(self) -> npt.NDArray[np.uint16]:
        """Numbers of the distributions to keep, ascending."""
        assert self.prior.candidates is not None
        return self.prior.candidates

    @property
    def max_slice(self) -> int:
        """The largest number of channels that are coded together."""
        return longest_slice(self.prior)

    @property
    def bytes(self) -> int:
        """Size of the tables in flash."""
        return sum(array.bytes for array in self.arrays.values())

    @cached_property
    def arrays(self) -> dict[str, Array]:
        """All arrays by name, in the order in which they are written."""
        arrays = arrays_of(self.prior, has_costs=len(self.candidates) > 1)
        if self.level.gains:
            arrays["factors"] = self.level.factors.astype(np.uint16)
        return {name: Array(name, values) for name, values in arrays.items()}


def _number(value: int | tuple[int, ...]) -> str:
    """An integer in C, or a struct of integers."""
    return f"{{{', '.join(map(str, value))}}}" if isinstance(value, tuple) else str(value)


def best_candidates(prior: Prior, count: int) -> npt.NDArray[np.uint16]:
    """Choose the best `count` of P distributions greedily, and return their numbers, ascending.

    Each distribution represents the vectors that select it, without the context network. Each step
    adds the distribution that most reduces the cost of all vectors; a vector costs what it costs
    with the cheapest distribution chosen so far.

    >>> wide, narrow = [20000, 20000, 20000, 5536], [1, 65533, 1, 1]
    >>> tables = np.zeros((3, 5)) + [[0], [1], [1]]
    >>> prior = Prior([wide, narrow], -1, tables, 0 * tables, [30000, 30000, 5536])
    >>> best_candidates(prior, 2).tolist()
    [0, 1]
    """
    if count >= prior.priors:
        return np.arange(prior.priors, dtype=np.uint16)
    costs, shares = _costs(prior), prior.index / TABLE_TOTAL
    lowest, candidates = np.full(prior.priors, np.inf), list[int]()
    for _ in range(count):
        totals = np.rint(shares @ np.minimum(lowest[:, None], costs))  # the same on every machine
        totals[candidates] = np.inf
        candidates.append(int(totals.argmin()))
        lowest = np.minimum(lowest, costs[:, candidates[-1]])
    return np.sort(candidates).astype(np.uint16)


def _costs(prior: Prior) -> Float64:
    """(P, P) mean cost in 1/256 bit of vectors of each distribution (row) with each (column)."""
    low = prior.first + int(prior.offset.min())
    high = prior.first + prior.symbols + int(prior.offset.max())
    columns = prior.columns_of(np.arange(low, high))
    shares = np.where(columns < prior.symbols, prior.bank[prior.table[..., None], columns], 0)
    costs = prior.costs[prior.table[..., None], columns]
    sums = shares.reshape(prior.priors, -1) / TABLE_TOTAL @ costs.reshape(prior.priors, -1).T
    return np.asarray(sums + prior.index_costs)
