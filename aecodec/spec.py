"""What a codec is, as a folder on disk.

    codec.json        the spec, the hash of every file, what was measured
    priors.npz        integers, a prior a level
    encoder.tflite    int8, pixels to codes       encoder.hdf5    the same in float, for Keras
    decoder.tflite    int8, codes to pixels       decoder.hdf5

The codec's id is the SHA-256 of its spec, and the spec holds the hashes of what decoding depends
on: the tables and the decoder. A file is read only after its hash was found right.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from aecodec import context, prior
from aecodec.container import CODEC_ID_SIZE, LEVEL_UNITS
from aecodec.context import AroundWeights, Context
from aecodec.errors import CodecError, UsageError
from aecodec.levels import LEAST_GAIN, Level
from aecodec.prior import Prior

FORMAT = 1
MAX_TILE = 4096
MAX_REACH = 64
MAX_LEVELS = 15  # a file says its level in sixteenths, in a byte
CODEC_JSON = "codec.json"
PRIORS = "priors.npz"
ENCODER_TFLITE = "encoder.tflite"
DECODER_TFLITE = "decoder.tflite"
ENCODER_HDF5 = "encoder.hdf5"
DECODER_HDF5 = "decoder.hdf5"
_WHERE_ELSE = (
    ": exports and trainings need the float networks; where they were not installed, give the "
    "codec's folder in aecodec's source, aecodec/codecs/NAME"
)

CODEC_FILES = (CODEC_JSON, PRIORS, ENCODER_TFLITE, DECODER_TFLITE, ENCODER_HDF5, DECODER_HDF5)
_DECODING_FILES = (PRIORS, DECODER_TFLITE)
_MAX_PRIORS_SIZE = 1 << 26


@dataclass(frozen=True)
class CodecSpec:
    """What a codec is, apart from its weights and tables.

    Attributes:
        name: short, lower case.
        tile: (height, width) in pixels of what the networks see.
        channels: 1 (grey) or 3 (RGB).
        code_shape: shape of the encoder's output for one tile; its last axis is the channels
            that the levels share out, the others count code vectors.
        reach: how many tiles away, in any direction, a tile's codes or pixels still depend on
            others; 0 where each tile stands alone.
        levels: level 1, the smallest files, first.
        default_level: 1-based.
        files: SHA-256 of the files that decoding depends on.

    >>> CodecSpec("x", (28, 28), 1, (50,), (Level(0, 50),), 1).vectors
    1
    """

    name: str
    tile: tuple[int, int]
    channels: int
    code_shape: tuple[int, ...]
    levels: tuple[Level, ...]
    default_level: int
    reach: int = 0
    files: dict[str, str] = field(default_factory=dict)

    @property
    def vectors(self) -> int:
        """Code vectors of one tile."""
        return math.prod(self.code_shape[:-1])

    @property
    def sha256(self) -> str:
        """The codec's identity, as 64 hexadecimal digits."""
        text = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """What `codec.json` has, and what the identity is the hash of."""
        values = asdict(self)
        for level in values["levels"]:
            if not level["gains"]:
                del level["gains"]  # as codecs have it that shipped before there were gains
        return values

    @property
    def has_gains(self) -> bool:
        """Whether there are levels between the levels."""
        return bool(self.levels[0].gains)

    def level(self, number: float | None = None) -> Level:
        """A level, or one between two.

        Args:
            number: 1 and up, taken to the nearest sixteenth; the default level if None.

        Raises:
            UsageError: the codec has no such level.
        """
        whole, fraction = divmod(self.units_of(number), LEVEL_UNITS)
        level = self.levels[whole - 1]
        return level.towards(self.levels[whole], fraction) if fraction else level

    def units_of(self, number: float | None = None) -> int:
        """The number of a level, of the default one if None, in sixteenths.

        Raises:
            UsageError: the codec has no such level.
        """
        number = self.default_level if number is None else number
        if not 1 <= number <= len(self.levels):  # nor is NaN
            raise UsageError(
                f"level {number:g}: codec {self.name} has the levels 1 (smallest file) "
                f"to {len(self.levels)} (best picture)"
            )
        if not self.has_gains and number != int(number):
            raise UsageError(f"level {number:g}: codec {self.name} has whole levels only")
        return round(number * LEVEL_UNITS)

    @property
    def codec_id(self) -> bytes:
        """The first bytes of the identity, which every file carries."""
        return bytes.fromhex(self.sha256)[:CODEC_ID_SIZE]


