"""Cells, lines and the table that they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.harness import Row

Rows = Sequence[Row]


def table(columns: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """A Markdown table.

    >>> print(table(("a", "b"), [(1, 2)]))
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    head = _line(columns) + "\n|" + "---|" * len(columns)
    return "\n".join([head, *map(_line, lines)])


def table_of(rows: Rows, *columns: tuple[str, str, str]) -> str:
    """A Markdown table of values that all rows have.

    Args:
        rows: the rows, one per line.
        columns: title, name of the value and its format, of each column.

    >>> print(table_of([{"ms": 0.5}], ("time, ms", "ms", ".2f")))
    | time, ms |
    |---|
    | 0.50 |
    """
    lines = ([format(row[name], form) for _, name, form in columns] for row in rows)
    return table([title for title, _, _ in columns], lines)


def percent(ratio: float) -> str:
    """A relative difference in percent.

    >>> percent(-0.4437)
    '-44.4%'
    """
    return f"{ratio:+.1%}"


def two_places(value: float | None) -> str:
    """A number with two decimals; nothing for None."""
    return "" if value is None else f"{value:.2f}"


def percent_or_never(ratio: float | None) -> str:
    """A relative difference in percent, which is None where two curves never meet."""
    return "never equal" if ratio is None else percent(ratio)


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"
