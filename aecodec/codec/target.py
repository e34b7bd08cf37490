"""The target of a file: a level, a number of bytes, a quality, or a maximum error."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from numbers import Real
from typing import Any, NamedTuple, TypedDict

from aecodec.errors import UsageError

MaxError = float | str | Sequence[float | str]
"""A maximum error, as a number or as a text such as "0.5%", or several for nested refinements."""


class TargetOptions(TypedDict, total=False):
    """The attributes of a :class:`Target` as keyword arguments."""

    level: float | None
    max_bytes: int | None
    min_psnr: float | None
    min_ssimulacra2: float | None
    max_error: MaxError | None


class _Error(NamedTuple):
    """A maximum error in units of the samples, or in percent of their range."""

    number: float
    is_percentage: bool

    @classmethod
    def of(cls, value: Any) -> "_Error":
        is_percentage = isinstance(value, str) and value.strip().endswith("%")
        try:
            number = float(value.strip().removesuffix("%") if isinstance(value, str) else value)
        except (TypeError, ValueError):
            number = math.nan
        if not 0 <= number < math.inf:
            raise UsageError(
                f"max_error is {value!r}: give a number from 0, or a percentage of the samples' "
                "range, such as '0.5%'"
            )
        return cls(number, is_percentage)

    def within(self, range_: float) -> float:
        return self.number * range_ / 100 if self.is_percentage else self.number


@dataclass(frozen=True)
class Target:
    """The target of a file. At most one attribute may be set; the default is the codec's level.

    Only `level` and `max_error` may be set together.

    Attributes:
        level: 1 (smallest file) and up, in sixteenths for a codec with gains.
        max_bytes: make the best file with at most this many bytes. Codecs for pictures of any size
            may then code fewer pixels; decoding restores the original size.
        min_psnr: make the smallest file with at least this PSNR in dB.
        min_ssimulacra2: make the smallest file with at least this SSIMULACRA2 score. It needs
            `pip install 'aecodec[perceptual]'` and takes a few seconds for a photograph.
        max_error: make the smallest file in which no sample differs by more than this from its
            original: a number in units of the samples, or a text such as "0.5%" of the range of the
            picture's known samples. 0 is lossless. Several values, the coarsest first, make nested
            refinements. With a level, the file also has the picture of that level.

    Raises:
        UsageError: attributes contradict each other, one is not a number, or maximum errors are
            negative or not in descending order.

    >>> Target(max_bytes=237).is_level
    False
    >>> Target(level=1, min_psnr=30)
    Traceback (most recent call last):
        ...
    aecodec.errors.UsageError: level and min_psnr exclude each other: give only one
    >>> Target(max_error=[16, "0.5%"]).errors(range_=1000)
    [16.0, 5.0]
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
            raise UsageError(f"{listed} exclude each other: give only one")
        for name in names:
            if name == "max_error":
                continue
            value = getattr(self, name)
            if not isinstance(value, Real) or str(value) == "nan":
                raise UsageError(f"{name} is {value!r}: give a number")
        if isinstance(self.max_error, Sequence) and not isinstance(self.max_error, str):
            object.__setattr__(self, "max_error", tuple(self.max_error))  # can be hashed
        self._check_order()

    def _check_order(self) -> None:
        for coarse, fine in pairwise(self._errors):
            if coarse.is_percentage == fine.is_percentage and coarse.number <= fine.number:
                raise UsageError(f"max_error is {self.max_error!r}: give the coarsest error first")

    @property
    def is_level(self) -> bool:
        """Whether the level is known without rate control."""
        others = self.max_bytes, self.min_psnr, self.min_ssimulacra2, self.max_error
        return others == (None,) * len(others)

    def errors(self, range_: float) -> list[float]:
        """The maximum errors in units of samples with this range; empty if there are none.

        Raises UsageError if they do not descend.
        """
        errors = [error.within(range_) for error in self._errors]
        if any(coarse < fine for coarse, fine in pairwise(errors)):
            listed = ", ".join(f"{error:g}" for error in errors)
            raise UsageError(
                f"max_error is {self.max_error!r}, for this picture {listed}: give the coarsest "
                "error first"
            )
        return errors

    @property
    def _errors(self) -> list[_Error]:
        if self.max_error is None:
            return []
        if isinstance(self.max_error, tuple) and not self.max_error:
            raise UsageError("max_error is empty: give a number")
        values = self.max_error if isinstance(self.max_error, tuple) else [self.max_error]
        return [_Error.of(value) for value in values]


def target_of(target: Target | None, options: TargetOptions) -> Target:
    """Return the target, or make one from the options.

    Raises UsageError if both are given, or a value is not a number.
    """
    if target and options:
        raise UsageError(f"target and {next(iter(options))} exclude each other: give only one")
    return target or Target(**options)
