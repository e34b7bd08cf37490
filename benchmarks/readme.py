"""Write the README's tables from the figures in `benchmarks/results`.

python -m benchmarks.readme
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_RESULTS = _ROOT / "benchmarks" / "results"

Rows = list[dict[str, Any]]


def digits_table(rows: Rows) -> str:
    """Bytes and PSNR of every format."""
    return _table(("format", "bytes a digit", "PSNR, dB"), _digits_lines(rows))


def _digits_lines(rows: Rows) -> Iterator[tuple[str, str, str]]:
    for row in rows:
        quality = "lossless" if row["psnr"] is None else f"{row['psnr']:.2f}"
        bold = "**" if row["format"] == "aecodec" else ""
        name = f"{bold}{row['format']} {row['settings']}{bold}".strip()
        yield name, f"{bold}{row['bytes']:.1f}{bold}", quality
        if "stack_bytes" in row:
            many = f"aecodec {row['settings']}, all {row['digits']:,} in one file"
            yield many, f"{row['stack_bytes']:.1f}", quality


def cold_start_table(rows: Rows) -> str:
    """Seconds of each command."""
    return _table(
        ("command", "whole process, s", "times the imports"),
        ((row["command"], f"{row['seconds']:.3f}", f"{row['times_imports']:.2f}") for row in rows),
    )


def throughput_table(rows: Rows) -> str:
    """Digits a second of each part."""
    return _table(
        ("part", "digits a second"),
        ((row["part"].strip(), f"{row['digits_a_second']:,}") for row in rows),
    )


def code_dimension_table(rows: Rows) -> str:
    """Errors and bytes of each code dimension."""
    return _table(
        (
            "numbers",
            "PSNR, dB",
            "as int8",
            "bytes a digit",
            "raw / file",
            "PNG / file",
            "MSE",
            "PCA",
        ),
        (
            (
                row["code_dimension"],
                f"{row['psnr']:.2f}",
                f"{row['psnr_quantized']:.2f}",
                f"{row['bytes']:.1f}",
                f"{row['ratio_to_raw']:.1f}",
                f"{row['ratio_to_png']:.1f}",
                f"{row['mse']:.0f}",
                f"{row['mse_pca']:.0f}",
            )
            for row in rows
        ),
    )


def steps_table(rows: Rows) -> str:
    """What each means saves."""
    return _table(
        ("method", "BD-rate"),
        ((row["saving"], f"{row['bd_rate']:+.1%}") for row in rows if "saving" in row),
    )


def quantization_table(rows: Rows) -> str:
    """Size, time and loss of each half at each precision."""
    return _table(
        ("half", "precision", "bytes", "ms a picture", "PSNR lost, dB", "arena in TFLM, bytes"),
        (
            (
                row["half"],
                row["precision"].replace("none", "float32"),
                f"{row['bytes']:,}",
                f"{row['inference_ms']:.2f}",
                f"{row['psnr_lost']:.3f}",
                f"{row['arena_bytes']:,}" if row["arena_bytes"] else "does not run there",
            )
            for row in rows
            if "refused" not in row
        ),
    )


def speed_table(rows: Rows) -> str:
    """Milliseconds a picture, one by one and in a batch."""
    return _table(
        ("", "compress, ms", "decompress, ms"),
        ((row["what"], f"{row['compress_ms']:.3f}", f"{row['decompress_ms']:.3f}") for row in rows),
    )


def bd_rate_table(rows: Rows) -> str:
    """Our bytes beside each format's, at equal quality by three measures."""
    return _table(
        ("BD-rate against", "by PSNR of the mean error", "by mean PSNR", "by MS-SSIM"),
        (
            (row["format"], *(f"{row[name]:+.1%}" for name in _MEASURES))
            for row in rows
            if "bd_rate" in row
        ),
    )


_MEASURES = ("bd_rate", "bd_rate_mean_psnr", "bd_rate_ms_ssim")


