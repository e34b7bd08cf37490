"""Endings of restored pictures: which image format each gets, and under which name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path

from aecodec.cli.shared.files import read_bytes
from aecodec.cli.shared.found import STANDARD, is_folder_at
from aecodec.cli.shared.jobs import folder_beside, is_folder
from aecodec.errors import AecodecError, UsageError
from aecodec.format import container
from aecodec.format.container import Header
from aecodec.image_files.formats import LOSSY, format_of, is_kept_by
from aecodec.image_files.writing import format_to_write

_USUAL = ".png"


class ImageFormat(str, Enum):
    """Formats that `--format` names."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    AVIF = "avif"
    TIFF = "tiff"

    @property
    def suffix(self) -> str:
        """Usual ending of its files."""
        return ".jpg" if self is ImageFormat.JPEG else f".{self.value}"


@dataclass(frozen=True)
class Endings:
    """The endings of the results of one call.

    Attributes:
        inputs: what is restored; the files in its folders get their former endings back.
        wanted: the format of all results, or None.
        quality: 1 to 100 for formats that lose something, or None.
    """

    inputs: Sequence[Path]
    wanted: ImageFormat | None = None
    quality: int | None = None

    def check(self, out: str | None) -> None:
        """Check that the options agree, before any work is done.

        Args:
            out: value of `-o`.

        Raises:
            UsageError: they contradict each other, or a format needs a quality.
        """
        named = self._named_by(out)
        if self.wanted and named and format_of(named) != format_of(self.wanted.suffix):
            raise UsageError(f"--format {self.wanted.value} and -o {out} are two different formats")
        endings_come_back = self._folders and not self.wanted
        ending = named or ("" if endings_come_back else self._ending(None))
        if ending and format_to_write(ending, self.quality) not in LOSSY and self.quality:
            raise UsageError(
                f"--quality is for jpeg, webp and avif, and {ending[1:]} loses nothing"
            )

    def rename(self, path: Path) -> Path:
        """Name of the result of a file or of a folder, in the folder of the source.

        `digit.aec` becomes `digit_decompressed.png`, and the folder `scans` `scans_decompressed`.
        In such a folder, a file that was made of a BMP file ends with `.bmp` again, and one that
        was made of a JPEG file ends as that did if a quality is given.
        """
        if is_folder_at(path):
            return folder_beside(path, "_decompressed")
        is_in_folder = bool(self._folders & set(path.parents))
        header = _header_of(path) if is_in_folder else None
        ending = self._ending(header)
        return path.with_name(f"{_stem(path, header, ending)}_decompressed{ending}")

    def of(self, target: Path) -> str:
        """The ending of the file that is written as a result, which chooses its format."""
        return self._ending(None) if target == STANDARD or not target.suffix else target.suffix

    @cached_property
    def _folders(self) -> set[Path]:
        return {path for path in self.inputs if is_folder_at(path)}

    def _named_by(self, out: str | None) -> str:
        """The ending of `-o`, if that is the name of one file."""
        is_one_file = out is not None and len(self.inputs) == 1 and not self._folders
        return Path(out).suffix if out and is_one_file and not is_folder(out) else ""

    def _ending(self, header: Header | None) -> str:
        """The former ending if it is of the wanted format, and loses only what was asked for."""
        usual = self.wanted.suffix if self.wanted else _USUAL
        if header is None or header.origin is None:
            return usual
        former = header.origin.suffix
        if self.wanted and format_of(former) != format_of(usual):
            return usual
        return former if is_kept_by(former, header.picture_mode, self.quality) else usual


def _header_of(path: Path) -> Header | None:
    """Header of a file; None if it cannot be read, which is reported when it is decoded."""
    try:
        return container.unpack(read_bytes(path))[0]
    except AecodecError:
        return None


def _stem(path: Path, header: Header | None, ending: str) -> str:
    """Name of a file without its ending, and without the former one where that comes back.

    `a.jpg.aec` is the name where `a.jpg` and `a.png` were compressed together.
    """
    comes_back = header and header.origin and header.origin.suffix == ending
    return path.stem.removesuffix(ending) if comes_back else path.stem
