"""Options and output of `aecodec export`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aecodec.cli.shared.console import Console
from aecodec.cli.shared.file_io import add_to_folder, check_overwriting, write_bytes
from aecodec.codec_files.spec import CodecSpec
from aecodec.errors import UsageError
from aecodec.export.device.options import Format, Halves, Precision


@dataclass(frozen=True)
class ExportOptions:
    """Format and contents of an export.

    Attributes:
        to: the format.
        precision: precision of TFLite models.
        halves: the networks to export.
        levels: levels whose tables are exported. If empty, C gets the default level and a bundle
            all levels.
        priors: number of priors to keep in C; None for all.
    """

    to: Format
    precision: Precision
    halves: Halves
    levels: tuple[float, ...]
    priors: int | None

    @property
    def level(self) -> float | None:
        """The level for C; None for the codec's default level."""
        return self.levels[0] if self.levels else None

    @property
    def is_plain(self) -> bool:
        """Whether the options are the defaults: both networks as int8 TFLite."""
        plain = (Format.TFLITE, Precision.INT8, Halves.BOTH)
        return (self.to, self.precision, self.halves) == plain

    def check(self) -> None:
        """Check that the options are consistent.

        Raises:
            UsageError: they are not.
        """
        if self.to is not Format.TFLITE and self.precision is not Precision.INT8:
            raise UsageError(f"--quantize {self.precision.value} needs --format tflite")
        if self.to not in (Format.C, Format.BUNDLE) and self.levels:
            raise UsageError("--level needs --format c or bundle")
        if self.to is not Format.C and self.priors:
            raise UsageError("--priors needs --format c")
        if self.to is Format.C and len(self.levels) > 1:
            raise UsageError("--format c exports a single level: repeat the command for each level")

    def check_levels_of(self, spec: CodecSpec) -> None:
        """Check that a codec has all the levels.

        Raises:
            UsageError: it lacks a level.
        """
        for level in self.levels:
            spec.check_level(level)


@dataclass(frozen=True)
class Output:
    """Output path and console of an export.

    Attributes:
        path: a folder, or the file of a bundle.
        console: for results and warnings.
        force: whether existing files may be overwritten.
    """

    path: Path
    console: Console
    force: bool

    def check(self, *targets: Path) -> None:
        """Check that files may be written, before any work is done."""
        for target in targets:
            check_overwriting(target, self.force)

    def add(self, contents: dict[str, bytes]) -> None:
        """Write all files into the folder, or none if one of them may not be overwritten."""
        add_to_folder(self.path, contents, self.force)

    def write(self, target: Path, content: bytes) -> None:
        """Write a file."""
        write_bytes(target, content, self.force)
