"""The manifest: a row per file, with which a later run of the command resumes.

Rows are first appended to a journal next to the manifest, so that a killed process loses none. At
the end of the run, or at the start of the next one, the journal is merged into the manifest, a
Parquet file.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections import ChainMap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

from aecodec.atomic import try_lock
from aecodec.cli.batch.manifest_file import Row, read_rows, to_parquet
from aecodec.cli.batch.outcome import Outcome, Work
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import STANDARD, in_unicode
from aecodec.cli.shared.file_io import ExistsError, size_of, write_bytes
from aecodec.errors import AecodecError, UsageError
from aecodec.parallel import Workers
from aecodec.urls import is_url, object_size

_JOURNAL = ".rows"
"""Suffix that is added to the name of the manifest."""

_PART = 1 << 20
"""Bytes that are read at a time for a checksum."""


def record_state(item: Any, console: Console, workers: Workers, work: Work) -> None:
    """Keep the size, the times and the checksum of a file for its row, and process it.

    If the file changes meanwhile, its row has the old values.
    """
    console.keep({**_state_of(item.files), "source_sha256": _sha256_of(item.files)})
    work(item, console, workers)


class Manifest:
    """Outcomes of files by their sources; the journal is open for reading and appending.

    `options` are those on which the results depend. Raises UsageError if the file is not a
    manifest.
    """

    def __init__(self, path: Path, journal: IO[bytes], options: str = "") -> None:
        self._path, self._journal, self._options = path, journal, options
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

    def change_of(self, item: Any) -> str | None:
        """What has changed since a file was done; None if its result is that of the command."""
        row, state = self._rows[in_unicode(name_of(item))], _state_of(item.files)
        if row.options is None:
            return "the manifest does not say with which options it was done"
        if row.options != self._options:
            return f"the manifest lists it with the options {row.options}, not {self._options}"
        if row.source_bytes is not None and row.source_bytes == state["source_bytes"]:
            digest = row.source_sha256
            is_same = state.items() <= row._asdict().items()
            if is_same or (digest and digest == _sha256_of(item.files)):
                return None
        return "it has changed since the manifest listed it"

    def _row_of(self, item: Any) -> Row | None:
        return self._rows.get(in_unicode(name_of(item)))

    def add(self, item: Any, outcome: Outcome) -> None:
        """Record the outcome of a file; an error because its result exists replaces no success."""
        row = self._row_of(item)
        is_done = row is not None and not row.status and not _is_lost(row, item)
        if not (is_done and isinstance(outcome.error, ExistsError)):
            self._add(_row_of(item, outcome)._replace(options=self._options))

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
def opened(path: Path, options: str) -> Iterator[Manifest]:
    """Open or create a manifest for a command with these options, and lock it.

    Raises UsageError if another process uses it, or the file is not a manifest, and AecodecError if
    pyarrow is not installed, or the files cannot be written.
    """
    journal_path = path.with_name(path.name + _JOURNAL)
    with _journal_at(journal_path) as journal:
        if try_lock(journal.fileno()) is False or not journal_path.exists():
            raise UsageError(f"{path} is in use: another aecodec process writes this manifest")
        try:
            manifest = Manifest(path, journal, options)
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
    values, error = dict(ChainMap(*map(dict, reversed(outcome.results)))), outcome.error
    names = ["bytes", "width", "height", "level", "psnr", *Row._fields[-4:]]
    return Row(
        source=name_of(item),
        target=values.get("file", _target_of(item)),
        seconds=round(outcome.seconds, 6),
        status=error.exit_status if error else 0,
        error=str(error) if error else None,
        **{name: values.get(name) for name in names},
    )


def _state_of(files: Iterable[Path]) -> dict[str, int | None]:
    """Size and times of files together; None if one is not a regular file or cannot be found."""
    names = Row._fields[-4:-1]
    try:
        sizes, times, changes = zip(*map(_facts_of, files), strict=True)
        return dict(zip(names, (sum(sizes), max(times), max(changes)), strict=True))
    except OSError:
        return dict.fromkeys(names)


def _facts_of(path: Path) -> tuple[int, int, int]:
    """Size of a file, and the times of its last modification and its last change."""
    if is_url(path):
        return object_size(path), 0, 0
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):
        raise OSError(f"{path} is not a regular file")
    return facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


def _sha256_of(files: Sequence[Path]) -> str | None:
    """Checksum of the content of regular files; for several, of their names and contents."""
    digest = hashlib.sha256()
    try:
        for path in files:
            if not path.is_file():
                return None
            if len(files) > 1:
                digest.update(os.fsencode(path))
            with path.open("rb") as file:
                for part in iter(partial(file.read, _PART), b""):
                    digest.update(part)
    except OSError:
        return None
    return digest.hexdigest()
