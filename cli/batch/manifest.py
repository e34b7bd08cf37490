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
from typing import IO, Any, TypeGuard

from aecodec.atomic.locks import Lock, try_lock
from aecodec.cli.batch.manifest_file import Row, in_unicode, is_row, read_rows, to_parquet
from aecodec.cli.batch.outcome import Outcome
from aecodec.cli.batch.packs import Pack
from aecodec.cli.shared.console import Values, name_of
from aecodec.cli.shared.files import size_of, write_bytes
from aecodec.cli.shared.found import STANDARD
from aecodec.errors import AecodecError, UsageError
from aecodec.urls import path_or_url

_JOURNAL = ".rows"
"""Suffix of the journal, behind the whole name of the manifest."""


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
        """Whether a file was done, and its result still exists with the same number of bytes."""
        if isinstance(item, Pack):
            return self._has_pack(item)
        row = self._rows.get(in_unicode(name_of(item)))
        if not _is_of(row, item) or name_of(item) == name_of(STANDARD):
            return False
        return size_of(_made_of(item)) == row.bytes

    def _has_pack(self, pack: Pack) -> bool:
        rows = [self._rows.get(in_unicode(name_of(source))) for source in pack.sources]
        if not all(_is_of(row, pack) for row in rows):
            return False
        made = {(row.target, row.bytes) for row in rows if row and row.target}
        return all(size_of(path_or_url(target)) == size for target, size in made)

    def add(self, item: Any, outcome: Outcome) -> None:
        """Note what came of a file."""
        rows = _rows_of_pack(item, outcome) if isinstance(item, Pack) else [_row_of(item, outcome)]
        for row in rows:
            self._add(row)

    def add_existing(self, item: Any) -> None:
        """Note a file whose result existed already, unless the row of its making is there."""
        name, target = in_unicode(name_of(item)), _target_of(item)
        row = self._rows.get(name)
        if target and not (row and row.status == 0 and row.target == target):
            self._add(Row(name, target, bytes=size_of(_made_of(item))))

    def _add(self, row: Row) -> None:
        row = _in_unicode(row)
        self._rows[row.source] = row
        self._journal.write(json.dumps(row).encode() + b"\n")
        self._journal.flush()

    def join(self) -> None:
        """Write all rows as a Parquet file, in the place of the one that is there.

        Raises:
            AecodecError: it cannot be written; the journal stays.
        """
        if self._journal.seek(0, 2):
            write_bytes(self._path, to_parquet(self._rows.values()), force=True)
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
        if try_lock(journal.fileno()) is Lock.BUSY or not journal_path.exists():
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
    """The row in a line of a journal; None if it is none, as where a process was killed in it."""
    try:
        row = Row(*json.loads(line))
    except (ValueError, TypeError, RecursionError):
        return None
    return _in_unicode(row) if is_row(row) else None


def _in_unicode(row: Row) -> Row:
    return Row._make(in_unicode(each) if isinstance(each, str) else each for each in row)


def _made_of(item: Any) -> Path:
    """What is made of a file; the file itself, if it is only read."""
    made: Path = item.target if hasattr(item, "target") else item.path
    return made


def _target_of(item: Any) -> str | None:
    """Name of the file that is to be made; None if the item is only read."""
    return in_unicode(str(item.target)) if hasattr(item, "target") else None


def _is_of(row: Row | None, item: Any) -> TypeGuard[Row]:
    """Whether a row says that a file was done, as part of an item."""
    if row is None or row.status or row.bytes is None:
        return False
    return item.may_make(row.target) if isinstance(item, Pack) else row.target == _target_of(item)


def _row_of(item: Any, outcome: Outcome) -> Row:
    values = outcome.results[-1] if outcome.results else {}
    row = _row(name_of(item), values, outcome.seconds)._replace(
        target=values.get("file", _target_of(item))
    )
    return _failed(row, outcome.error) if outcome.error else row


def _rows_of_pack(pack: Pack, outcome: Outcome) -> list[Row]:
    """A row for each picture: where it is, or why it is nowhere."""
    seconds = outcome.seconds / len(pack.sources)
    rows = {}
    for values in outcome.results:
        for frame, name in enumerate(values.get("sources", [])):
            rows[name] = _row(name, values, seconds)._replace(frame=frame)
        if "error" in values:
            rows[values["source"]] = _row(values["source"], values, seconds)
    left = [name for name in map(name_of, pack.sources) if name not in rows]
    if outcome.error:
        rows.update((name, _failed(_row(name, {}, seconds), outcome.error)) for name in left)
    return list(rows.values())


def _row(source: str, values: Values, seconds: float) -> Row:
    """The row of a file, from the values of its result."""
    return Row(
        source=source,
        target=values.get("file"),
        bytes=values.get("bytes"),
        width=values.get("width"),
        height=values.get("height"),
        level=values.get("level"),
        psnr=values.get("psnr"),
        seconds=round(seconds, 6),
        status=values.get("status", 0),
        error=values.get("error"),
    )


def _failed(row: Row, error: AecodecError) -> Row:
    return row._replace(status=error.exit_status, error=str(error))
