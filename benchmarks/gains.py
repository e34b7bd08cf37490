"""The table of README.md: what aecodec gains, and where other formats are better."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from benchmarks.harness import Row
from benchmarks.markdown.cells import percent, table
from benchmarks.published import COMMANDS, rows_of

_OURS = "aecodec"
_FORMATS = (_OURS, "JPEG", "WebP", "JPEG XL", "AVIF")
_NEAR_DB = 25

Cells = Mapping[str, str]
"""Text by format."""


class Line(NamedTuple):
    """One line of the table.

    Attributes:
        what: what was measured; `{png}` stands for the bytes of a digit as PNG.
        results: name of the results.
        cells: gives the text of each format; formats that were not measured are absent.
    """

    what: str
    results: str
    cells: Callable[[], Cells]


def readme_table() -> str:
    """One row per question, one column per format; empty where nothing was measured."""
    lines = (
        (line.what.format(png=_png()), *_in_columns(line.cells()), f"`{_command(line.results)}`")
        for line in _LINES
    )
    return table(("", *_FORMATS, "command"), lines)


def _png() -> float:
    """Bytes of a digit as PNG."""
    return next(float(row["bytes"]) for row in rows_of("digits") if row["format"] == "PNG")


def _in_columns(cells: Cells) -> list[str]:
    return [cells.get(name, "") for name in _FORMATS]


def _command(results: str) -> str:
    """The command that measures these results, without its figure."""
    return re.sub(r" --plot \S+", "", COMMANDS[results].splitlines()[-1])


def _digit() -> Cells:
    """The file of each format whose PSNR is nearest."""
    nearest: dict[str, Row] = {}
    for row in rows_of("digits"):
        best = nearest.get(row["format"], row)
        if row["psnr"] is not None:
            nearest[row["format"]] = min(best, row, key=_distance)
    return {
        name: f"{row['bytes']:.1f} bytes, {row['psnr']:.1f} dB" for name, row in nearest.items()
    }


def _distance(row: Row) -> float:
    return abs(float(row["psnr"]) - _NEAR_DB)


def _equal_training() -> Cells:
    rows = {row["against"]: row for row in rows_of("equal_training") if "against" in row}
    return {_OURS: percent(rows["TensorFlow Compression"]["bytes_at_equal_psnr"])}


def _bd_rates(results: str, measure: str) -> Cells:
    return {row["format"]: percent(row[measure]) for row in rows_of(results) if measure in row}


def _lora_packet() -> Cells:
    cells = {}
    for row in rows_of("lora_packet"):
        quality = "" if row["mean_psnr"] is None else f", {row['mean_psnr']:.1f} dB"
        name = row["format"].removesuffix(", any size")
        cells[name] = f"{row['fit']} of {row['pictures']}{quality}"
    return cells


def _device() -> Cells:
    row = next(row for row in rows_of("device") if row["level"] == 2 and "code" in row)
    flash = sum(row[name] for name in ("network", "tables", "code", "kernels"))
    ram = row["ram"] + row["stack"]
    return {_OURS: f"{flash / 1000:.0f} kB of flash, {ram / 1000:.0f} kB of RAM"}


def _cold_start() -> Cells:
    seconds = {row["command"]: row["seconds"] for row in rows_of("cold_start")}
    return {_OURS: f"{seconds['compress']:.2f} s, {seconds['decompress']:.2f} s"}


def _megapixels() -> Cells:
    """The setting of each format that encodes fastest."""
    speeds: dict[str, tuple[float, float]] = {}
    for row in rows_of("megapixels"):
        name = row["what"].partition(",")[0]
        if row["cores"] == 2:
            speeds[name] = max(speeds.get(name, (0.0, 0.0)), (row["encode"], row["decode"]))
    return {name: f"{encode:.1f}, {decode:.1f}" for name, (encode, decode) in speeds.items()}


_LINES = (
    Line(
        f"One MNIST digit as a file, the PSNR nearest to {_NEAR_DB} dB (as PNG: {{png:.1f}} bytes)",
        "digits",
        _digit,
    ),
    Line(
        "One MNIST digit, bytes against TensorFlow Compression at equal PSNR, after equal training",
        "equal_training",
        _equal_training,
    ),
    Line(
        "24 Kodak photographs, bytes against the format at equal PSNR (BD-rate)",
        "kodak",
        partial(_bd_rates, "kodak", "bd_rate"),
    ),
    Line(
        "24 Kodak photographs, the same at equal SSIMULACRA2",
        "kodak",
        partial(_bd_rates, "kodak", "bd_rate_ssimulacra2"),
    ),
    Line(
        "Steel surfaces, 38 minutes of training: bytes against the format at equal PSNR (BD-rate)",
        "steel",
        partial(_bd_rates, "steel", "bd_rate"),
    ),
    Line(
        "Steel surfaces, the same at equal mean of the pictures' PSNRs",
        "steel",
        partial(_bd_rates, "steel", "bd_rate_mean_psnr"),
    ),
    Line(
        "Kodak pictures that fit into 237 bytes, one LoRa packet, and their mean PSNR",
        "lora_packet",
        _lora_packet,
    ),
    Line(
        "A digit's encoder on a Cortex-M4, level 2, all of it",
        "device",
        _device,
    ),
    Line(
        "One digit by the command line, whole process: compress, decompress",
        "cold_start",
        _cold_start,
    ),
    Line("Megapixels per second on 2 cores: encode, decode", "megapixels", _megapixels),
)
