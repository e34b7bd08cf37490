"""One level of a codec as C constants, for `aec.c`: dimensions, tables, context network.

What no symbol needs is left out: of a row of the bank the columns of frequency 1 at both ends, of
the network the weights that it may not use.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.container import LEVEL_UNITS
from aecodec.context import Context
from aecodec.errors import ModelError
from aecodec.export.fewer_priors import best_candidates
from aecodec.levels import Level
from aecodec.prior import Prior
from aecodec.spec import CodecFolder

_LINE, _INDENT = 100, "    "
_KINDS = {"i1": "int8_t", "u1": "uint8_t", "u2": "uint16_t"}
_ROW = np.dtype([("at", np.uint16), ("start", np.uint8), ("count", np.uint8)])
LANES = 16
"""AECLANES."""


@dataclass(frozen=True, eq=False)
class Array:
    """A constant array.

    Attributes:
        name: its identifier.
        values: integers; C has them in the smallest type that `dtype` names.
    """

    name: str
    values: npt.NDArray[Any]

    @property
    def bytes(self) -> int:
        """What it takes in flash."""
        return self.values.nbytes

    def __str__(self) -> str:
        kind = _KINDS.get(self.values.dtype.str[1:], "aec_row")
        numbers = ", ".join(map(_number, self.values.ravel().tolist()))
        numbers = numbers or "0"  # C has no empty arrays
        lines = textwrap.fill(numbers, _LINE, initial_indent=_INDENT, subsequent_indent=_INDENT)
        return f"static const {kind} {self.name}[] = {{\n{lines}\n}};"


@dataclass(frozen=True, eq=False)
class CTables:
    """One level's tables, of some of its priors.

    Args:
        folder: the codec.
        number: the level; the default one if None.
        priors: keep the tables of so many, those that serve best; all if None.

    Raises:
        ModelError: tables that `aec.c` has no room for.
        UsageError: the codec has no such level.
    """

    folder: CodecFolder
    number: float | None = None
    priors: int | None = None

    def __post_init__(self) -> None:
        spec, prior = self.folder.spec, self.prior
        offset = prior.offset[self.kept]
        limits = {
            "256 tables": len(prior.bank) <= 1 << 8,
            "255 symbols a table": prior.symbols < 1 << 8,
            "moves of tables by -128 to 127": offset.min() >= -128 and offset.max() <= 127,
            "symbols of 16 bits": -(1 << 15) <= prior.first < 1 << 15,
            "65,535 priors, vectors a tile and channels": (
                max(prior.priors, spec.vectors, spec.code_shape[-1]) < 1 << 16
            ),
            "65,536 pixels a tile": spec.tile[0] * spec.tile[1] <= 1 << 16,
        }
        exceeded = [limit for limit, holds in limits.items() if not holds]
        if exceeded:
            level = f"level {self.units / LEVEL_UNITS:g} of {spec.name}"
            raise ModelError(f"{level} is not for C, which takes {', '.join(exceeded)} at most")

    @cached_property
    def level(self) -> Level:
        """What makes codes of the network's integers."""
        return self.folder.spec.level(self.number)

    @cached_property
    def units(self) -> int:
        """The level in sixteenths."""
        return self.folder.spec.units_of(self.number)

    @cached_property
    def prior(self) -> Prior:
        """The codec's, to choose those of its tables that are kept."""
        whole = self.folder.prior(self.number)
        kept = best_candidates(whole, self.priors or whole.priors)
        return replace(whole, candidates=kept)

    @property
    def kept(self) -> npt.NDArray[np.uint16]:
        """The numbers of the priors whose tables are kept, ascending."""
        assert self.prior.candidates is not None
        return self.prior.candidates

    @property
    def has_a_choice(self) -> bool:
        """Whether an encoder needs to know what each prior would cost."""
        return len(self.kept) > 1

    @property
    def bytes(self) -> int:
        """What the tables take in flash."""
        return sum(array.bytes for array in self.arrays)

    @cached_property
    def arrays(self) -> list[Array]:
        """All of them."""
        prior = self.prior
        rows, bank = _trimmed(prior.bank, prior.bank)
        arrays = [
            Array("numbers", self.kept),
            Array("frequencies", prior.index),
            Array("rows", rows),
            Array("bank", bank),
            Array("table", prior.table[self.kept].astype(np.uint8)),
            Array("offset", prior.offset[self.kept].astype(np.int8)),
        ]
        if self.has_a_choice:
            arrays.append(Array("costs", _trimmed(prior.bank, prior.costs)[1]))
            arrays.append(Array("index_costs", prior.index_costs[self.kept].astype(np.uint16)))
        if self.level.gains:
            arrays.append(Array("factors", self.level.factors.astype(np.uint16)))
        if prior.context:
            arrays.extend(_of_context(prior.context, self.kept))
        return arrays


def _trimmed(
    bank: npt.NDArray[np.uint16], values: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint16]]:
    """Where each row's columns begin, and how many there are; their values, each escape's last."""
    rows, kept, at = [], [], 0
    for frequencies, row in zip(bank, values, strict=True):
        large = np.flatnonzero(frequencies[:-1] > 1)
        start, stop = (int(large[0]), int(large[-1]) + 1) if large.size else (0, 0)
        rows.append((at, start, stop - start))
        kept.append(np.append(row[start:stop], row[-1]).astype(np.uint16))
        at += stop - start + 1
    return np.array(rows, _ROW), np.concatenate(kept)


def _of_context(context: Context, kept: npt.NDArray[np.uint16]) -> Iterator[Array]:
    """A context network as `aec_context` has it: of each unit what it reads and what reads it."""
    inner = [context.weights[:reach, unit] for unit, reach in enumerate(context.reach)]
    inner.append(np.zeros(LANES, np.int8))  # the last are read beyond their end
    outer = [context.output_weights[reach:, unit] for unit, reach in enumerate(context.reach)]
    outer.append(np.zeros((0, 2), np.int8))  # there may be no units
    yield Array("order", context.order)
    yield Array("input_shift", context.input_shift)
    yield Array("reach", context.reach)
    yield Array("weights", np.concatenate(inner))
    yield Array("unit_shift", context.unit_shift)
    yield Array("bias", context.bias[kept])
    yield Array("output_weights", np.concatenate(outer))
    yield Array("output_shift", context.output_shift)
    if context.around:
        yield Array("around_centre", context.around.centre)
        yield Array("around_weights", context.around.weights.transpose(0, 2, 1))
        yield Array("around_bias", context.around.bias)
        yield Array("around_slope", context.around.slope)
        yield Array("around_slope_shift", context.around.slope_shift)


def _number(value: int | tuple[int, ...]) -> str:
    """A number, or a struct of some."""
    return f"{{{', '.join(map(str, value))}}}" if isinstance(value, tuple) else str(value)
