"""Time and memory, as Markdown tables."""

from __future__ import annotations

from benchmarks.markdown.cells import Rows, table


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
