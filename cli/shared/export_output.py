"""Where the files of an export go, and how the command reports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aecodec.cli.shared.console import Console
from aecodec.cli.shared.files import add_to_folder, check_overwriting, write_bytes


@dataclass(frozen=True)
class Output:
    """Where files go, and how the command reports.

    Attributes:
        path: a folder; the file of a bundle.
        console: for results and warnings.
        force: whether files may be overwritten.
    """

    path: Path
    console: Console
    force: bool

    def check(self, *targets: Path) -> None:
        """Check that files may be written, before any work is done."""
        for target in targets:
            check_overwriting(target, self.force)

    def add(self, contents: dict[str, bytes]) -> None:
        """Write all files into the folder, or none if one exists and may not be overwritten."""
        add_to_folder(self.path, contents, self.force)

    def write(self, target: Path, content: bytes) -> None:
        """Write one file."""
        write_bytes(target, content, self.force)
