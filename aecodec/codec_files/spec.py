"""The specification of a codec: everything except its weights and tables."""

from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any, TypeGuard

from aecodec.base.errors import CodecError, UsageError
from aecodec.codec_files.levels import Level
from aecodec.format.arrays import ANY_BANDS, MAX_CODEC_BANDS
from aecodec.format.container import CODEC_ID_SIZE, LEVEL_UNITS
from aecodec.imaging.transfer import PHASES

_MAX_NAME = 100


def title_of(codec_id: bytes, name: str | None = None) -> str:
    """Title of a codec in messages: its name, if known, and its id.

    >>> title_of(bytes(4), "photo")
    'photo (00000000)'
    """
    return f"{name} ({codec_id.hex()})" if name else codec_id.hex()


def is_name(value: Any) -> TypeGuard[str]:
    """Whether this can name a codec or a band: a name must not move the cursor or reverse text."""
    return isinstance(value, str) and value.isprintable() and 1 <= len(value) <= _MAX_NAME


def printable_name(value: Any) -> str:
    """Return a name that :func:`is_name` accepts; raise ValueError for other names."""
    if not is_name(value):
        raise ValueError(f"a name must have 1 to {_MAX_NAME} characters, all of them printable")
    return value


@dataclass(frozen=True)
class Bands:
    """The bands of a codec, by their names; ValueError if phases or bands are out of range.

    Attributes:
        phases: P, the number of 8-bit channels per band of the networks: 1, 2, 4 or 8. A band has
            the values 0 to 255 P.
        file_limits: whether a file may have its own limits instead of the codec's.
    """

    phases: int
    names: tuple[str, ...]
    file_limits: bool = False

    def __post_init__(self) -> None:
        if self.phases not in PHASES or not 1 <= len(self.names) <= MAX_CODEC_BANDS:
            raise ValueError(f"wrong number of phases ({self.phases}) or bands ({len(self.names)})")
        for name in self.names:
            printable_name(name)

    @property
    def count(self) -> int:
        return len(self.names)

    @property
    def network_channels(self) -> int:
        return self.count * self.phases


@dataclass(frozen=True, eq=False, repr=False)
class CodecSpec:
    """The specification of a codec.

    Attributes:
        tile: (height, width) in pixels of a tile, the networks' unit of input.
        channels: 1 (grey) or 3 (RGB); with bands, the number of bands.
        latent_channels: number of channels of the latents, for all levels together.
        levels: quality levels, from the smallest file. Empty if the codec makes only refinements.
        default_level: number of the default level, from 1.
        receptive_field: largest distance in tiles, in any direction, at which tiles influence the
            latents or pixels of a tile; 0 if tiles are independent.
        vectors: number of code vectors per tile.
        sha256: the codec's identity, as 64 hexadecimal digits; empty before its file is written.
    """

    name: str
    tile: tuple[int, int]
    channels: int
    latent_channels: int
    levels: tuple[Level, ...]
    default_level: int
    receptive_field: int = 0
    vectors: int = 1
    bands: Bands | None = None
    sha256: str = ""

    @property
    def network_channels(self) -> int:
        """Number of channels of the pictures that the networks read and write."""
        return self.bands.network_channels if self.bands else self.channels

    @property
    def band_count(self) -> int | None:
        """Number of bands, or ANY_BANDS; None for codecs that accept only pictures."""
        if self.bands:
            return self.bands.count
        return None if self.levels else ANY_BANDS

    @cached_property
    def codec_id(self) -> bytes:
        """The first bytes of the identity, which every file stores."""
        return bytes.fromhex(self.sha256)[:CODEC_ID_SIZE]

    @property
    def has_gains(self) -> bool:
        """Whether the codec has levels between whole levels."""
        return bool(self.levels[0].gains)

    def level(self, level: float | None = None) -> Level:
        """The quantization of a level in sixteenths, or of the default level; or UsageError."""
        whole, sixteenths = divmod(self.level_index(level), LEVEL_UNITS)
        lower = self.levels[whole - 1]
        return lower.interpolate(self.levels[whole], sixteenths) if sixteenths else lower

    def level_index(self, level: float | None = None) -> int:
        """A level in sixteenths, as in files; None stands for the default level. Or UsageError."""
        if not self.levels:
            raise UsageError(
                f"codec {self.name} has no levels: set only a maximum error, with --max-error or "
                "--lossless (in Python, max_error)"
            )
        level = self.default_level if level is None else level
        if not isinstance(level, Real) or not 1 <= level <= len(self.levels):  # also rejects NaN
            raise UsageError(
                f"level {str(level).removesuffix('.0'):.20}: codec {self.name} has levels 1 "
                f"(smallest file) to {len(self.levels)} (best picture)"
            )
        if not self.has_gains and level != int(level):
            raise UsageError(f"level {level:g}: codec {self.name} accepts only whole numbers")
        return round(level * LEVEL_UNITS)

    def check_level(self, level: float | None) -> None:
        self.level_index(level)

    def check_id(self, codec_id: bytes) -> None:
        if codec_id != self.codec_id:
            raise CodecError(
                f"the file was made with codec {title_of(codec_id)}, not with "
                f"{title_of(self.codec_id, self.name)}: use the file's codec (--codec)"
            )


def nearest_level(level_index: int) -> int:
    """Number of the nearest whole level, whose prior a level in sixteenths uses; ties go up."""
    return (level_index + LEVEL_UNITS // 2) // LEVEL_UNITS
