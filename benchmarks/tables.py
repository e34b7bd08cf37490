"""The tables of README.md and docs/benchmarks.md, which are generated from the results.

A table stands between two markers, `<!-- NAME -->` and `<!-- end of NAME -->`. In README.md there
is one, `gains`; docs/benchmarks.md has one for each file of results.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from benchmarks.gains import readme_table
from benchmarks.harness import ROOT
from benchmarks.markdown import exactness, quality, speed
from benchmarks.markdown.cells import Rows
from benchmarks.published import COMMANDS, provenance, results_of

DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "benchmarks.md")

GAINS = "gains"

TABLES: dict[str, Callable[[Rows], str]] = {
    "digits": quality.digits,
    "equal_training": quality.equal_training,
    "code_dimension": quality.code_dimension,
    "step_allocation": quality.step_allocation,
    "kodak": quality.bd_rates,
    "equal_bytes": quality.equal_bytes,
    "blocks": quality.blocks,
    "lora_packet": quality.lora_packet,
    "priors": quality.priors,
    "distortions": quality.distortions,
    "adoption": quality.adoption,
    "steel": quality.bd_rates,
    "device": exactness.device,
    "aecc": speed.aecc,
    "networks": speed.networks,
    "cold_start": speed.cold_start,
    "browser": speed.browser,
    "throughput": speed.throughput,
    "single_pictures": speed.single_pictures,
    "busy_cores": speed.busy_cores,
    "megapixels": speed.megapixels,
    "large_pictures": speed.large_pictures,
    "decompression_bombs": exactness.decompression_bombs,
    "loading": speed.loading,
    "zarr": speed.zarr,
    "precisions": quality.precisions,
    "parity": exactness.parity,
    "hostile_files": exactness.hostile_files,
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
