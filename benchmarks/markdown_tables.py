"""Markdown tables of results, one function for each kind of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from benchmarks.harness import Row

Rows = Sequence[Row]

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
            _percent_or_never(row["bytes_at_equal_psnr"]),
            _percent_or_never(row["bytes_at_equal_mae"]),
        )
        for row in rows
        if "against" in row
    )
    columns = ("codec", "bytes per digit", "PSNR, dB", "mean absolute error")
    against = ("bytes of aecodec against", "at equal PSNR", "at equal absolute error")
    return f"{table(columns, points)}\n\n{table(against, savings)}"


def code_dimension(rows: Rows) -> str:
    """Errors and bytes of each code dimension."""
    columns = {
        "numbers": "code_dimension",
        "PSNR, dB": "psnr",
        "as int8": "psnr_quantized",
        "bytes per digit": "bytes",
        "raw / file": "ratio_to_raw",
        "PNG / file": "ratio_to_png",
        "MSE": "mse",
        "MSE of PCA": "mse_pca",
    }
    formats = ("d", ".2f", ".2f", ".1f", ".1f", ".1f", ".0f", ".0f")
    lines = (
        [f"{row[key]:{form}}" for key, form in zip(columns.values(), formats, strict=True)]
        for row in rows
    )
    return table(tuple(columns), lines)


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
            (row["format"], *(_percent_or_never(row[name]) for name in measures))
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
                *(_percent_or_never(row[name]) for name in measures),
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
                _two_places(row["blocks_16"]),
                _two_places(row["blocks_8"]),
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
                _two_places(row["mean_psnr"]),
                _two_places(row["mean_ssimulacra2"]),
                row.get("better_by_psnr", ""),
                row.get("better_by_ssimulacra2", ""),
            )
            for row in rows
        ),
    )


def priors(rows: Rows) -> str:
    """Bits per pixel under each prior."""
    return table(
        ("prior", "bits per pixel", "fitted in, s"),
        ((row["prior"], f"{row['bpp']:.3f}", row["fitted_in_seconds"]) for row in rows),
    )


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


def networks(rows: Rows) -> str:
    """Time of each network with each kind of kernels."""
    return table(
        ("codec", "network", "kernels", "ms", "per second"),
        (
            (row["codec"], row["half"], row["kernels"], f"{row['ms']:.2f}", row["rate"])
            for row in rows
        ),
    )


def aecc(rows: Rows) -> str:
    """Speed and memory of each codec, direction and build."""
    return table(
        ("codec", "command", "kernels", "megapixels a second", "pictures a second", "memory, MiB"),
        (
            (
                row["codec"],
                row["command"],
                row["kernels"],
                f"{row['megapixels_per_second']:.2f}",
                f"{row['pictures_per_second']:,.0f}" if row["codec"] == "digits" else "",
                row["peak_mib"],
            )
            for row in rows
        ),
    )


def cold_start(rows: Rows) -> str:
    """Seconds of each command."""
    return table(
        ("command", "whole process, s", "times the imports"),
        ((row["command"], f"{row['seconds']:.3f}", f"{row['times_imports']:.2f}") for row in rows),
    )


def browser(rows: Rows) -> str:
    """What each codec does in a browser, and what it takes."""
    return table(
        ("codec", "what", "figure"),
        ((row["codec"], row["what"], f"{row['value']:,}") for row in rows),
    )


def throughput(rows: Rows) -> str:
    """Digits per second of each part."""
    return table(
        ("part", "digits per second"),
        ((row["part"], f"{row['digits_per_second']:,}") for row in rows),
    )


def single_pictures(rows: Rows) -> str:
    """Milliseconds per picture, one by one and in a batch."""
    return table(
        ("", "compress, ms", "decompress, ms"),
        ((row["what"], f"{row['compress_ms']:.3f}", f"{row['decompress_ms']:.3f}") for row in rows),
    )


def adoption(rows: Rows) -> str:
    """PSNR of pairs as float models and as codecs, and how long a codec took to make."""
    return table(
        ("pair", "float pair, dB", "codec, dB", "lost, dB", "layers in floats", "seconds"),
        (
            (
                row["title"],
                f"{row['float_psnr']:.2f}",
                f"{row['codec_psnr']:.2f}",
                f"{row['lost']:.2f}",
                row["layers_in_floats"],
                f"{row['export_seconds']:.0f}",
            )
            for row in rows
        ),
    )


def busy_cores(rows: Rows) -> str:
    """Seconds of a picture where all cores are busy, and how much longer it takes with BLAS."""
    return table(
        ("", "seconds", "with OPENBLAS_NUM_THREADS=1", "ratio"),
        (
            (
                row["what"],
                f"{row['seconds']:.2f}",
                f"{row['seconds_with_one_blas_thread']:.2f}",
                f"{row['ratio']:.2f}",
            )
            for row in rows
        ),
    )


def megapixels(rows: Rows) -> str:
    """Megapixels per second, by cores."""
    return table(
        ("", "cores", "encode", "decode"),
        (
            (row["what"], row["cores"], f"{row['encode']:.1f}", f"{row['decode']:.1f}")
            for row in rows
        ),
    )


def large_pictures(rows: Rows) -> str:
    """Time and memory of a large picture."""
    return table(
        ("command", "megapixels", "seconds", "peak memory, MiB"),
        (
            (row["command"], f"{row['megapixels']:.0f}", row["seconds"], row["peak_memory_mib"])
            for row in rows
        ),
    )


def decompression_bombs(rows: Rows) -> str:
    """What files that claim much cost, and whether they are refused."""
    return table(
        ("file", "bytes", "megapixels", "status", "CPU seconds", "peak memory, MiB"),
        (
            (
                row["file"],
                f"{row['bytes']:,}",
                f"{row['megapixels']:,}",
                row["exit_status"],
                f"{row['cpu_seconds']:.2f}",
                row["peak_memory_mib"],
            )
            for row in rows
        ),
    )


def zarr(rows: Rows) -> str:
    """Bytes and seconds of an array in each format."""
    return table(
        ("format", "bytes per digit", "PSNR, dB", "written in, core s", "read in, core s"),
        (
            (
                f"{row['format']} {row['settings']}",
                f"{row['bytes_per_digit']:.1f}",
                "lossless" if row["psnr"] is None else f"{row['psnr']:.2f}",
                f"{row['write_core_seconds']:.2f}",
                f"{row['read_core_seconds']:.2f}",
            )
            for row in rows
        ),
    )


def loading(rows: Rows) -> str:
    """Digits a second of each way to read them."""
    return table(
        ("level", "bytes of the file", "way", "digits per second", "per second of a core"),
        (
            (
                row.get("level", ""),
                f"{row['bytes']:,}" if "bytes" in row else "",
                row["way"],
                f"{row['per_second']:,}",
                f"{row['per_core_second']:,}",
            )
            for row in rows
        ),
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


def parity(rows: Rows) -> str:
    """Int8 against float at each level."""
    return table(
        ("level", "PSNR as int8, dB", "PSNR in float, dB", "codes that differ", "files checked"),
        (
            (
                row["level"],
                f"{row['psnr_int8']:.2f}",
                f"{row['psnr_float']:.2f}",
                f"{row['codes_that_differ']:.1%}",
                f"{row['files_checked']:,}",
            )
            for row in rows
        ),
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


_OUTCOMES = ("files", "exit status 4", "exit status 5", "picture")


def table(columns: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """A Markdown table.

    >>> print(table(("a", "b"), [(1, 2)]))
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    head = _line(columns) + "\n|" + "---|" * len(columns)
    return "\n".join([head, *map(_line, lines)])


def percent(ratio: float) -> str:
    """A relative difference in percent.

    >>> percent(-0.4437)
    '-44.4%'
    """
    return f"{ratio:+.1%}"


def _two_places(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _percent_or_never(ratio: float | None) -> str:
    return "never equal" if ratio is None else percent(ratio)


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"
