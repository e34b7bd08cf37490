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


_TYPES = "string string int64 int64 int64 int64 double double double int64 string"
"""Arrow's names of the types of the columns."""


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
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"{path} is no manifest: give it another name ({error})") from error
    if table is None or table.schema != schema:
        raise UsageError(f"{path} is no manifest: give it another name")
    return [Row(*values) for values in zip(*(column.to_pylist() for column in table), strict=True)]


def to_parquet(rows: Iterable[Row]) -> bytes:
    """The content of a manifest with these rows.

    Raises:
        AecodecError: pyarrow is not installed.
    """
    import pyarrow as pa
    from pyarrow import parquet

    schema, columns = _schema(), list(zip(*rows, strict=True))
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
