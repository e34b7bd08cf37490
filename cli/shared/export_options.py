"""What to make of a codec."""

from __future__ import annotations

from dataclasses import dataclass

from aecodec.codec_files.spec import CodecSpec
from aecodec.errors import UsageError
from aecodec.export.device.options import Format, Halves, Precision


@dataclass(frozen=True)
class Wanted:
    """What to make of a codec.

    Attributes:
        to: the format.
        precision: precision of TFLite.
        halves: which networks.
        levels: the levels whose tables go along; the codec's own, or all, if empty.
        priors: number of priors to keep in C; None for all.
    """

    to: Format
    precision: Precision
    halves: Halves
    levels: tuple[float, ...]
    priors: int | None

    @property
    def level(self) -> float | None:
        """The one level of C; None for the codec's own."""
        return self.levels[0] if self.levels else None

    @property
    def is_plain(self) -> bool:
        """Whether it is what a codec has anyway: both networks in TFLite, in int8."""
        plain = (Format.TFLITE, Precision.INT8, Halves.BOTH)
        return (self.to, self.precision, self.halves) == plain

    def check(self) -> None:
        """Check that the options go together.

        Raises:
            UsageError: they do not.
        """
        if self.to is not Format.TFLITE and self.precision is not Precision.INT8:
            raise UsageError(f"--quantize {self.precision.value} is for --format tflite")
        if self.to not in (Format.C, Format.BUNDLE) and self.levels:
            raise UsageError("--level is for --format c and bundle, which have levels' tables")
        if self.to is not Format.C and self.priors:
            raise UsageError("--priors is for --format c, which may leave tables out")
        if self.to is Format.C and len(self.levels) > 1:
            raise UsageError("--level: --format c has one level's tables; export the others apart")

    def check_levels_of(self, spec: CodecSpec) -> None:
        """Check that a codec has all the levels.

        Raises:
            UsageError: it lacks one.
        """
        for level in self.levels:
            spec.check_level(level)
