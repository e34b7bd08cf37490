"""Write the README's tables from the figures in `benchmarks/results`.

python -m benchmarks.readme
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_RESULTS = _ROOT / "benchmarks" / "results"


def digits_table(results: dict[str, Any]) -> str:
    """Bytes and PSNR of every format."""
    lines = ["| format | bytes a digit | PSNR, dB |", "|---|---|---|"]
    for row in results["rows"]:
        quality = "lossless" if row["psnr"] is None else f"{row['psnr']:.2f}"
        bold = "**" if row["format"] == "aecodec" else ""
        name = f"{bold}{row['format']} {row['settings']}{bold}".strip()
        lines.append(f"| {name} | {bold}{row['bytes']:.1f}{bold} | {quality} |")
        if "stack_bytes" in row:
            many = f"aecodec {row['settings']}, all {row['digits']:,} in one file"
            lines.append(f"| {many} | {row['stack_bytes']:.1f} | {quality} |")
    return "\n".join(lines)


def cold_start_table(results: dict[str, Any]) -> str:
    """Seconds of each command."""
    lines = ["| command | whole process, s | times the imports |", "|---|---|---|"]
    for row in results["rows"]:
        lines.append(f"| {row['command']} | {row['seconds']:.3f} | {row['times_imports']:.2f} |")
    return "\n".join(lines)


def throughput_table(results: dict[str, Any]) -> str:
    """Digits a second of each part."""
    lines = ["| part | digits a second |", "|---|---|"]
    for row in results["rows"]:
        lines.append(f"| {row['part'].strip()} | {row['digits_a_second']:,} |")
    return "\n".join(lines)


TABLES: dict[str, Callable[[dict[str, Any]], str]] = {
    "digits": digits_table,
    "cold_start": cold_start_table,
    "throughput": throughput_table,
}


def with_tables(text: str) -> str:
    """The README with every table as the results have it now."""
    for name, table in TABLES.items():
        results = json.loads((_RESULTS / f"{name}.json").read_text("utf-8"))
        before, start, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- end of {name} -->\n")
        text = f"{before}{start}\n{table(results)}\n\n{end}{after}"
    return text


def main() -> None:
    readme = _ROOT / "README.md"
    readme.write_text(with_tables(readme.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
