"""The tables of one level of a codec for a device, which may leave out priors."""

import textwrap
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float64
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.levels import Level
from aecodec.errors import ModelError
from aecodec.format.samples import Layout, SampleType
from aecodec.native.tables import LevelTables
from aecodec.prior_fitting.level_section import arrays_of, prior_of
from aecodec.prior_fitting.level_tables import level_numbers
from aecodec.prior_fitting.prior import TABLE_TOTAL, Prior

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

    The best `priors` of its priors are kept, or all if None. Raises ModelError if the tiles are
    larger than those of a device, and UsageError if the codec has no such level.
    """

    def __init__(
        self, folder: CodecFolder, number: float | None = None, priors: int | None = None
    ) -> None:
        self.folder, self.number = folder, number
        self.prior = prior_of(folder, number)
        self.candidates = best_candidates(self.prior, priors or self.prior.priors)
        if folder.spec.tile[0] * folder.spec.tile[1] > 1 << 16:
            raise ModelError(
                f"codec {folder.spec.name} cannot be exported to C, which supports at most 65,536 "
                "pixels per tile"
            )

    @cached_property
    def level(self) -> Level:
        return self.folder.spec.level(self.number)

    @cached_property
    def level_index(self) -> int:
        """The level in sixteenths."""
        return self.folder.spec.level_index(self.number)

    @property
    def bytes(self) -> int:
        """Size of the tables in flash."""
        return sum(array.bytes for array in self.arrays.values())

    @cached_property
    def arrays(self) -> dict[str, Array]:
        """All arrays by name, in the order in which they are written."""
        arrays = arrays_of(self.prior, self.candidates)
        if len(self.candidates) == 1:  # an encoder does not select
            del arrays["costs"], arrays["prior_costs"]
        if self.level.gains:
            arrays["factors"] = self.level.factors.astype(np.uint16)
        return {name: Array(name, values) for name, values in arrays.items()}

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The numbers of the `aecodec_codec` by name."""
        spec = self.folder.spec
        return {
            "tile_width": spec.tile[1],
            "tile_height": spec.tile[0],
            "channels": spec.channels,
            "is_convolutional": int(spec.receptive_field > 0),
            "vectors_per_tile": spec.vectors,
            "level": self.level_index,
            "is_default": int(self.level_index == spec.level_index()),
            "latent_channels": spec.latent_channels,
            **level_numbers(self.prior, self.level),
            "priors": len(self.candidates),
        }

    def native(self, kind: SampleType) -> LevelTables:
        """The tables for the library."""
        arrays = {name: array.values for name, array in self.arrays.items()}
        numbers: dict[str, Any] = {"id": tuple(self.folder.spec.codec_id), **self.numbers}
        if samples := block_of_samples(self.folder, kind):
            arrays["samples"] = np.frombuffer(samples, np.uint8)
            numbers["samples_size"] = len(arrays["samples"])
        return LevelTables(numbers, arrays)


def block_of_samples(folder: CodecFolder, kind: SampleType) -> bytes:
    """The block of samples in files of a device (FORMAT, section 7); empty without bands."""
    bands = folder.spec.bands
    if not bands:
        return b""
    layout = Layout.HWB if bands.count > 1 else Layout.HW
    return bytes([kind, layout | bands.count - 1 << 3])


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
