"""What is the same everywhere, and what is refused, as Markdown tables."""

from __future__ import annotations

from benchmarks.markdown.cells import Rows, table, table_of

_OUTCOMES = ("files", "exit status 4", "exit status 5", "picture")


def device(rows: Rows) -> str:
    """Flash, RAM, instructions and time of each level."""
    return table(
        (
            "level",
            "flash: network",
            "flash: tables",
            "flash: code",
            "RAM",
            "RAM: stack",
            "arena in TensorFlow Lite Micro",
            "instructions",
            "codes to file, µs",
        ),
        (
            (
                row["level"],
                *(f"{row[name]:,}" for name in ("network", "tables")),
                f"{row['code'] + row['kernels']:,}",
                *(f"{row[name]:,}" for name in ("ram", "stack", "arena", "instructions")),
                f"{row['microseconds']:.0f}",
            )
            for row in rows
            if "code" in row
        ),
    )


def decompression_bombs(rows: Rows) -> str:
    """What files that claim much cost, and whether they are refused."""
    return table_of(
        rows,
        ("file", "file", ""),
        ("bytes", "bytes", ","),
        ("megapixels", "megapixels", ","),
        ("status", "exit_status", ""),
        ("CPU seconds", "cpu_seconds", ".2f"),
        ("peak memory, MiB", "peak_memory_mib", ""),
    )


def parity(rows: Rows) -> str:
    """Int8 against float at each level."""
    return table_of(
        rows,
        ("level", "level", ""),
        ("PSNR as int8, dB", "psnr_int8", ".2f"),
        ("PSNR in float, dB", "psnr_float", ".2f"),
        ("codes that differ", "codes_that_differ", ".1%"),
        ("files checked", "files_checked", ","),
    )


def hostile_files(rows: Rows) -> str:
    """Outcomes of each attack."""
    return table(
        (
            "attack",
            "files",
            "refused as damaged",
            "refused as another codec's",
            "decoded",
            "slowest, ms",
            "memory grew, MiB",
        ),
        (
            (
                row["attack"],
                *(f"{row.get(name, 0):,}" for name in _OUTCOMES),
                row["slowest_ms"],
                row["memory_grew_mib"],
            )
            for row in rows
        ),
    )