def spec_from_json(values: Any) -> CodecSpec:
    """A spec from parsed JSON.

    Raises:
        CodecError: it does not describe a codec.
    """
    try:
        spec = CodecSpec(
            name=str(values["name"]),
            tile=_pair(values["tile"]),
            channels=int(values["channels"]),
            code_shape=tuple(int(n) for n in values["code_shape"]),
            levels=tuple(_level(level) for level in values["levels"]),
            default_level=int(values["default_level"]),
            reach=int(values["reach"]),
            files={str(k): str(v) for k, v in values["files"].items()},
        )
        _check(spec)
    except Exception as error:  # whatever wrong types lead to
        raise CodecError(f"{CODEC_JSON} does not describe a codec ({error!r})") from error
    return spec


def _level(values: Mapping[str, Any]) -> Level:
    gains = tuple(int(gain) for gain in values.get("gains", ()))
    return Level(int(values["start"]), int(values["stop"]), int(values["multiple"]), gains)


def _pair(values: Iterable[Any]) -> tuple[int, int]:
    first, second = (int(value) for value in values)
    return first, second


def _check(spec: CodecSpec) -> None:
    """Raise ValueError for what no codec can be."""
    sound = (
        1 <= min(spec.tile) <= max(spec.tile) <= MAX_TILE
        and spec.channels in (1, 3)
        and min(spec.code_shape) >= 1
        and math.prod(spec.code_shape) <= MAX_TILE**2
        and 0 <= spec.reach <= MAX_REACH
        and (spec.reach == 0 or spec.vectors == 1)
        and 1 <= spec.default_level <= len(spec.levels) <= MAX_LEVELS
        and all(0 <= lv.start < lv.stop <= spec.code_shape[-1] for lv in spec.levels)
        and all(lv.multiple % 2 == 1 and 0 < lv.multiple < 256 for lv in spec.levels)
        and _gains_fit(spec.levels)
    )
    if not sound:
        raise ValueError("a number is out of its range")


def _gains_fit(levels: Sequence[Level]) -> bool:
    """Whether no level has gains, or all have them for the same channels."""
    if not any(level.gains for level in levels):
        return True
    channels = {(level.start, level.stop, level.multiple) for level in levels}
    count = levels[0].stop - levels[0].start
    return len(channels) == 1 and all(
        level.multiple == 1
        and len(level.gains) == count
        and all(LEAST_GAIN <= gain <= 0 for gain in level.gains)
        for level in levels
    )


def _check_measured(measured: Mapping[str, Any]) -> None:
    """Raise KeyError, TypeError or ValueError for what cannot be shown."""
    for level in measured.get("levels", []):
        for name in ("payload_bytes", "psnr", "familiar_mse"):
            float(level[name])


