"""The tables of README.md and the documentation, which are generated from the results.

A table stands between two markers, `<!-- NAME -->` and `<!-- end of NAME -->`. `tables.toml` lists
the columns of each table, and the command that measures its figures.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from string import Formatter
from typing import Any

from benchmarks.harness import RESULTS, ROOT, Row

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_NAMES = ("README.md", "docs/benchmarks.md", "docs/maximum_error.md")
DOCUMENTS = tuple(ROOT / name for name in _NAMES)
TABLES = tomllib.loads((ROOT / "benchmarks" / "tables.toml").read_text("utf-8"))
GAINS = TABLES.pop("gains")
"""The table of README.md: its columns, and its lines."""

_MARKED = re.compile(r"<!-- (\w+) -->\n.*?<!-- end of \1 -->\n", re.DOTALL)


class _Template(Formatter):
    """Formats cells; absent values and None become a text."""

    def __init__(self, absent: str = "") -> None:
        self._absent = absent

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        try:
            return super().get_field(field_name, args, kwargs)
        except (KeyError, TypeError):  # an entry of an absent value, or an absent entry
            return None, field_name

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return kwargs.get(str(key))

    def format_field(self, value: Any, format_spec: str) -> str:
        return self._absent if value is None else format(value, format_spec)


def with_tables(text: str) -> str:
    """A Markdown document with current tables between its markers; KeyError for an unknown one."""
    return _MARKED.sub(lambda marked: _section(marked[1]), text)


def write() -> None:
    for document in DOCUMENTS:
        document.write_text(with_tables(document.read_text("utf-8")), "utf-8")


def _section(name: str) -> str:
    content = _gains() if name == "gains" else _figures(name)
    return f"<!-- {name} -->\n\n{content}\n\n<!-- end of {name} -->\n"


def _figures(name: str) -> str:
    """The command, if the document shows it here, and the table."""
    command = TABLES[name].get("command")
    figures = table_of(name, _rows(TABLES[name].get("results", name)))
    return f"```sh\n{command}\n```\n\n{figures}" if command else figures


def table_of(name: str, rows: Iterable[Row]) -> str:
    """A table in Markdown with the rows that have its figure `where`."""
    settings = TABLES[name]
    template, where = _Template(settings.get("absent", "")), settings.get("where")
    rows = [row for row in rows if where is None or where in row]
    lines = [
        [template.format(cell, **row) for cell in settings["columns"].values()] for row in rows
    ]
    return _table(settings["columns"], lines)


def _gains() -> str:
    """The table of README.md; a line quotes rows of results by their labels."""
    lines = []
    for line in GAINS["lines"]:
        template = _Template()
        rows = {
            template.format(line["label"], **row).strip(): row for row in _rows(line["results"])
        }
        cells = [template.format(line.get(name, ""), **rows) for name in GAINS["formats"]]
        lines.append([line["title"], *cells])
    return _table(["", *GAINS["formats"]], lines)


def _rows(name: str) -> list[Row]:
    rows: list[Row] = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))["rows"]
    return rows


def _table(columns: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    titles = list(columns)
    rule = "|" + "---|" * len(titles)
    return "\n".join([_line(titles), rule, *map(_line, lines)])


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.strip() for cell in cells) + " |"
