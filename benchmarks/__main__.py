"""Command line of the benchmarks.

python -m benchmarks            list the benchmarks
python -m benchmarks NAME ...   run one; `--help` after its name explains its options
python -m benchmarks tables     write the tables of README.md and docs/benchmarks.md
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from benchmarks import harness, tables


def questions() -> dict[str, str]:
    """The question of each benchmark, the first line of its docstring, by its name."""
    files = sorted(Path(__file__).with_name("programs").glob("[!_]*.py"))
    docstrings = {
        path.stem: ast.get_docstring(ast.parse(path.read_text("utf-8"))) for path in files
    }
    return {name: (text or "").partition("\n")[0] for name, text in docstrings.items()}


def main(arguments: Sequence[str]) -> int:
    """List the benchmarks, run one, or write the tables; return the exit status."""
    name, *rest = arguments or ["--help"]
    known = questions()
    if name in ("-h", "--help"):
        print(__doc__)
        for benchmark, question in known.items():
            print(f"{benchmark:<20} {question}")
    elif name == "tables":
        tables.write()
    elif name in known:
        harness.run(name, import_module(f"benchmarks.programs.{name}"), rest)
    else:
        print(f"no benchmark {name!r}; use {', '.join(known)}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