def large_table(rows: Rows) -> str:
    """Time and memory of a large picture."""
    return _table(
        ("command", "megapixels", "seconds", "peak memory, MiB"),
        (
            (row["command"], f"{row['megapixels']:.0f}", row["seconds"], row["peak_memory_mib"])
            for row in rows
        ),
    )


def megapixels_table(rows: Rows) -> str:
    """Megapixels a second, by cores."""
    return _table(
        ("", "cores", "encode", "decode"),
        (
            (row["what"], row["cores"], f"{row['encode']:.1f}", f"{row['decode']:.1f}")
            for row in rows
        ),
    )


def priors_table(rows: Rows) -> str:
    """Bits a pixel under each prior."""
    return _table(
        ("prior", "bits a pixel", "fitted in, s"),
        ((row["prior"], f"{row['bpp']:.3f}", row["fitted_in_seconds"]) for row in rows),
    )


def peers_table(rows: Rows) -> str:
    """Bytes and errors of every point, and what ours save at equal quality."""
    points = (
        (
            row["codec"],
            f"{row['bytes']:.2f}",
            f"{row['psnr']:.2f}",
            f"{row['mae']:.2f}",
        )
        for row in rows
        if "bytes" in row
    )
    savings = (
        (
            row["against"],
            *(
                "never equal" if row[name] is None else f"{row[name]:+.1%}"
                for name in ("bytes_at_equal_psnr", "bytes_at_equal_mae")
            ),
        )
        for row in rows
        if "against" in row
    )
    return "\n\n".join(
        [
            _table(("codec", "bytes a digit", "PSNR, dB", "mean absolute error"), points),
            _table(("our bytes against", "at equal PSNR", "at equal absolute error"), savings),
        ]
    )


def packet_table(rows: Rows) -> str:
    """How good a picture fits into one packet."""
    return _table(
        ("format", "pictures that fit", "mean PSNR of those, dB", "pictures where ours is better"),
        (
            (
                row["format"],
                f"{row['fit']} of {row['pictures']}",
                "" if row["mean_psnr"] is None else f"{row['mean_psnr']:.2f}",
                row.get("ours_is_better", ""),
            )
            for row in rows
        ),
    )


def device_table(rows: Rows) -> str:
    """Flash, RAM and time of each level."""
    return _table(
        (
            "level",
            "flash: network",
            "flash: tables",
            "flash: code",
            "RAM: arena",
            "RAM: the rest",
            "time, µs",
        ),
        (
            (
                row["level"],
                *(f"{row[name]:,}" for name in ("network", "tables", "code", "arena")),
                f"{row['work'] + row['stack'] + row['integers'] + row['file']:,}",
                f"{row['microseconds']:.0f}",
            )
            for row in rows
            if "code" in row
        ),
    )


def _table(columns: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    head = _line(columns) + "\n|" + "---|" * len(columns)
    return "\n".join([head, *map(_line, lines)])


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


TABLES: dict[str, Callable[[Rows], str]] = {
    "digits": digits_table,
    "peers": peers_table,
    "cold_start": cold_start_table,
    "throughput": throughput_table,
    "code_dimension": code_dimension_table,
    "steps": steps_table,
    "quantization": quantization_table,
    "speed": speed_table,
    "steel": bd_rate_table,
    "kodak": bd_rate_table,
    "packet": packet_table,
    "large": large_table,
    "megapixels": megapixels_table,
    "priors": priors_table,
    "device": device_table,
}


def with_tables(text: str) -> str:
    """The README with every table as the results have it now."""
    for name, table in TABLES.items():
        rows = json.loads((_RESULTS / f"{name}.json").read_text("utf-8"))["rows"]
        before, start, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- end of {name} -->\n")
        text = f"{before}{start}\n{table(rows)}\n\n{end}{after}"
    return text


def main() -> None:
    readme = _ROOT / "README.md"
    readme.write_text(with_tables(readme.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