@dataclass(frozen=True, eq=False)
class CodecFolder:
    """A codec on disk: its spec, and its files by name, checked as they are read.

    Attributes:
        path: the folder.
        spec: what the codec is.
        files: SHA-256 of every file that the codec was exported with; some may be absent.
        measured: what was measured when it was made: a mapping per level, and the notes that
            `aecodec codecs` prints.
    """

    path: Path
    spec: CodecSpec
    files: dict[str, str]
    measured: dict[str, Any]

    @classmethod
    def open(cls, path: Path) -> CodecFolder:
        """Read a codec folder's `codec.json`.

        Raises:
            CodecError: there is none, or it does not describe a codec.
        """
        try:
            values = json.loads((path / CODEC_JSON).read_text("utf-8"))
        except OSError as error:
            raise CodecError(f"{path}: no codec here ({CODEC_JSON}: {error.strerror})") from error
        except (ValueError, RecursionError) as error:
            raise CodecError(f"{path / CODEC_JSON}: not JSON ({error})") from error
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise CodecError(f"{path / CODEC_JSON}: not a codec of format {FORMAT}")
        try:
            files, measured = dict(values["files"]), dict(values["measured"])
            _check_measured(measured)
            return cls(path, spec_from_json(values["spec"]), files, measured)
        except Exception as error:  # whatever wrong types lead to
            raise CodecError(f"{path / CODEC_JSON}: {error}") from error

    def has(self, name: str) -> bool:
        """Whether a file of the codec is here."""
        return (self.path / name).is_file()

    def read(self, name: str) -> bytes:
        """A file's content, its hash checked.

        Raises:
            CodecError: it is absent, or not the file that the codec was exported with.
        """
        try:
            content = (self.path / name).read_bytes()
        except OSError as error:
            where = _WHERE_ELSE if name in (ENCODER_HDF5, DECODER_HDF5) else ""
            raise CodecError(f"{self.path / name}: {error.strerror}{where}") from error
        if hashlib.sha256(content).hexdigest() != (self.spec.files | self.files).get(name):
            raise CodecError(f"{self.path / name}: changed since the codec was exported")
        return content

    def prior(self, level: float | None = None) -> Prior:
        """The prior of a level, the default one if None.

        Between two levels it is that of the nearer one, of the higher if they are equally near.

        Raises:
            CodecError: the tables are absent, damaged or another level's.
            UsageError: the codec has no such level.
        """
        number = (self.spec.units_of(level) + LEVEL_UNITS // 2) // LEVEL_UNITS
        if number not in self._priors:
            self._priors[number] = self._loaded_prior(number)
        return self._priors[number]

    @cached_property
    def _priors(self) -> dict[int, Prior]:
        """Those that were asked for: one level needs not wait for the others."""
        return {}

    def _loaded_prior(self, number: int) -> Prior:
        level = self.spec.levels[number - 1]
        loaded = load_prior(self.read(PRIORS), number)
        if loaded.code_dimension != level.stop - level.start:
            raise CodecError(f"{self.path / PRIORS}: not the priors of this codec's levels")
        return loaded


def save_priors(priors: Iterable[Prior]) -> bytes:
    """Priors to the content of `priors.npz`: arrays named by level and field, no pickle."""
    arrays: dict[str, Any] = {}
    for number, each in enumerate(priors, start=1):
        arrays[f"level{number}_first"] = np.asarray(each.first)
        arrays |= _named(f"level{number}_", each, prior.DTYPES)
        if each.context:
            arrays |= _named(f"level{number}_context_", each.context, context.DTYPES)
        if each.context and each.context.around:
            arrays |= _named(f"level{number}_around_", each.context.around, context.AROUND_DTYPES)
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def _named(
    start: str, owner: Prior | Context | AroundWeights, names: Iterable[str]
) -> dict[str, Any]:
    return {start + name: getattr(owner, name) for name in names}


def load_prior(content: bytes, number: int) -> Prior:
    """One level's prior from the content of `priors.npz`.

    Raises:
        CodecError: it does not hold that whole.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            _check_sizes(arrays.zip)
            return _prior_in(arrays, f"level{number}_")
    except Exception as error:  # whatever a damaged archive leads zipfile and NumPy to
        raise CodecError(f"{PRIORS} does not hold a codec's tables ({error})") from error


def _check_sizes(archive: zipfile.ZipFile) -> None:
    if sum(member.file_size for member in archive.infolist()) > _MAX_PRIORS_SIZE:
        raise ValueError("the tables are larger than any codec's")


def _prior_in(arrays: Mapping[str, Any], start: str) -> Prior:
    tables = _integers(arrays, start, prior.DTYPES)
    around, network = None, None
    if f"{start}around_slope" in arrays:
        around = AroundWeights(**_integers(arrays, f"{start}around_", context.AROUND_DTYPES))
    if f"{start}context_order" in arrays:
        network = Context(**_integers(arrays, f"{start}context_", context.DTYPES), around=around)
    return Prior(first=int(arrays[f"{start}first"]), context=network, **tables)


def _integers(arrays: Mapping[str, Any], start: str, dtypes: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: arrays[start + name] for name in dtypes}
    if any(array.dtype != dtypes[name] for name, array in found.items()):
        raise ValueError("an array is of another type")
    return found


def write_folder(
    path: Path, spec: CodecSpec, contents: Mapping[str, bytes], measured: Mapping[str, Any]
) -> CodecFolder:
    """Write a codec folder.

    Args:
        path: the folder; made if it does not exist.
        spec: what the codec is; its `files` are filled in here.
        contents: the files by name.
        measured: goes into `codec.json` as it is.

    Returns:
        The folder, as :meth:`CodecFolder.open` gives it.
    """
    path.mkdir(parents=True, exist_ok=True)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    decoding = {name: hashes.pop(name) for name in _DECODING_FILES}
    described = {
        "format": FORMAT,
        "spec": spec.as_json() | {"files": decoding},
        "files": hashes,
        "measured": dict(measured),
    }
    for name, content in contents.items():
        (path / name).write_bytes(content)
    text = json.dumps(described, indent=2, sort_keys=True)
    (path / CODEC_JSON).write_text(text + "\n", "utf-8")
    return CodecFolder.open(path)
