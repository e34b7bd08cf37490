"""Bytes and quality, as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.harness import Row
from benchmarks.markdown.cells import Rows, percent, percent_or_never, table, table_of, two_places

_BD_RATES = {
    "bd_rate": "by PSNR of the mean error",
    "bd_rate_mean_psnr": "by mean PSNR",
    "bd_rate_ms_ssim": "by MS-SSIM",
    "bd_rate_ssimulacra2": "by SSIMULACRA2",
}


def digits(rows: Rows) -> str:
    """Bytes and PSNR of every format."""
    return table(("format", "bytes per digit", "PSNR, dB"), _digit_lines(rows))


def _digit_lines(rows: Rows) -> Iterator[tuple[str, str, str]]:
    for row in rows:
        quality = "lossless" if row["psnr"] is None else f"{row['psnr']:.2f}"
        bold = "**" if row["format"] == "aecodec" else ""
        name = f"{bold}{row['format']} {row['settings']}".strip() + bold
        yield name, f"{bold}{row['bytes']:.1f}{bold}", quality
        if "stack_bytes" in row:
            stack = f"aecodec {row['settings']}, all {row['digits']:,} in one file"
            yield stack, f"{row['stack_bytes']:.1f}", quality


def equal_training(rows: Rows) -> str:
    """Bytes and errors of every point, and savings at equal quality."""
    points = (
        (row["codec"], f"{row['bytes']:.2f}", f"{row['psnr']:.2f}", f"{row['mae']:.2f}")
        for row in rows
        if "bytes" in row
    )
    savings = (
        (
            row["against"],
            percent_or_never(row["bytes_at_equal_psnr"]),
            percent_or_never(row["bytes_at_equal_mae"]),
        )
        for row in rows
        if "against" in row
    )
    columns = ("codec", "bytes per digit", "PSNR, dB", "mean absolute error")
    against = ("bytes of aecodec against", "at equal PSNR", "at equal absolute error")
    return f"{table(columns, points)}\n\n{table(against, savings)}"


def code_dimension(rows: Rows) -> str:
    """Errors and bytes of each code dimension."""
    return table_of(
        rows,
        ("numbers", "code_dimension", "d"),
        ("PSNR, dB", "psnr", ".2f"),
        ("as int8", "psnr_quantized", ".2f"),
        ("bytes per digit", "bytes", ".1f"),
        ("raw / file", "ratio_to_raw", ".1f"),
        ("PNG / file", "ratio_to_png", ".1f"),
        ("MSE", "mse", ".0f"),
        ("MSE of PCA", "mse_pca", ".0f"),
    )


def step_allocation(rows: Rows) -> str:
    """Saving of each method."""
    savings = ((row["saving"], percent(row["bd_rate"])) for row in rows if "saving" in row)
    return table(("method", "BD-rate"), savings)


def bd_rates(rows: Rows) -> str:
    """Bytes of aecodec against each format, at equal quality by the measures of the rows."""
    of_formats = [row for row in rows if "bd_rate" in row]
    measures = {name: title for name, title in _BD_RATES.items() if name in of_formats[0]}
    return table(
        ("BD-rate against", *measures.values()),
        (
            (row["format"], *(percent_or_never(row[name]) for name in measures))
            for row in of_formats
        ),
    )


def distortions(rows: Rows) -> str:
    """PSNR and bytes of a training for each distortion, against one for the squared error."""
    measures = {name: title for name, title in _BD_RATES.items() if name in rows[0]}
    return table(
        (
            "trained for",
            "PSNR at equal bytes, dB",
            *(f"bytes {each}" for each in measures.values()),
        ),
        (
            (
                row["distortion"],
                "" if row["psnr_at_equal_bytes"] is None else f"{row['psnr_at_equal_bytes']:+.2f}",
                *(percent_or_never(row[name]) for name in measures),
            )
            for row in rows
        ),
    )


def equal_bytes(rows: Rows) -> str:
    """Bytes, PSNR and SSIMULACRA2 of files of about the same size, one column per format."""
    lines: dict[tuple[float, str], dict[str, str]] = {}
    for row in rows:
        cell = f"{row['bytes']:,}, {row['psnr']:.2f}, {row['ssimulacra2']:.1f}"
        lines.setdefault((row["level"], row["picture"]), {})[row["format"]] = cell
    formats = next(iter(lines.values()))
    return table(
        ("level", "picture", *(f"{name}: bytes, PSNR in dB, SSIMULACRA2" for name in formats)),
        ((f"{level:g}", picture, *cells.values()) for (level, picture), cells in lines.items()),
    )


def blocks(rows: Rows) -> str:
    """Steps at the borders of blocks, as multiples of the steps elsewhere."""
    return table(
        ("pictures", "bytes per picture", "at borders of 16 pixels", "at borders of 8 pixels"),
        (
            (
                _titled(row),
                f"{row['bytes']:,.0f}" if "bytes" in row else "",
                two_places(row["blocks_16"]),
                two_places(row["blocks_8"]),
            )
            for row in rows
        ),
    )


def _titled(row: Row) -> str:
    if "at_level" in row:
        return f"{row['format']}, no smaller than level {row['at_level']:g}"
    return f"{row['format']} level {row['level']}" if "level" in row else str(row["format"])


def lora_packet(rows: Rows) -> str:
    """Quality of a picture in one packet."""
    return table(
        (
            "format",
            "pictures that fit",
            "their mean PSNR, dB",
            "their mean SSIMULACRA2",
            "aecodec is better by PSNR",
            "by SSIMULACRA2",
        ),
        (
            (
                row["format"],
                f"{row['fit']} of {row['pictures']}",
                two_places(row["mean_psnr"]),
                two_places(row["mean_ssimulacra2"]),
                row.get("better_by_psnr", ""),
                row.get("better_by_ssimulacra2", ""),
            )
            for row in rows
        ),
    )


def priors(rows: Rows) -> str:
    """Bits per pixel under each prior."""
    return table_of(
        rows,
        ("prior", "prior", ""),
        ("bits per pixel", "bpp", ".3f"),
        ("fitted in, s", "fitted_in_seconds", ""),
    )


def adoption(rows: Rows) -> str:
    """PSNR of pairs as float models and as codecs, and how long a codec took to make."""
    return table_of(
        rows,
        ("pair", "title", ""),
        ("float pair, dB", "float_psnr", ".2f"),
        ("codec, dB", "codec_psnr", ".2f"),
        ("lost, dB", "lost", ".2f"),
        ("layers in floats", "layers_in_floats", ""),
        ("seconds", "export_seconds", ".0f"),
    )


def precisions(rows: Rows) -> str:
    """Size, time and loss of each half at each precision."""
    return table(
        (
            "half",
            "precision",
            "bytes",
            "ms per picture",
            "PSNR lost, dB",
            "arena in TensorFlow Lite Micro, bytes",
        ),
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
