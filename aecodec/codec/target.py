"""The target of a file: a level, bytes, a quality, or a maximum error; and the resulting file."""

import math
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from itertools import pairwise
from numbers import Real
from typing import Any, NamedTuple, TypedDict

from aecodec.base.errors import UsageError
from aecodec.codec_files.spec import CodecSpec
from aecodec.format.container import LEVEL_UNITS, NOT_REDUCED
from aecodec.format.refinement import MAX_REFINEMENTS, Bound

MaxErrorOfBands = float | str | Mapping[str, float | str]
"""A maximum error: a number, a string such as "0.5%" or "0.5sqrt", or a mapping for bands."""

MaxError = MaxErrorOfBands | Sequence[MaxErrorOfBands]
"""A maximum error, or several for nested refinements."""

_PERCENT, _ROOT = "%", "sqrt"


class TargetOptions(TypedDict, total=False):
    """The attributes of a :class:`Target` as keyword arguments."""

    level: float | None
    max_bytes: int | None
    min_psnr: float | None
    min_ssimulacra2: float | None
    max_error: MaxError | None


class _Error(NamedTuple):
    """A maximum error in units of the samples, or of their square root ("sqrt") or range ("%")."""

    number: float
    unit: str

    @classmethod
    def of(cls, value: Any) -> "_Error":
        text = str(value).strip()
        unit = next((unit for unit in (_PERCENT, _ROOT) if text.endswith(unit)), "")
        number = text.removesuffix(unit) if isinstance(value, str) else value
        with suppress(ValueError, OverflowError):
            is_number = isinstance(value, str | Real) and not isinstance(value, bool)
            if is_number and 0 <= float(number) < math.inf:
                return cls(float(number), unit)
        raise UsageError(
            f"max_error is {value!r}: use a number of at least 0, a percentage of the samples' "
            "range, such as '0.5%', or a multiple of their square root, such as '0.5sqrt'; for "
            "several errors, use a sequence, such as (16, 4, 0)"
        )

    @property
    def is_root(self) -> bool:
        """Whether the error is a multiple of the square root; 0 is equal in all units."""
        return self.unit == _ROOT and self.number > 0

    def of_range(self, range_: float) -> float:
        """The error in units of the samples, or of their square root."""
        number = self.number * range_ / 100 if self.unit == _PERCENT else self.number
        return min(number, sys.float_info.max)


_Errors = dict[str | None, _Error]
"""The errors of bands by their names, or that of all bands by None."""


@dataclass(frozen=True)
class Target:
    """The target of a file. Set at most one attribute; without one, the codec's level applies.

    You may also set `level` and `max_error` together. For the attributes, see
    :func:`aecodec.compress`. Factors of the square root can only be followed by other factors or by
    0. Raises UsageError if attributes contradict each other or are not numbers, or if errors do not
    descend.

    >>> Target(max_error=[16, "0.5%"]).errors({None: 1000})
    [[16.0], [5.0]]
    """

    level: float | None = None
    max_bytes: int | None = None
    min_psnr: float | None = None
    min_ssimulacra2: float | None = None
    max_error: MaxError | None = None

    def __post_init__(self) -> None:
        names = [field.name for field in fields(self) if getattr(self, field.name) is not None]
        if len(names) > 1 and names != ["level", "max_error"]:
            listed = f"{', '.join(names[:-1])} and {names[-1]}"
            raise UsageError(f"{listed} cannot be combined: use only one")
        for name in names:
            if name == "max_error":
                continue
            value = getattr(self, name)
            if not isinstance(value, Real) or str(value) == "nan":
                raise UsageError(f"{name} is {value!r}: use a number")
        if isinstance(self.max_error, Sequence) and not isinstance(self.max_error, str | bytes):
            object.__setattr__(self, "max_error", tuple(self.max_error))
        if len(self._errors) > MAX_REFINEMENTS:
            raise UsageError(
                f"max_error has {len(self._errors)} values, but a file can have at most "
                f"{MAX_REFINEMENTS} refinements: use fewer values"
            )
        nonzero = [error for part in self._errors for error in part.values() if error.number]
        if self.is_root and not all(error.is_root for error in nonzero):
            raise UsageError(
                f"max_error is {_text(self.max_error)}: if one value ends with "
                "sqrt, all must, except for a final 0"
            )
        if not all(_descend(*pair) for pair in pairwise(self._errors)):
            raise UsageError(f"max_error is {_text(self.max_error)}: put the largest error first")

    def for_codec(self, spec: CodecSpec) -> "Target":
        """Check the level, or raise UsageError. Codecs without levels are lossless by default."""
        if not spec.levels and self == Target():
            return Target(max_error=0)
        if spec.levels or self != Target(max_error=self.max_error):
            spec.check_level(self.level)
        return self

    @property
    def is_level(self) -> bool:
        """Whether the level is known without rate control."""
        return self == Target(self.level)

    @property
    def is_lossless(self) -> bool:
        """Whether the last maximum error is 0."""
        return bool(self._errors) and not any(error.number for error in self._errors[-1].values())

    @property
    def is_root(self) -> bool:
        """Whether maximum errors are factors of the square root of a sample."""
        return any(error.is_root for part in self._errors for error in part.values())

    def errors(self, ranges: Mapping[str | None, float]) -> list[list[float]]:
        """The maximum errors of each refinement, not rounded: one for all bands, or one for each.

        `ranges`: range of the samples of each band, by its name, and of all bands, by None. Raises
        UsageError if errors do not descend, or bands are unknown or missing.
        """
        stated = [self._numbers(errors, ranges) for errors in self._errors]
        bands = max(map(len, stated), default=1)
        errors = [part if len(part) == bands else part * bands for part in stated]
        for coarse, fine in pairwise(errors):
            if any(a < b for a, b in zip(coarse, fine, strict=True)):
                unit = _ROOT * self.is_root
                listed = ", ".join("/".join(f"{n:g}{unit}" for n in part) for part in stated)
                raise UsageError(
                    f"max_error is {_text(self.max_error)}, which is {listed} for this picture: "
                    "put the largest error first"
                )
        return errors

    def _numbers(self, errors: _Errors, ranges: Mapping[str | None, float]) -> list[float]:
        names = [None] if None in errors else [name for name in ranges if name is not None]
        if set(errors) != set(names):
            listed, unknown = ", ".join(map(str, names)), sorted(map(str, set(errors) - set(names)))
            problem = f"there is no band {unknown[0]}" if unknown else "some errors are missing"
            raise UsageError(
                f"max_error is {_text(self.max_error)}, but {problem}: set an error for each of "
                f"the bands {listed}"
            )
        return [errors[name].of_range(ranges[name]) for name in names]

    @property
    def _errors(self) -> list[_Errors]:
        if self.max_error is None:
            return []
        if isinstance(self.max_error, tuple) and not self.max_error:
            raise UsageError("max_error is empty: use a number")
        values = self.max_error if isinstance(self.max_error, tuple) else [self.max_error]
        return [_errors_of(value) for value in values]


