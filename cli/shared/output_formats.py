"""Image formats and names of decompressed pictures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path

from aecodec.cli.shared.discovery import STANDARD, is_folder_at, real_path
from aecodec.cli.shared.file_io import read_bytes
from aecodec.cli.shared.jobs import folder_beside, is_folder
from aecodec.errors import AecodecError, UsageError
from aecodec.format import container
from aecodec.format.container import Header
from aecodec.image_files.formats import LOSSY, SAMPLES_SUFFIXES, format_of, is_kept_by
from aecodec.image_files.writing import format_to_write
from aecodec.urls import Url, path_or_url

_DEFAULT_SUFFIX = ".png"
_ENDING = "_decompressed"
_LONGEST_NAME = 255
"""Bytes in a file's name, on most file systems."""


class ImageFormat(str, Enum):
    """Values of `--format`."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    AVIF = "avif"
    TIFF = "tiff"

    @property
    def suffix(self) -> str:
        """Usual suffix of its files."""
        return ".jpg" if self is ImageFormat.JPEG else f".{self.value}"


@dataclass(frozen=True)
class OutputFormats:
    """The image formats of the results of one command.

    Attributes:
        inputs: inputs of the command. Files in folders regain the suffix of their original.
        out: value of `-o`.
        image_format: format of all results; None to select it for each file.
        quality: quality for lossy formats, 1 to 100; None if the user gave none.
    """

    inputs: Sequence[Path]
    out: str | None = None
    image_format: ImageFormat | None = None
    quality: int | None = None

    def check(self) -> None:
        """Raise UsageError if the options contradict each other, or a format needs a quality."""
        named = self._suffix_of_out()
        if self.image_format and named and format_of(named) != format_of(self.image_format.suffix):
            raise UsageError(
                f"--format {self.image_format.value} contradicts the format of -o {self.out}: "
                "give only one of them"
            )
        regains_suffix = self._folders and not self.image_format
        suffix = named or ("" if regains_suffix else self._suffix(None))
        if suffix.lower() in SAMPLES_SUFFIXES and not self.quality:
            return
        if suffix and format_to_write(suffix, self.quality) not in LOSSY and self.quality:
            raise UsageError(f"--quality is for jpeg, webp and avif; {suffix[1:]} is lossless")

    def rename(self, path: Path) -> Path:
        """Path of the result of a file or folder, next to the source.

        `digit.aec` becomes `digit.png`, or `digit_decompressed.png` in its own folder, where the
        original may be. The folder `scans` becomes `scans_decompressed`. A file in a folder regains
        the suffix of its original. If that is a lossy format, it does so only with a quality.
        """
        if is_folder_at(path):
            return folder_beside(path, _ENDING)
        folder = next(iter(self._folders & set(path.parents)), None)
        header = _header_of(path) if folder or _has_samples(path) else None
        suffix = self._suffix(header)
        stem = _stem(path, header, suffix)
        name = stem + _ENDING + suffix if self._stays_in(folder or path.parent, folder) else ""
        is_possible = 0 < len(os.fsencode(name)) <= _LONGEST_NAME
        return path.with_name(name if is_possible else stem + suffix)

    def _stays_in(self, source: Path, folder: Path | None) -> bool:
        """Whether results are written to the folder `source` of their sources.

        `folder` is the input that is this folder; None if the source is itself an input.
        """
        if self.out is None:
            return folder is None
        return real_path(path_or_url(self.out)) == real_path(source)

    def suffix_for(self, target: Path, header: Header) -> str:
        """The suffix that selects the format of a result."""
        is_named = target != STANDARD and target.suffix
        return target.suffix if is_named else self._suffix(header if header.samples else None)

    @cached_property
    def _folders(self) -> set[Path]:
        return {path for path in self.inputs if is_folder_at(path)}

    def _suffix_of_out(self) -> str:
        """The suffix of `-o` if that names a single file, else an empty string."""
        out = self.out
        is_single_file = out is not None and len(self.inputs) == 1 and not self._folders
        return Path(out).suffix if out and is_single_file and not is_folder(out) else ""

    def _suffix(self, header: Header | None) -> str:
        """The suffix of the original, if its format may be written, else the default suffix."""
        default = self.image_format.suffix if self.image_format else _DEFAULT_SUFFIX
        if header and header.samples and not self.image_format:
            from aecodec.image_files.samples import suffix_to_write  # only for codecs with bands

            return suffix_to_write(header.origin.suffix if header.origin else "")
        if header is None or header.origin is None:
            return default
        original = header.origin.suffix
        if self.image_format and format_of(original) != format_of(default):
            return default
        return original if is_kept_by(original, header.picture_mode, self.quality) else default


def _has_samples(path: Path) -> bool:
    """Whether a file has samples of a codec with bands; False if it cannot be read twice."""
    try:
        if not (isinstance(path, Url) or path.is_file()):
            return False
        with path.open("rb") as file:
            return container.has_samples(file.read(container.BEGINNING))
    except (OSError, ValueError):  # which decoding will report
        return False


def _header_of(path: Path) -> Header | None:
    """Header of a file; None if it cannot be read, which decoding will report."""
    try:
        return container.unpack(read_bytes(path))[0]
    except AecodecError:
        return None


def _stem(path: Path, header: Header | None, suffix: str) -> str:
    """Name of a file without its suffix, and without the original suffix if it regains that.

    If `a.jpg` and `a.png` are compressed together, `a.jpg` becomes `a.jpg.aec`.
    """
    regains_suffix = header and header.origin and header.origin.suffix == suffix
    return path.stem.removesuffix(suffix) if regains_suffix else path.stem
