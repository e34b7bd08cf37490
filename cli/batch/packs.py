"""Packs: groups of pictures that are compressed to few files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aecodec.cli.shared.discovery import Source, in_unicode
from aecodec.cli.shared.jobs import check_not_sources


@dataclass(frozen=True)
class Pack:
    """Pictures that are compressed together, with one file per mode and size.

    `target` is the file for the first mode and size.
    """

    sources: Sequence[Source]
    target: Path

    def __str__(self) -> str:
        return str(self.target)

    def target_of(self, number: int) -> Path:
        """The file for the mode and size with this number, from 0.

        >>> pack = Pack([], Path("out/00007.aec"))
        >>> pack.target_of(0).name, pack.target_of(1).name
        ('00007.aec', '00007_1.aec')
        """
        if not number:
            return self.target
        return self.target.with_name(f"{self.target.stem}_{number}{self.target.suffix}")

    def result_named(self, target: str | None) -> Path | None:
        """The result with this name; None if the pack cannot make a file with this name."""
        results = map(self.target_of, range(len(self.sources)))
        return next((result for result in results if in_unicode(str(result)) == target), None)


def packs_of(sources: Sequence[Source], count: int, folder: Path) -> list[Pack]:
    """Divide pictures into packs in order; the last may have fewer than `count` pictures.

    Raises UsageError if a result would overwrite one of the pictures.

    >>> packs = packs_of([Source(Path(f"{number}.png")) for number in range(5)], 2, Path("out"))
    >>> [(str(pack), len(pack.sources)) for pack in packs]
    [('out/00000.aec', 2), ('out/00001.aec', 2), ('out/00002.aec', 1)]
    """
    starts = range(0, len(sources), count)
    packs = [
        Pack(sources[start : start + count], folder / f"{number:05}.aec")
        for number, start in enumerate(starts)
    ]
    check_not_sources([pack.target for pack in packs], [source.path for source in sources])
    return packs
