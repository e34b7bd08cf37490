"""Endings of restored pictures: which image format each gets, and under which name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from aecodec.cli.shared.files import read_bytes
from aecodec.cli.shared.jobs import STANDARD, folder_beside, is_folder
from aecodec.errors import AecodecError, FormatError, UsageError
from aecodec.format import container
from aecodec.format.container import Header
from aecodec.image_files.formats import LOSSY, format_of, is_kept_by
from aecodec.image_files.writing import check_format

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
    """How the results of one call end.

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
        if ending and check_format(ending, self.quality) not in LOSSY and self.quality:
            raise UsageError(
                f"--quality is for jpeg, webp and avif, and {ending[1:]} loses nothing"
            )

    def rename(self, path: Path) -> Path:
        """Name of the result of a file or of a folder, in the folder of the source.

        `digit.aec` becomes `digit_decompressed.png`, and the folder `scans` `scans_decompressed`.
        In that, `a.aec` becomes `a.bmp`, if it was made of a BMP file, and `a.png`, if of a JPEG.
        """
        if path.is_dir():
            return folder_beside(path, "_decompressed")
        if self._folders & set(path.parents):
            return path.with_name(self._name_in_folder(path))
        return path.with_name(f"{path.stem}_decompressed{self._ending(None)}")

    def of(self, target: Path) -> str:
        """The ending, which chooses the format, of what is written as a result."""
        return self._ending(None) if target == STANDARD or not target.suffix else target.suffix

    @property
    def _folders(self) -> set[Path]:
        return {path for path in self.inputs if path.is_dir()}

    def _named_by(self, out: str | None) -> str:
        """The ending of `-o`, if that is the name of one file."""
        is_one_file = out is not None and len(self.inputs) == 1 and not self._folders
        return Path(out).suffix if out and is_one_file and not is_folder(out) else ""

    def _name_in_folder(self, path: Path) -> str:
        header = _header_of(path)
        ending = self._ending(header)
        former = header.origin.suffix if header and header.origin else ""
        is_doubled = former == ending and path.stem.endswith(former)  # a.jpg.aec
        return path.stem if is_doubled else path.stem + ending

    def _ending(self, header: Header | None) -> str:
        """The former ending if it stands for what is wanted, and loses nothing unasked."""
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
        return container.unpack(read_bytes(path, FormatError))[0]
    except AecodecError:
        return None