def _descend(coarse: _Errors, fine: _Errors) -> bool:
    """Whether errors with the same unit descend, so that they may follow each other."""
    pairs = [(coarse[a], fine[b]) for a in coarse for b in fine if a == b or None in (a, b)]
    numbers = [(a.number, b.number) for a, b in pairs if a.unit == b.unit]
    is_finer = any(a > b for a, b in numbers) or not numbers
    return is_finer and all(a >= b for a, b in numbers)


def _text(value: Any) -> str:
    """Errors in the form of the command line."""
    if isinstance(value, tuple):
        return ",".join(map(_text, value))
    if isinstance(value, Mapping):
        return ",".join(f"{name}={error}" for name, error in value.items())
    return str(value)


def _errors_of(value: Any) -> _Errors:
    if not isinstance(value, Mapping):
        return {None: _Error.of(value)}
    if not value or not all(isinstance(name, str) for name in value):
        raise UsageError(f"max_error is {value!r}: use a mapping from band names to errors")
    return {name: _Error.of(error) for name, error in value.items()}


def bound_to_keep(max_error: float | str) -> Bound:
    """The bound to keep while finer refinements are removed; UsageError for percentages."""
    error = _Error.of(max_error)
    if error.unit == _PERCENT:
        raise UsageError(
            f"max_error is {max_error!r}: files do not store the range of samples, so use a value "
            "that aecodec info prints"
        )
    return Bound(error.number, is_root=error.is_root)


def target_of(target: Target | None, options: TargetOptions) -> Target:
    """Return the target, or make one from the options; UsageError if both are given."""
    if target and options:
        raise UsageError(f"target and {next(iter(options))} cannot be combined: use only one")
    return target or Target(**options)


@dataclass(frozen=True)
class Compressed:
    """A file, its level in sixteenths (0 without a base), and its reduction factor in halves.

    `max_error` is the largest error of a sample of a file with refinements; otherwise None.
    """

    data: bytes = field(repr=False)
    level_index: int
    reduction: int = NOT_REDUCED
    max_error: float | None = None

    @property
    def level(self) -> float | None:
        """The level, 1 and up, or None."""
        return self.level_index / LEVEL_UNITS if self.level_index else None


def level_text(level: float | None, max_error: float | None = None) -> str:
    """The level of a file as text to append, with its maximum error if that is known."""
    text = "" if level is None else f" at level {level:g}"
    if max_error is None:
        return text
    return f"{text}, maximum error {max_error:g}" if max_error else f"{text}, lossless"
