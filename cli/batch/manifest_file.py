"""Manifests as Parquet files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from aecodec.errors import AecodecError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa


class Row(NamedTuple):
    """What came of one file; a value that is not known or does not apply is None.

    Attributes:
        source: the file that was read.
        target: what was made of it, or was to be.
        frame: number of its picture in the target, if it was packed with others; from 0.
        bytes: size of what was made; of what was read, if nothing is made of it.
        width: width in pixels.
        height: height in pixels.
        level: level of the codec.
        psnr: PSNR in dB, if it was measured.
        seconds: time that the file took.
        status: 0, or the exit status that the command would have for this file alone.
        error: why it failed.
    """

    source: str
    target: str | None
    frame: int | None = None
    bytes: int | None = None
    width: int | None = None
    height: int | None = None
    level: float | None = None
    psnr: float | None = None
    seconds: float | None = None
    status: int = 0
    error: str | None = None


def in_unicode(text: str) -> str:
    r"""A text as Parquet takes it: bytes of a file's name that are not UTF-8 are written out.

    >>> in_unicode("l\udce9.png")
    'l\\udce9.png'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


_TYPES = "string string int64 int64 int64 int64 double double double int64 string"
"""Arrow's names of the types of the columns."""

_IN_PYTHON = {"string": (str,), "int64": (int,), "double": (int, float)}

_INT64 = 1 << 63


def is_row(row: Row) -> bool:
    """Whether the values of a row are those of its columns; the first one is never None.

    >>> is_row(Row("a.png", None, bytes=3)), is_row(Row("a.png", None, bytes="3"))
    (True, False)
    """
    pairs = zip(row, _TYPES.split(), strict=True)
    return row.source is not None and all(_is_of(value, kind) for value, kind in pairs)


def _is_of(value: object, kind: str) -> bool:
    """Whether a value is one of an Arrow type, or None."""
    if isinstance(value, int) and abs(value) >= _INT64:
        return False
    return value is None or type(value) in _IN_PYTHON[kind]


def read_rows(path: Path) -> list[Row]:
    """The rows of a manifest; none if there is no such file.

    Raises:
        UsageError: the file is no manifest.
        AecodecError: pyarrow is not installed.
    """
    schema = _schema()
    if not path.exists():
        return []
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(path, schema=schema) if path.is_file() else None
        columns = [] if table is None else [column.to_pylist() for column in table]
    except (OSError, ValueError, pa.ArrowException) as error:  # a ValueError of names not in UTF-8
        raise UsageError(f"{path} is no manifest: give it another name ({error})") from error
    rows = [Row(*values) for values in zip(*columns, strict=True)] if columns else []
    if table is None or table.schema != schema or not all(map(is_row, rows)):
        raise UsageError(f"{path} is no manifest: give it another name")
    return rows


def to_parquet(rows: Iterable[Row]) -> bytes:
    """The content of a manifest with these rows.

    Raises:
        AecodecError: pyarrow is not installed.
    """
    import pyarrow as pa
    from pyarrow import parquet

    schema = _schema()
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    stream = pa.BufferOutputStream()
    parquet.write_table(pa.Table.from_arrays(arrays, schema=schema), stream)
    content: Any = stream.getvalue().to_pybytes()
    return bytes(content)


def _schema() -> pa.Schema:
    try:
        import pyarrow as pa
    except ImportError as error:
        raise AecodecError(
            f"a manifest needs pyarrow ({error}): pip install 'aecodec[manifest]'"
        ) from error
    types = map(pa.type_for_alias, _TYPES.split())
    return pa.schema(list(zip(Row._fields, types, strict=True)))
