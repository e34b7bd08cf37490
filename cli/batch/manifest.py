"""The manifest of a call: a row for each file, by which another call goes on.

Each row is appended to a journal beside the manifest as soon as it is known, so that a killed
process loses none. The journal becomes the manifest, a Parquet file, when the call ends, or when
the next one begins.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from aecodec.atomic.locks import Lock, try_lock
from aecodec.cli.batch.manifest_file import Row, read_rows, written
from aecodec.cli.batch.outcome import Outcome
from aecodec.cli.shared.console import name_of
from aecodec.cli.shared.files import size_of, write_bytes
from aecodec.cli.shared.found import STANDARD
from aecodec.errors import AecodecError, UsageError

_JOURNAL = ".rows"
"""What the name of the journal has more than that of the manifest."""


class Manifest:
    """What came of files, by their sources.

    Args:
        path: the Parquet file.
        journal: the journal, opened for reading and appending.

    Raises:
        UsageError: the file is no manifest.
    """

    def __init__(self, path: Path, journal: IO[bytes]) -> None:
        self._path, self._journal = path, journal
        self._rows = {row.source: row for row in read_rows(path)}
        journal.seek(0)
        self._rows.update((row.source, row) for row in map(_row_in, journal) if row)
        self.join()

    def has(self, item: Any) -> bool:
        """Whether a file was done, and what was made of it is still there, with as many bytes."""
        row = self._rows.get(name_of(item))
        if row is None or row.status or row.bytes is None:
            return False
        is_same = row.target == _target_of(item) and name_of(item) != name_of(STANDARD)
        return is_same and size_of(_made_of(item)) == row.bytes

    def add(self, item: Any, outcome: Outcome) -> None:
        """Note what came of a file."""
        self._add(_row_of(item, outcome))

    def add_existing(self, item: Any) -> None:
        """Note a file that was there already, unless it is noted as it was made."""
        name, target = name_of(item), _target_of(item)
        row = self._rows.get(name)
        if target and not (row and row.status == 0 and row.target == target):
            self._add(Row(name, target, size_of(_made_of(item)), status=0))

    def _add(self, row: Row) -> None:
        self._rows[row.source] = row
        self._journal.write(json.dumps(row).encode() + b"\n")
        self._journal.flush()

    def join(self) -> None:
        """Write all rows as a Parquet file, in the place of the one that is there.

        Raises:
            AecodecError: it cannot be written; the journal stays.
        """
        if self._journal.seek(0, 2):
            write_bytes(self._path, written(self._rows.values()), force=True)
            self._journal.truncate(0)


@contextmanager
def opened(path: Path) -> Iterator[Manifest]:
    """A manifest for the block, new or with the rows that it has; nobody else may have it.

    Raises:
        UsageError: it is in use, or the file of this name is no manifest.
        AecodecError: pyarrow is not installed, or the files cannot be written.
    """
    journal_path = path.with_name(path.name + _JOURNAL)
    with _journal_at(journal_path) as journal:
        if try_lock(journal.fileno()) is Lock.HELD_BY_ANOTHER or not journal_path.exists():
            raise UsageError(f"{path} is in use: another call writes this manifest")
        try:
            manifest = Manifest(path, journal)
            yield manifest
            manifest.join()
        finally:
            if not journal.seek(0, 2):
                journal_path.unlink()


@contextmanager
def _journal_at(path: Path) -> Iterator[IO[bytes]]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        journal = path.open("a+b")
    except OSError as error:
        raise AecodecError(f"{path} cannot be written: {error.strerror}") from error
    with journal:
        yield journal


def _row_in(line: bytes) -> Row | None:
    """The row of a line of a journal; None of the last one, if a process was killed within it."""
    try:
        return Row(*json.loads(line))
    except (ValueError, TypeError):
        return None


def _made_of(item: Any) -> Path:
    """What is made of a file; the file itself, if it is only read."""
    made: Path = item.target if hasattr(item, "target") else item.path
    return made


def _target_of(item: Any) -> str | None:
    """What shall be made of a file; None if it is only read."""
    return str(item.target) if hasattr(item, "target") else None


def _row_of(item: Any, outcome: Outcome) -> Row:
    values, error = outcome.values, outcome.error
    return Row(
        source=name_of(item),
        target=values.get("file", _target_of(item)),
        bytes=values.get("bytes"),
        width=values.get("width"),
        height=values.get("height"),
        level=values.get("level"),
        psnr=values.get("psnr"),
        seconds=round(outcome.seconds, 4),
        status=error.exit_status if error else 0,
        error=str(error) if error else None,
    )
