"""The target of a file: a level, a number of bytes, or a quality."""

from dataclasses import dataclass, fields
from numbers import Real
from typing import TypedDict

from aecodec.errors import UsageError


class TargetOptions(TypedDict, total=False):
    """The attributes of a :class:`Target` as keyword arguments."""

    level: float | None
    max_bytes: int | None
    min_psnr: float | None
    min_ssimulacra2: float | None


@dataclass(frozen=True)
class Target:
    """The target of a file. At most one attribute may be set; the default is the codec's level.

    Attributes:
        level: 1 (smallest file) and up, in sixteenths for a codec with gains.
        max_bytes: make the best file with at most this many bytes. Codecs for pictures of any size
            may then code fewer pixels; decoding restores the original size.
        min_psnr: make the smallest file with at least this PSNR in dB.
        min_ssimulacra2: make the smallest file with at least this SSIMULACRA2 score. It needs
            `pip install 'aecodec[perceptual]'` and takes a few seconds for a photograph.

    Raises:
        UsageError: several attributes are set, or one is not a number.

    >>> Target(max_bytes=237)
    Target(level=None, max_bytes=237, min_psnr=None, min_ssimulacra2=None)
    >>> Target(level=1, min_psnr=30)
    Traceback (most recent call last):
        ...
    aecodec.errors.UsageError: level and min_psnr exclude each other: give only one
    """

    level: float | None = None
    max_bytes: int | None = None
    min_psnr: float | None = None
    min_ssimulacra2: float | None = None

    def __post_init__(self) -> None:
        names = [field.name for field in fields(self) if getattr(self, field.name) is not None]
        if len(names) > 1:
            listed = f"{', '.join(names[:-1])} and {names[-1]}"
            raise UsageError(f"{listed} exclude each other: give only one")
        for name in names:
            value = getattr(self, name)
            if not isinstance(value, Real) or str(value) == "nan":
                raise UsageError(f"{name} is {value!r}: give a number")

    @property
    def is_level(self) -> bool:
        """Whether the level is known without rate control."""
        return self.max_bytes is self.min_psnr is self.min_ssimulacra2 is None


def target_of(target: Target | None, options: TargetOptions) -> Target:
    """Return the target, or make one from the options.

    Raises UsageError if both are given, or a value is not a number.
    """
    if target and options:
        raise UsageError(f"target and {next(iter(options))} exclude each other: give only one")
    return target or Target(**options)
