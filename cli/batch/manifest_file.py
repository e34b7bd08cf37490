"""Manifests as Parquet files."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from aecodec.errors import AecodecError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa


class Row(NamedTuple):
    """The outcome of a file. Values that are unknown or do not apply are None.

    Attributes:
        source: the input file.
        target: the file with the result, even if it could not be written.
        bytes: size of the target, or of the source if the command only reads files.
        width: width in pixels.
        height: height in pixels.
        level: level of the codec.
        psnr: PSNR in dB, if it was measured.
        seconds: processing time.
        status: exit status of the command for only this file; 0 for success.
        error: why it failed.
        options: the options on which the result depends, as JSON; None if they are unknown.
        source_bytes: size of the input file, or of all its files.
        source_time: time of its last modification, in nanoseconds since 1970.
        source_change: time of the last change of its content or attributes, which no program sets.
        source_sha256: checksum of its content; None for URLs.
    """

    source: str
    target: str | None
    bytes: int | None = None
    width: int | None = None
    height: int | None = None
    level: float | None = None
    psnr: float | None = None
    seconds: float | None = None
    status: int = 0
    error: str | None = None
    options: str | None = None
    source_bytes: int | None = None
    source_time: int | None = None
    source_change: int | None = None
    source_sha256: str | None = None


_TYPES = "string string int64 int64 int64 double double double int64 string"
_TYPES += " string int64 int64 int64 string"
"""Arrow type names of the columns."""


def read_rows(path: Path) -> list[Row]:
    """The rows of a manifest; empty if the file does not exist.

    Raises UsageError if the file is not a manifest, and AecodecError if pyarrow is not installed.
    """
    schema = _schema()
    if not path.exists():
        return []
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(path, schema=schema) if path.is_file() else None
        columns = [] if table is None else [column.to_pylist() for column in table]
    except (OSError, ValueError, pa.ArrowException) as error:  # ValueError: names not in UTF-8
        raise UsageError(f"{path} is not a manifest: give another name ({error})") from error
    if table is None or table.schema != schema or None in columns[0]:
        raise UsageError(f"{path} is not a manifest: give another name")
    return [Row(*values) for values in zip(*columns, strict=True)]


def to_parquet(rows: Iterable[Row]) -> bytes:
    """The content of a manifest with these rows.

    Raises AecodecError if pyarrow is not installed, or a value has the wrong type.
    """
    schema = _schema()
    import pyarrow as pa
    from pyarrow import parquet

    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    try:
        table = pa.table(dict(zip(schema.names, columns, strict=True)), schema=schema)
    except (pa.ArrowException, OverflowError) as error:
        raise AecodecError(
            f"the journal of the manifest is damaged: delete it ({error})"
        ) from error
    stream = io.BytesIO()
    parquet.write_table(table, stream)
    return stream.getvalue()


def _schema() -> pa.Schema:
    try:
        import pyarrow as pa
    except ImportError as error:
        raise AecodecError(
            f"--manifest needs pyarrow ({error}): pip install 'aecodec[manifest]'"
        ) from error
    types = map(pa.type_for_alias, _TYPES.split())
    return pa.schema(list(zip(Row._fields, types, strict=True)))
