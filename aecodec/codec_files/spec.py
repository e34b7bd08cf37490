"""The specification of a codec: all that it is, apart from its weights and tables.

The identity of a codec is the SHA-256 of its specification, which holds the hashes of the files
that decoding depends on. Stored names (`codec.json`) stay as they were when the first codec
shipped; they are mapped to today's here.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from aecodec.codec_files.file_names import CODEC_JSON, DECODING_FILES
from aecodec.coding.levels import MIN_GAIN, Level
from aecodec.errors import CodecError, UsageError
from aecodec.format.container import CODEC_ID_SIZE, LEVEL_UNITS

MAX_TILE = 4096
MAX_RECEPTIVE_FIELD = 64
MAX_LATENT_CHANNELS = 1 << 15
MAX_LEVELS = 15  # a file states its level in sixteenths, in one byte

_STORED_RECEPTIVE_FIELD = "reach"

_KEYS = (
    "name",
    "tile",
    "channels",
    "code_shape",
    "levels",
    "default_level",
    _STORED_RECEPTIVE_FIELD,
    "files",
)
_LEVEL_KEYS = {"start", "stop", "multiple"}

_MAX_NAME = 100
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class CodecSpec:
    """What a codec is, apart from its weights and tables.

    Attributes:
        name: short, lower case.
        tile: (height, width) in pixels of what the networks see.
        channels: 1 (grey) or 3 (RGB).
        code_shape: shape of the encoder's output for one tile; the levels share out the channels of
            its last axis, the other axes count code vectors.
        levels: quality levels; level 1, with the smallest files, first.
        default_level: number of the default level, from 1.
        receptive_field: how many tiles away, in any direction, the latents or pixels of a tile
            still depend on others; 0 where tiles are independent.
        files: SHA-256 of the files that decoding depends on, by name.

    >>> CodecSpec("x", (28, 28), 1, (50,), (Level(0, 50),), 1).vectors
    1
    """

    name: str
    tile: tuple[int, int]
    channels: int
    code_shape: tuple[int, ...]
    levels: tuple[Level, ...]
    default_level: int
    receptive_field: int = 0
    files: dict[str, str] = field(default_factory=dict)

    @property
    def vectors(self) -> int:
        """Number of code vectors per tile."""
        return math.prod(self.code_shape[:-1])

    @property
    def latent_channels(self) -> int:
        """Number of channels of the latents, those of all levels."""
        return self.code_shape[-1]

    @cached_property
    def sha256(self) -> str:
        """The codec's identity, as 64 hexadecimal digits."""
        text = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def codec_id(self) -> bytes:
        """The first bytes of the identity, which every file carries."""
        return bytes.fromhex(self.sha256)[:CODEC_ID_SIZE]

    def as_json(self) -> dict[str, Any]:
        """The specification as `codec.json` holds it, of which the identity is the hash."""
        return {
            "name": self.name,
            "tile": self.tile,
            "channels": self.channels,
            "code_shape": self.code_shape,
            "levels": [_level_as_json(level) for level in self.levels],
            "default_level": self.default_level,
            _STORED_RECEPTIVE_FIELD: self.receptive_field,
            "files": dict(self.files),
        }

    @property
    def has_gains(self) -> bool:
        """Whether the codec has levels between two whole ones."""
        return bool(self.levels[0].gains)

    def level(self, number: float | None = None) -> Level:
        """A level, or one between two.

        Args:
            number: 1 and up, rounded to the nearest sixteenth; the default level if None.

        Raises:
            UsageError: the codec has no such level.
        """
        whole, fraction = divmod(self.units_of(number), LEVEL_UNITS)
        level = self.levels[whole - 1]
        return level.interpolate(self.levels[whole], fraction) if fraction else level

    def units_of(self, number: float | None = None) -> int:
        """The number of a level, of the default one if None, in sixteenths.

        Raises:
            UsageError: the codec has no such level.
        """
        number = self.default_level if number is None else number
        if not 1 <= number <= len(self.levels):  # NaN fails too
            raise UsageError(
                f"level {number:g}: codec {self.name} has the levels 1 (smallest file) "
                f"to {len(self.levels)} (best picture)"
            )
        if not self.has_gains and number != int(number):
            raise UsageError(f"level {number:g}: codec {self.name} has whole levels only")
        return round(number * LEVEL_UNITS)

    def check_level(self, number: float | None) -> None:
        """Check that the codec has a level.

        Raises:
            UsageError: it has not.
        """
        self.units_of(number)


