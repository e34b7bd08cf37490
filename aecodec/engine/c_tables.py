"""The tables of one level of a codec as C arrays, for `aecodec.c`.

Entries that no symbol needs are omitted: columns with frequency 0 or 1 at both ends of a row of
the bank, and weights of the context network that its degrees exclude.
"""

import textwrap
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float64
from aecodec.codec_files.folder import CodecFolder
from aecodec.coding.levels import Level
from aecodec.entropy.context_network import ContextNetwork, SpatialWeights
from aecodec.entropy.prior import Prior
from aecodec.entropy.range_coder import TABLE_TOTAL
from aecodec.errors import ModelError
from aecodec.format.container import LEVEL_UNITS

_LINE, _INDENT = 100, "    "
_C_TYPES = {"i1": "int8_t", "u1": "uint8_t", "u2": "uint16_t"}
_ROW = np.dtype([("at", np.uint16), ("start", np.uint8), ("count", np.uint8)])

LANES = 16
"""`AECODEC_LANES` of `aecodec.h`."""


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

    The best `priors` of its priors are kept, or all if None. Raises ModelError if the tables exceed
    a limit of `aecodec.c`, and UsageError if the codec has no such level.
    """

    def __init__(
        self, folder: CodecFolder, number: float | None = None, priors: int | None = None
    ) -> None:
        self.folder, self.number, self.priors = folder, number, priors
        exceeded = [limit for limit, holds in self._limits().items() if not holds]
        if exceeded:
            level = f"level {self.level_index / LEVEL_UNITS:g} of {self.folder.spec.name}"
            raise ModelError(
                f"{level} cannot be exported to C, which supports at most {', '.join(exceeded)}"
            )

    def _limits(self) -> dict[str, bool]:
        spec, prior = self.folder.spec, self.prior
        offset = prior.offset[self.candidates]
        return {
            "256 tables": len(prior.bank) <= 1 << 8,
            "255 symbols per table": prior.symbols < 1 << 8,
            "offsets of -128 to 127": offset.min() >= -128 and offset.max() <= 127,
            "symbols of 16 bits": -(1 << 15) <= prior.first < 1 << 15,
            "65,535 priors, vectors per tile and channels": (
                max(prior.priors, spec.vectors, spec.latent_channels) < 1 << 16
            ),
            "65,536 pixels per tile": spec.tile[0] * spec.tile[1] <= 1 << 16,
        }

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
        return max(places.stop - places.start for places in self.prior.slices)

    @property
    def bytes(self) -> int:
        """Size of the tables in flash."""
        return sum(array.bytes for array in self.arrays.values())

    @cached_property
    def arrays(self) -> dict[str, Array]:
        """All arrays by name, in the order in which they are written."""
        return {array.name: array for array in self._arrays()}

    def _arrays(self) -> Iterator[Array]:
        prior, candidates = self.prior, self.candidates
        rows, bank = trimmed(prior.bank, prior.bank)
        yield Array("prior_numbers", candidates)
        yield Array("prior_frequencies", prior.index)
        yield Array("rows", rows)
        yield Array("bank", bank)
        yield Array("table", prior.table[candidates].astype(np.uint8))
        yield Array("offset", prior.offset[candidates].astype(np.int8))
        if len(candidates) > 1:  # an encoder selects
            yield Array("costs", trimmed(prior.bank, prior.costs)[1])
            yield Array("prior_costs", prior.index_costs[candidates].astype(np.uint16))
        if self.level.gains:
            yield Array("factors", self.level.factors.astype(np.uint16))
        if prior.context:
            yield from _of_context(prior.context, candidates)
        if prior.context and prior.context.spatial:
            yield from _of_spatial_weights(prior.context.spatial)


def trimmed(
    bank: npt.NDArray[np.uint16], values: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint16]]:
    """Omit columns at both ends of the rows of a bank (T, S + 1).

    These are columns with frequency 0, or with frequency 1 if the bank contains no 0.
    The values (T, S + 1) are frequencies or costs. Returns (T,) position, first column and number
    of columns of each row; and the values of all rows, each followed by the value of its escape.
    """
    large = bank[:, :-1] > int(bank.all())
    start = large.argmax(axis=1)
    stop = np.where(large.any(axis=1), large.shape[1] - large[:, ::-1].argmax(axis=1), 0)
    columns = np.arange(bank.shape[1])
    kept = (columns >= start[:, None]) & (columns < stop[:, None])
    kept[:, -1] = True  # the escape
    ends = np.cumsum(kept.sum(axis=1))
    rows = np.zeros(len(bank), _ROW)
    rows["at"][1:], rows["start"], rows["count"] = ends[:-1], start, stop - start
    return rows, values[kept].astype(np.uint16)


def _of_context(network: ContextNetwork, candidates: npt.NDArray[np.uint16]) -> Iterator[Array]:
    """The arrays of an `aecodec_context_network`, unit by unit."""
    inner = [network.weights[:degree, unit] for unit, degree in enumerate(network.degree)]
    inner.append(np.zeros(LANES, np.int8))  # C reads whole blocks, even past the last weight
    outer = [network.output_weights[degree:, unit] for unit, degree in enumerate(network.degree)]
    outer.append(np.zeros((0, 2), np.int8))  # there may be no units
    replaced = {
        "weights": np.concatenate(inner),
        "bias": network.bias[candidates],
        "output_weights": np.concatenate(outer),
    }
    for name in ContextNetwork.DTYPES:
        yield Array(f"context_{name}", replaced.get(name, getattr(network, name)))


def _of_spatial_weights(spatial: SpatialWeights) -> Iterator[Array]:
    """The arrays of an `aecodec_spatial_weights`, its weights unit by unit."""
    replaced = {"weights": spatial.weights.transpose(0, 2, 1)}
    for name in SpatialWeights.DTYPES:
        yield Array(f"spatial_{name}", replaced.get(name, getattr(spatial, name)))


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
