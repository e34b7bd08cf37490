"""The tables of README.md and docs/benchmarks.md, which are generated from the results.

A table stands between two markers, `<!-- NAME -->` and `<!-- end of NAME -->`. `tables.toml` states
the columns of each table, and the command that measures its figures.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from string import Formatter
from typing import Any

from benchmarks.harness import RESULTS, ROOT, Results, read_results

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "benchmarks.md")
TABLES = tomllib.loads((ROOT / "benchmarks" / "tables.toml").read_text("utf-8"))
GAINS = TABLES.pop("gains")
"""The table of README.md: its columns, and its lines."""

_MARKED = re.compile(r"<!-- (\w+) -->\n.*?<!-- end of \1 -->\n", re.DOTALL)
_STATED = {
    "system": "",
    "python": "Python",
    "aecodec": "aecodec",
    "ai-edge-litert": "LiteRT",
    "numpy": "NumPy",
    "pillow": "Pillow",
    "constriction": "constriction",
}
"""Machine data in the provenance, by key, with the title of each."""


class _Template(Formatter):
    """Formats cells; absent values and None become a text."""

    def __init__(self, absent: str = "") -> None:
        self._absent = absent

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return kwargs.get(str(key))

    def format_field(self, value: Any, format_spec: str) -> str:
        return self._absent if value is None else format(value, format_spec)


def with_tables(text: str) -> str:
    """A Markdown document with the tables that the results give now between its markers.

    Raises:
        KeyError: `tables.toml` has no table with the name of a marker.
    """
    return _MARKED.sub(lambda marked: _filled(marked[1]), text)


def marked_names(text: str) -> list[str]:
    """The names of the markers of a document."""
    return [marked[1] for marked in _MARKED.finditer(text)]


def write() -> None:
    """Write the tables of all documents."""
    for document in DOCUMENTS:
        document.write_text(with_tables(document.read_text("utf-8")), "utf-8")


def _filled(name: str) -> str:
    content = _gains() if name == "gains" else _section(name, TABLES[name])
    return f"<!-- {name} -->\n\n{content}\n\n<!-- end of {name} -->\n"


def _section(name: str, settings: dict[str, Any]) -> str:
    """The tables, the command that measures them, and the provenance of their figures."""
    results = read_results(RESULTS / f"{name}.json")
    template = _Template(settings.get("absent", ""))
    parts = []
    for columns in settings.get("tables", [settings.get("columns")]):
        needed = settings.get("where") or re.findall(r"{([^:}\[]+)", "".join(columns.values()))[0]
        rows = [row for row in results.rows if needed in row]
        lines = ([template.format(cell, **row) for cell in columns.values()] for row in rows)
        parts.append(_table(columns, lines))
    file = f"`benchmarks/results/{name}.json`"
    parts.append(f"```sh\n{settings['command']}\n```")
    return "\n\n".join([*parts, f"{provenance(results)} Figures: {file}."])


def _gains() -> str:
    """The table of README.md; a line quotes rows of results by their labels."""
    lines = []
    for line in GAINS["lines"]:
        results, template = read_results(RESULTS / f"{line['results']}.json"), _Template()
        rows = {template.format(line["label"], **row).strip(): row for row in results.rows}
        cells = [template.format(line.get(name, ""), **rows) for name in GAINS["formats"]]
        command = TABLES[line["results"]]["command"].splitlines()[-1]
        lines.append([line["title"], *cells, f"`{re.sub(r' --plot [^ ]+', '', command)}`"])
    return _table(["", *GAINS["formats"], "command"], lines)


def provenance(results: Results) -> str:
    """One sentence that states where results come from, as far as their file states it."""
    machine = results.machine
    cores = f"{machine['cores']} core{'s' if machine['cores'] != 1 else ''}"
    parts = [f"Measured on {machine['processor']}", cores]
    parts += [f"{title} {machine[key]}".strip() for key, title in _STATED.items() if key in machine]
    if results.commit:
        parts.append(f"commit {results.commit[:12]}{' with changes' if results.dirty else ''}")
    if results.date:
        parts.append(results.date[:10])
    parts += [f"data `{path}` with SHA-256 {digest[:12]}" for path, digest in results.data.items()]
    return ", ".join(parts) + "."


def _table(columns: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    titles = list(columns)
    rule = "|" + "---|" * len(titles)
    return "\n".join([_line(titles), rule, *map(_line, lines)])


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.strip() for cell in cells) + " |"