def nearest_whole(units: int) -> int:
    """Number of the whole level nearest to a level in sixteenths; the higher one of two.

    A level between two has the prior of that one.

    >>> nearest_whole(24), nearest_whole(23)
    (2, 1)
    """
    return (units + LEVEL_UNITS // 2) // LEVEL_UNITS


def _level_as_json(level: Level) -> dict[str, Any]:
    values: dict[str, Any] = {"start": level.start, "stop": level.stop, "multiple": level.multiple}
    # Codecs that shipped before there were gains lack the key.
    return values | {"gains": level.gains} if level.gains else values


def spec_from_json(values: Any) -> CodecSpec:
    """Read a specification from parsed JSON.

    It has exactly the keys of a specification, and integers where they belong: nothing is rounded
    or converted, so that what is read is what the identity is made of.

    Raises:
        CodecError: it does not describe a codec.
    """
    try:
        _check_keys(values, _KEYS)
        spec = CodecSpec(
            name=_name(values["name"]),
            tile=_pair(values["tile"]),
            channels=_integer(values["channels"]),
            code_shape=_integers(values["code_shape"]),
            levels=tuple(_level(level) for level in values["levels"]),
            default_level=_integer(values["default_level"]),
            receptive_field=_integer(values[_STORED_RECEPTIVE_FIELD]),
            files=_hashes(values["files"]),
        )
        _check(spec)
    except Exception as error:  # whatever wrong types lead to
        raise CodecError(f"{CODEC_JSON} does not describe a codec ({error!r})") from error
    return spec


def _check_keys(values: Mapping[str, Any], keys: Iterable[str]) -> None:
    """Check that an object has exactly these keys; raise ValueError if not."""
    if set(values) != set(keys):
        raise ValueError(f"the keys are not {', '.join(sorted(keys))}")


def _name(value: Any) -> str:
    """A name that may be printed: what moves a cursor or turns text around is refused."""
    if not isinstance(value, str) or not value.isprintable() or not 1 <= len(value) <= _MAX_NAME:
        raise ValueError(f"the name is not of 1 to {_MAX_NAME} printable characters")
    return value


def _integer(value: Any) -> int:
    if type(value) is not int:  # bool is another type, and JSON has floats
        raise TypeError("something is no integer where one belongs")
    return value


def _integers(values: Any) -> tuple[int, ...]:
    if not isinstance(values, list):
        raise TypeError("something is no list where one belongs")
    return tuple(_integer(value) for value in values)


def _pair(values: Any) -> tuple[int, int]:
    first, second = _integers(values)
    return first, second


def _hashes(values: Any) -> dict[str, str]:
    """The hashes of exactly those files that decoding depends on."""
    _check_keys(values, DECODING_FILES)
    if not all(isinstance(value, str) and _SHA256.fullmatch(value) for value in values.values()):
        raise ValueError("a hash is no SHA-256 in hexadecimal digits")
    return dict(values)


def _level(values: Mapping[str, Any]) -> Level:
    gains = _integers(values.get("gains", []))
    _check_keys(values, _LEVEL_KEYS | ({"gains"} if gains else set()))
    start, stop, multiple = (_integer(values[name]) for name in ("start", "stop", "multiple"))
    return Level(start, stop, multiple, gains)


def _check(spec: CodecSpec) -> None:
    """Check that all numbers are within their ranges; raise ValueError if not."""
    is_valid = (
        1 <= min(spec.tile) <= max(spec.tile) <= MAX_TILE
        and spec.channels in (1, 3)
        and min(spec.code_shape) >= 1
        and math.prod(spec.code_shape) <= MAX_TILE**2
        and spec.latent_channels <= MAX_LATENT_CHANNELS
        and 0 <= spec.receptive_field <= MAX_RECEPTIVE_FIELD
        and (spec.receptive_field == 0 or spec.vectors == 1)
        and 1 <= spec.default_level <= len(spec.levels) <= MAX_LEVELS
        and all(0 <= lv.start < lv.stop <= spec.latent_channels for lv in spec.levels)
        and all(lv.multiple % 2 == 1 and 0 < lv.multiple < 256 for lv in spec.levels)
        and _gains_fit(spec.levels)
    )
    if not is_valid:
        raise ValueError("a number is out of its range")


def _gains_fit(levels: Sequence[Level]) -> bool:
    """Whether no level has gains, or all have gains for the same channels."""
    if not any(level.gains for level in levels):
        return True
    channels = {(level.start, level.stop, level.multiple) for level in levels}
    return len(channels) == 1 and all(
        level.multiple == 1
        and len(level.gains) == level.code_dimension
        and all(MIN_GAIN <= gain <= 0 for gain in level.gains)
        for level in levels
    )
