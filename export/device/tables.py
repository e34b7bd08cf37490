"""The tables of one level of a codec for a device."""

from functools import cached_property
from typing import Any, NamedTuple

import numpy.typing as npt

from aecodec.base.errors import ModelError
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.levels import Level
from aecodec.codec_files.spec import CodecSpec, nearest_level
from aecodec.export.device.network_source import in_lines
from aecodec.native.tables import LevelTables
from aecodec.prior_fitting.level_tables import stored_tables

_C_TYPES = {"i1": "int8_t", "u1": "uint8_t", "u2": "uint16_t"}


class Array(NamedTuple):
    """A constant array of integers."""

    name: str
    values: npt.NDArray[Any]

    @property
    def bytes(self) -> int:
        return self.values.nbytes

    def as_c(self) -> str:
        c_type = _C_TYPES.get(self.values.dtype.str[1:], "aecodec_row")
        numbers = in_lines(map(_number, self.values.ravel().tolist())) or "    0"  # C has no empty
        return f"static const {c_type} {self.name}[] = {{\n{numbers}\n}};"


class CTables:
    """The tables of a level, or of the default level if `number` is None.

    Raises ModelError if the codec has bands, or larger tiles than devices support, and UsageError
    if it has no such level.
    """

    def __init__(self, folder: CodecFolder, number: float | None = None) -> None:
        self.folder, self.number = folder, number
        _ = folder.native  # opening checks all tables
        section = folder.level_section(nearest_level(self.level_index))
        self._numbers, self._arrays = stored_tables(section, self.level)
        _check_supported(folder.spec)

    @cached_property
    def level(self) -> Level:
        return self.folder.spec.level(self.number)

    @cached_property
    def level_index(self) -> int:
        return self.folder.spec.level_index(self.number)

    @property
    def bytes(self) -> int:
        return sum(array.bytes for array in self.arrays.values())

    @cached_property
    def arrays(self) -> dict[str, Array]:
        """All arrays by name, in the order in which they are written."""
        is_needed = self._numbers["priors"] > 1  # else an encoder does not select
        return {
            name: Array(name, values)
            for name, values in self._arrays.items()
            if is_needed or name not in ("costs", "prior_costs")
        }

    @cached_property
    def numbers(self) -> dict[str, int]:
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
            **self._numbers,
        }

    @property
    def native(self) -> LevelTables:
        arrays = {name: array.values for name, array in self.arrays.items()}
        return LevelTables({"id": tuple(self.folder.spec.codec_id), **self.numbers}, arrays)


def _check_supported(spec: CodecSpec) -> None:
    if spec.bands:
        raise ModelError(
            f"codec {spec.name} has bands, which --format c does not support: use libaecodec"
        )
    if spec.tile[0] * spec.tile[1] > 1 << 16:
        raise ModelError(
            f"codec {spec.name} cannot be exported: the C code supports at most 65,536 pixels per "
            "tile"
        )


def _number(value: int | tuple[int, ...]) -> str:
    return f"{{{', '.join(map(str, value))}}}" if isinstance(value, tuple) else str(value)
