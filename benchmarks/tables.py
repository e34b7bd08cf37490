"""The tables of README.md and docs/benchmarks.md, which are generated from the results.

A table stands between two markers, `<!-- NAME -->` and `<!-- end of NAME -->`. `tables.toml` states
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

DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "benchmarks.md")
TABLES = tomllib.loads((ROOT / "benchmarks" / "tables.toml").read_text("utf-8"))
GAINS = TABLES.pop("gains")
"""The table of README.md: its columns, and its lines."""

_MARKED = re.compile(r"<!-- (\w+) -->\n.*?<!-- end of \1 -->\n", re.DOTALL)


class _Template(Formatter):
    """Formats cells; absent values and None become a text."""

    def __init__(self, absent: str = "") -> None:
        self._absent = absent

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return kwargs.get(str(key))

    def format_field(self, value: Any, format_spec: str) -> str:
        return self._absent if value is None else format(value, format_spec)


def with_tables(text: str) -> str:
    """A Markdown document with current tables between its markers.

    Raises:
        KeyError: `tables.toml` has no table with the name of a marker.
    """
    return _MARKED.sub(lambda marked: _section(marked[1]), text)


def marked_names(text: str) -> list[str]:
    """The names of the markers of a document."""
    return [marked[1] for marked in _MARKED.finditer(text)]


def write() -> None:
    """Write the tables of all documents."""
    for document in DOCUMENTS:
        document.write_text(with_tables(document.read_text("utf-8")), "utf-8")


def _section(name: str) -> str:
    content = _gains() if name == "gains" else _figures(name, **TABLES[name])
    return f"<!-- {name} -->\n\n{content}\n\n<!-- end of {name} -->\n"


def _figures(
    name: str, command: str, columns: dict[str, str], absent: str = "", where: str | None = None
) -> str:
    """The command, and a table of the rows that have a figure."""
    template = _Template(absent)
    rows = [row for row in _rows(name) if where is None or where in row]
    lines = ([template.format(cell, **row) for cell in columns.values()] for row in rows)
    return f"```sh\n{command}\n```\n\n{_table(columns, lines)}"


def _gains() -> str:
    """The table of README.md; a line quotes rows of results by their labels."""
    lines = []
    for line in GAINS["lines"]:
        template = _Template()
        rows = {
            template.format(line["label"], **row).strip(): row for row in _rows(line["results"])
        }
        cells = [template.format(line.get(name, ""), **rows) for name in GAINS["formats"]]
        command = TABLES[line["results"]]["command"].splitlines()[-1]
        lines.append([line["title"], *cells, f"`{re.sub(r' --plot [^ ]+', '', command)}`"])
    return _table(["", *GAINS["formats"], "command"], lines)


def _rows(name: str) -> list[Row]:
    rows: list[Row] = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))["rows"]
    return rows


def _table(columns: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    titles = list(columns)
    rule = "|" + "---|" * len(titles)
    return "\n".join([_line(titles), rule, *map(_line, lines)])


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.strip() for cell in cells) + " |"
