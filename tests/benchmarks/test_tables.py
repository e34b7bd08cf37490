"""The documents contain the figures of the results, and nothing else."""

from __future__ import annotations

import re
from itertools import chain

import pytest

from benchmarks.__main__ import questions
from benchmarks.harness import RESULTS
from benchmarks.tables import DOCUMENTS, TABLES, with_tables

TEXTS = {document.name: document.read_text("utf-8") for document in DOCUMENTS}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_tables_are_those_of_the_results(text: str) -> None:
    """Otherwise: python -m benchmarks tables."""
    assert with_tables(text) == text


def test_every_file_of_results_has_a_table_and_a_command() -> None:
    names = {path.stem for path in RESULTS.glob("*.json")}
    assert {table.get("results", name) for name, table in TABLES.items()} == names
    marked = {name: re.findall(r"<!-- (\w+) -->", text) for name, text in TEXTS.items()}
    assert sorted(chain(*marked.values())) == sorted(["gains", *TABLES])
    assert marked["README.md"] == ["gains"]
    assert names <= {name for name, table in TABLES.items() if "command" in table}
    commands = "\n".join(table.get("command", "") for table in TABLES.values())
    assert set(re.findall(r"^python -m benchmarks (\w+)", commands, re.MULTILINE)) <= set(
        questions()
    )
