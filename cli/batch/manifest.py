"""The manifest: a row per file, with which a later run of the command resumes.

Rows are first appended to a journal next to the manifest, so that a killed process loses none. At
the end of the run, or at the start of the next one, the journal is merged into the manifest, a
Parquet file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from aecodec.atomic import try_lock
from aecodec.cli.batch.manifest_file import Row, read_rows, to_parquet
from aecodec.cli.batch.outcome import Outcome
from aecodec.cli.shared.console import name_of
from aecodec.cli.shared.discovery import STANDARD, in_unicode
from aecodec.cli.shared.file_io import ExistsError, size_of, write_bytes
from aecodec.errors import AecodecError, UsageError

_JOURNAL = ".rows"
"""Suffix that is added to the name of the manifest."""


class Manifest:
    """Outcomes of files by their sources; the journal is open for reading and appending.

    Raises UsageError if the file is not a manifest.
    """

    def __init__(self, path: Path, journal: IO[bytes]) -> None:
        self._path, self._journal = path, journal
        self._rows = {row.source: row for row in read_rows(path)}
        journal.seek(0)
        self._rows.update((row.source, row) for row in map(_row_in, journal) if row)
        self.join()

    def has(self, item: Any) -> bool:
        """Whether a file is done, and its result still exists with the same size."""
        row = self._row_of(item)
        if row is None or row.status or row.bytes is None or name_of(item) == name_of(STANDARD):
            return False
        return row.target == _target_of(item) and not _is_lost(row, item)

    def level_of(self, item: Any) -> float | None:
        """The recorded level of a file; None if it is unknown."""
        row = self._row_of(item)
        return row.level if row else None

    def _row_of(self, item: Any) -> Row | None:
        return self._rows.get(in_unicode(name_of(item)))

    def add(self, item: Any, outcome: Outcome) -> None:
        """Record the outcome of a file; an error because its result exists replaces no success."""
        row = self._row_of(item)
        is_done = row is not None and not row.status and not _is_lost(row, item)
        if not (is_done and isinstance(outcome.error, ExistsError)):
            self._add(_row_of(item, outcome))

    def add_existing(self, item: Any) -> None:
        """Record a file whose result already exists, unless it is recorded as done."""
        row, target = self._row_of(item), _target_of(item)
        if target and not (row and row.status == 0 and row.target == target):
            self._add(Row(name_of(item), target, bytes=size_of(_result_of(item))))

    def _add(self, row: Row) -> None:
        row = _in_unicode(row)
        self._rows[row.source] = row
        try:
            self._journal.write(json.dumps(row).encode() + b"\n")
            self._journal.flush()
        except OSError as error:
            raise _unwritten(self._path, error) from error

    def join(self) -> None:
        """Replace the Parquet file by one with all rows, and empty the journal.

        Raises AecodecError if the file cannot be written; the journal stays.
        """
        if self._journal.seek(0, 2):
            write_bytes(self._path, to_parquet(self._rows.values()), force=True)
            self._journal.truncate(0)


@contextmanager
def opened(path: Path) -> Iterator[Manifest]:
    """Open or create a manifest for the block, and lock it.

    Raises UsageError if another process uses it, or the file is not a manifest, and AecodecError if
    pyarrow is not installed, or the files cannot be written.
    """
    journal_path = path.with_name(path.name + _JOURNAL)
    with _journal_at(journal_path) as journal:
        if try_lock(journal.fileno()) is False or not journal_path.exists():
            raise UsageError(f"{path} is in use: another aecodec process writes this manifest")
        try:
            manifest = Manifest(path, journal)
            yield manifest
            manifest.join()
        finally:
            if not os.fstat(journal.fileno()).st_size:
                journal_path.unlink()


@contextmanager
def _journal_at(path: Path) -> Iterator[IO[bytes]]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        journal = path.open("a+b")
    except OSError as error:
        raise _unwritten(path, error) from error
    try:
        yield journal
    finally:
        with suppress(OSError):  # of a row that could not be written, which is reported already
            journal.close()


def _unwritten(path: Path, error: OSError) -> AecodecError:
    return AecodecError(f"{path} cannot be written: {error.strerror}")


def _row_in(line: bytes) -> Row | None:
    """The row in a line of a journal; None if the line is incomplete or damaged."""
    try:
        row = Row(*json.loads(line))
    except (ValueError, TypeError, RecursionError):
        return None
    return _in_unicode(row) if isinstance(row.source, str) else None


def _in_unicode(row: Row) -> Row:
    return Row._make(in_unicode(value) if isinstance(value, str) else value for value in row)


def _result_of(item: Any) -> Path:
    """The result of a file; the file itself if the command only reads it."""
    result: Path = item.target if hasattr(item, "target") else item.path
    return result


def _target_of(item: Any) -> str | None:
    """Name of the result; None if the command only reads the file."""
    return in_unicode(str(item.target)) if hasattr(item, "target") else None


def _is_lost(row: Row, item: Any) -> bool:
    """Whether the result that a row records does not exist with its size."""
    return row.target == _target_of(item) and size_of(_result_of(item)) != row.bytes


def _row_of(item: Any, outcome: Outcome) -> Row:
    """The row of a file, from the values of its result and its error."""
    values, error = outcome.results[-1] if outcome.results else {}, outcome.error
    names = ("bytes", "width", "height", "level", "psnr")
    return Row(
        source=name_of(item),
        target=values.get("file", _target_of(item)),
        seconds=round(outcome.seconds, 6),
        status=error.exit_status if error else 0,
        error=str(error) if error else None,
        **{name: values.get(name) for name in names},
    )
