"""README.md and docs/benchmarks.md hold the figures of the results, and nothing else."""

from __future__ import annotations

import doctest
import re
from types import ModuleType

import pytest

from benchmarks import bd_rate, pictures, scores
from benchmarks.__main__ import benchmarks
from benchmarks.harness import RESULTS, ROOT, Results
from benchmarks.tables import DOCUMENTS, TABLES, marked_names, provenance, with_tables

README, PAGE = (document.read_text("utf-8") for document in DOCUMENTS)


@pytest.mark.parametrize("text", [README, PAGE], ids=["README.md", "docs/benchmarks.md"])
def test_the_tables_are_those_of_the_results(text: str) -> None:
    """Otherwise: python -m benchmarks tables."""
    assert with_tables(text) == text


def test_every_file_of_results_has_a_table_and_a_command() -> None:
    names = {path.stem for path in RESULTS.glob("*.json")}
    assert set(TABLES) == names
    assert sorted(marked_names(PAGE)) == sorted(names)
    assert marked_names(README) == ["gains"]
    commands = "\n".join(table["command"] for table in TABLES.values())
    assert set(re.findall(r"^python -m benchmarks (\w+)", commands, re.MULTILINE)) <= set(
        benchmarks()
    )


def test_a_changed_figure_is_put_right() -> None:
    assert with_tables(PAGE.replace("| 25.24 |", "| 52.24 |")) == PAGE
    with pytest.raises(KeyError):
        with_tables("<!-- nonsense -->\n<!-- end of nonsense -->\n")


def test_the_figures_and_links_of_the_page_exist() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", PAGE)
    assert targets
    assert not [target for target in targets if not (ROOT / "docs" / target).exists()]


def test_the_provenance_states_what_was_recorded() -> None:
    results = Results(
        [],
        {"processor": "Z80", "cores": 2, "python": "3.11.7"},
        command="python -m benchmarks digits mnist.npz",
        commit="0123456789abcdef",
        dirty=True,
        date="2026-11-27T08:00:00+00:00",
        data={"mnist.npz": "fedcba9876543210"},
    )
    assert provenance(results) == (
        "Measured on Z80, 2 cores, Python 3.11.7, commit 0123456789ab with changes, 2026-11-27, "
        "data `mnist.npz` with SHA-256 fedcba987654."
    )


@pytest.mark.parametrize("module", [bd_rate, pictures, scores])
def test_the_examples_in_docstrings_hold(module: ModuleType) -> None:
    assert doctest.testmod(module, raise_on_error=True).attempted > 0
