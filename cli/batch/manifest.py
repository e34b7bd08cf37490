"""The manifest: a row per file, with which a later run of the command resumes.

Rows are first appended to a journal next to the manifest, so that a killed process loses none. At
the end of the run, or at the start of the next one, the journal is merged into the manifest, a
Parquet file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TypeGuard

from aecodec.atomic import try_lock
from aecodec.cli.batch.compression import Pack
from aecodec.cli.batch.manifest_file import Row, read_rows, to_parquet
from aecodec.cli.batch.outcome import Outcome
from aecodec.cli.shared.console import Values, name_of
from aecodec.cli.shared.discovery import STANDARD, in_unicode
from aecodec.cli.shared.file_io import ExistsError, read_bytes, size_of, write_bytes
from aecodec.errors import AecodecError, UsageError
from aecodec.native.headers import read_info

_JOURNAL = ".rows"
"""Suffix that is added to the name of the manifest."""


class Manifest:
    """Outcomes of files by their sources; the journal is open for reading and appending.

    Raises UsageError if the file is not a manifest.
    """

    def __init__(self, path: Path, journal: IO[bytes]) -> None:
        self._path, self._journal = path, journal
        self._changed: set[str] = set()
        self._others: dict[str | None, list[Row]] = {}
        self._rows = {row.source: row for row in read_rows(path)}
        journal.seek(0)
        self._rows.update((row.source, row) for row in map(_row_in, journal) if row)
        self.join()

    def check_stacks(self, items: Sequence[Any], force: bool) -> None:
        """Check that packs put pictures into the files that the manifest records.

        With `force`, damaged stacks, and files with pictures that now belong to another pack, are
        not done. Raises UsageError if `force` is not set and files with other pictures exist.
        """
        packs = [item for item in items if isinstance(item, Pack)]
        self._find_others(packs)
        for pack in packs:
            self._find_changed(pack, force)
        if not force:
            self._check_targets(packs)
        if self._changed and not force:
            raise UsageError(
                f"{self._path} lists pictures in {min(self._changed)} that this command would put "
                "into another file: use the same pictures, --stacks-of and -o as before; or "
                "another -o and another --manifest; or --force to overwrite the stacks"
            )

    def _find_others(self, packs: Sequence[Pack]) -> None:
        own = {in_unicode(name_of(source)) for pack in packs for source in pack.sources}
        self._others = {}
        for row in self._rows.values():
            if row.frame is not None and row.source not in own:
                self._others.setdefault(row.target, []).append(row)

    def _find_changed(self, pack: Pack, force: bool) -> None:
        targets = {row.target for row in self._rows_of(pack) if row and not row.status}
        results = {name: pack.result_named(name) for name in targets if name}
        self._changed |= {
            name for name, path in results.items() if not path or (force and _is_damaged(path))
        }

    def _check_targets(self, packs: Sequence[Pack]) -> None:
        """Raise UsageError if stacks of other pictures would be overwritten.

        A stack that an ended process wrote but did not record is not rejected: it fails by itself.
        """
        rows = (row for pack in packs for row in self._rows_of(pack))
        is_recorded = any(row and row.frame is not None for row in rows)
        taken = [pack for pack in packs if _target_of(pack) in self._others]
        for pack in taken if is_recorded else [*taken, *packs[:1]]:
            if size_of(pack.target) is not None:
                raise UsageError(
                    f"{pack.target} already exists, but {self._path} does not list these pictures "
                    "in it: use another -o and another --manifest, or --force to overwrite it"
                )

    def has(self, item: Any) -> bool:
        """Whether a file is done, and its result still exists with the same size."""
        rows = self._rows_of(item)
        done = [row for row in rows if _is_of(row, item) and row.target not in self._changed]
        if len(done) < len(rows) or name_of(item) == name_of(STANDARD):
            return False
        return not self._lost(item, done)

    def level_of(self, item: Any) -> float | None:
        """The recorded level of a file; None if it is unknown."""
        row = self._rows_of(item)[0]
        return row.level if row else None

    def _rows_of(self, item: Any) -> list[Row | None]:
        """The row of a file, or the rows of the pictures of a pack; None for a missing row."""
        sources = item.sources if isinstance(item, Pack) else [item]
        return [self._rows.get(in_unicode(name_of(source))) for source in sources]

    def _lost(self, item: Any, rows: Sequence[Row]) -> set[tuple[str | None, int | None]]:
        """Names and sizes of recorded results of an item that do not exist with this size."""
        results = {(row.target, row.bytes) for row in rows}
        paths = [(_result_named(item, name), name, size) for name, size in results]
        return {(name, size) for path, name, size in paths if path and size_of(path) != size}

    def add(self, item: Any, outcome: Outcome) -> None:
        """Record the outcome of a file; an error because its result exists replaces no success."""
        rows = _rows_of_pack(item, outcome) if isinstance(item, Pack) else [_row_of(item, outcome)]
        exists = isinstance(outcome.error, ExistsError)
        kept = self._finished(item) if exists else set[str]()
        for row in rows:
            if not row.status or in_unicode(row.source) not in kept:
                self._add(row)
        for target in {row.target for row in rows if row.target}:
            for row in self._others.pop(target, ()):
                self._add(_overwritten(row))

    def _finished(self, item: Any) -> set[str]:
        """The sources of an item that are recorded as done, unless their result is lost."""
        rows = [row for row in self._rows_of(item) if row and not row.status]
        lost = self._lost(item, rows)
        return {row.source for row in rows if (row.target, row.bytes) not in lost}

    def add_existing(self, item: Any) -> None:
        """Record a file whose result already exists, unless it is recorded as done."""
        name, target = in_unicode(name_of(item)), _target_of(item)
        row = self._rows.get(name)
        if target and not (row and row.status == 0 and row.target == target):
            self._add(Row(name, target, bytes=size_of(_result_of(item))))

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


def _result_named(item: Any, target: str | None) -> Path | None:
    """The result of an item with this name; None if the item cannot have such a result."""
    if isinstance(item, Pack):
        return item.result_named(target)
    return _result_of(item) if target == _target_of(item) else None


def _is_of(row: Row | None, item: Any) -> TypeGuard[Row]:
    """Whether a row records a file of an item as done."""
    if row is None or row.status or row.bytes is None:
        return False
    return _result_named(item, row.target) is not None


def _row_of(item: Any, outcome: Outcome) -> Row:
    values = outcome.results[-1] if outcome.results else {}
    target = values.get("file", _target_of(item))
    return _row(name_of(item), values, outcome.seconds, outcome.error)._replace(target=target)


def _overwritten(row: Row) -> Row:
    """The row of a picture whose stack was overwritten by a stack of other pictures."""
    error = ExistsError(f"{row.target} was overwritten with other pictures")
    return Row(row.source, None, status=error.exit_status, error=str(error))


def _is_damaged(stack: Path) -> bool:
    """Whether a stack is lost, or its checksum is wrong."""
    try:
        read_info(read_bytes(stack))
    except AecodecError:
        return True
    return False


def _rows_of_pack(pack: Pack, outcome: Outcome) -> list[Row]:
    """A row per picture, with its file and frame or its error."""
    seconds = outcome.seconds / len(pack.sources)
    rows = {}
    if outcome.error:
        names = map(name_of, pack.sources)
        rows = {name: _row(name, {}, seconds, outcome.error) for name in names}
    for values in outcome.results:
        for frame, name in enumerate(values.get("sources", [])):
            rows[name] = _row(name, values, seconds)._replace(frame=frame)
        if "error" in values:
            rows[values["source"]] = _row(values["source"], values, seconds)
    return list(rows.values())


def _row(source: str, values: Values, seconds: float, error: AecodecError | None = None) -> Row:
    """The row of a file, from the values of its result and its error."""
    names = ("bytes", "width", "height", "level", "psnr")
    return Row(
        source=source,
        target=values.get("file"),
        seconds=round(seconds, 6),
        status=error.exit_status if error else values.get("status", 0),
        error=str(error) if error else values.get("error"),
        **{name: values.get(name) for name in names},
    )
