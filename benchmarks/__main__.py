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

FOLDERS = ("quality", "exactness", "speed", "c")


def benchmarks() -> dict[str, Path]:
    """The file of each benchmark by its name, folder by folder."""
    root = Path(__file__).parent
    files = (path for folder in FOLDERS for path in sorted((root / folder).glob("*.py")))
    return {path.stem: path for path in files if path.stem != "__init__"}


def question(file: Path) -> str:
    """The question that a benchmark answers: the first line of its docstring."""
    return (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "").partition("\n")[0]


def main(arguments: Sequence[str]) -> int:
    """List the benchmarks, run one, or write the tables; return the exit status."""
    name, *rest = arguments or ["--help"]
    files = benchmarks()
    if name in ("-h", "--help"):
        print(__doc__)
        for entry, file in files.items():
            print(f"{file.parent.name:<10} {entry:<20} {question(file)}")
    elif name == "tables":
        tables.write()
    elif name in files:
        module = import_module(f"benchmarks.{files[name].parent.name}.{name}")
        harness.run(name, module, rest)
    else:
        print(f"no benchmark {name!r}; there are: {', '.join(files)}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
