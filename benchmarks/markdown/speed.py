"""Time and memory, as Markdown tables."""

from __future__ import annotations

from benchmarks.markdown.cells import Rows, table, table_of


def networks(rows: Rows) -> str:
    """Time of each network with each kind of kernels."""
    return table_of(
        rows,
        ("codec", "codec", ""),
        ("network", "half", ""),
        ("kernels", "kernels", ""),
        ("ms", "ms", ".2f"),
        ("per second", "rate", ""),
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
    return table_of(
        rows,
        ("command", "command", ""),
        ("whole process, s", "seconds", ".3f"),
        ("times the imports", "times_imports", ".2f"),
    )


def browser(rows: Rows) -> str:
    """What each codec does in a browser, and what it takes."""
    return table_of(
        rows,
        ("codec", "codec", ""),
        ("what", "what", ""),
        ("figure", "value", ","),
    )


def throughput(rows: Rows) -> str:
    """Digits per second of each part."""
    return table_of(
        rows,
        ("part", "part", ""),
        ("digits per second", "digits_per_second", ","),
    )


def single_pictures(rows: Rows) -> str:
    """Milliseconds per picture, one by one and in a batch."""
    return table_of(
        rows,
        ("", "what", ""),
        ("compress, ms", "compress_ms", ".3f"),
        ("decompress, ms", "decompress_ms", ".3f"),
    )


def busy_cores(rows: Rows) -> str:
    """Seconds of a picture where all cores are busy, and how much longer it takes with BLAS."""
    return table_of(
        rows,
        ("", "what", ""),
        ("seconds", "seconds", ".2f"),
        ("with OPENBLAS_NUM_THREADS=1", "seconds_with_one_blas_thread", ".2f"),
        ("ratio", "ratio", ".2f"),
    )


def megapixels(rows: Rows) -> str:
    """Megapixels per second, by cores."""
    return table_of(
        rows,
        ("", "what", ""),
        ("cores", "cores", ""),
        ("encode", "encode", ".1f"),
        ("decode", "decode", ".1f"),
    )


def large_pictures(rows: Rows) -> str:
    """Time and memory of a large picture."""
    return table_of(
        rows,
        ("command", "command", ""),
        ("megapixels", "megapixels", ".0f"),
        ("seconds", "seconds", ""),
        ("peak memory, MiB", "peak_memory_mib", ""),
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
