"""The tables of README.md and docs/benchmarks.md, which are generated from the results.

A table stands between two markers, `<!-- NAME -->` and `<!-- end of NAME -->`. In README.md there
is one, `gains`; docs/benchmarks.md has one for each file of results.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from benchmarks import markdown_tables
from benchmarks.gains import readme_table
from benchmarks.harness import ROOT
from benchmarks.markdown_tables import Rows
from benchmarks.published import COMMANDS, provenance, results_of

DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "benchmarks.md")

GAINS = "gains"

TABLES: dict[str, Callable[[Rows], str]] = {
    "digits": markdown_tables.digits,
    "equal_training": markdown_tables.equal_training,
    "code_dimension": markdown_tables.code_dimension,
    "step_allocation": markdown_tables.step_allocation,
    "kodak": markdown_tables.bd_rates,
    "equal_bytes": markdown_tables.equal_bytes,
    "blocks": markdown_tables.blocks,
    "lora_packet": markdown_tables.lora_packet,
    "priors": markdown_tables.priors,
    "distortions": markdown_tables.distortions,
    "adoption": markdown_tables.adoption,
    "steel": markdown_tables.bd_rates,
    "device": markdown_tables.device,
    "aecc": markdown_tables.aecc,
    "networks": markdown_tables.networks,
    "cold_start": markdown_tables.cold_start,
    "browser": markdown_tables.browser,
    "throughput": markdown_tables.throughput,
    "single_pictures": markdown_tables.single_pictures,
    "busy_cores": markdown_tables.busy_cores,
    "megapixels": markdown_tables.megapixels,
    "large_pictures": markdown_tables.large_pictures,
    "decompression_bombs": markdown_tables.decompression_bombs,
    "loading": markdown_tables.loading,
    "zarr": markdown_tables.zarr,
    "precisions": markdown_tables.precisions,
    "parity": markdown_tables.parity,
    "hostile_files": markdown_tables.hostile_files,
}
"""Table of each file of results."""

_MARKED = re.compile(r"<!-- (\w+) -->\n.*?<!-- end of \1 -->\n", re.DOTALL)


def with_tables(text: str) -> str:
    """A Markdown document with what the results give now between each pair of markers.

    Raises:
        KeyError: markers with a name that no results have.
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
    content = readme_table() if name == GAINS else _section(name)
    return f"<!-- {name} -->\n\n{content}\n\n<!-- end of {name} -->\n"


def _section(name: str) -> str:
    """The table, the command that measures it, and where its figures come from."""
    of_rows, results = TABLES[name], results_of(name)
    command = f"```sh\n{COMMANDS[name]}\n```"
    file = f"`benchmarks/results/{name}.json`"
    return f"{of_rows(results.rows)}\n\n{command}\n\n{provenance(results)} Figures: {file}."
