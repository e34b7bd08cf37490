"""Command line of the benchmarks.

python -m benchmarks            list the benchmarks
python -m benchmarks NAME ...   run one; `--help` after its name explains its options
python -m benchmarks tables     write the tables of README.md and docs/benchmarks.md
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks import catalog, harness, tables


def main(arguments: Sequence[str]) -> int:
    """List the benchmarks, run one, or write the tables; return the exit status."""
    name, *rest = arguments or ["--help"]
    benchmarks = {entry.name: entry for entry in catalog.entries()}
    if name in ("-h", "--help"):
        print(f"{__doc__}\n{catalog.listing()}")
    elif name == "tables":
        tables.write()
    elif name in benchmarks:
        harness.run(name, benchmarks[name].load(), rest)
    else:
        print(f"no benchmark {name!r}; there are: {', '.join(benchmarks)}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
