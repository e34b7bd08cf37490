"""`aecodec evaluate`: measure codecs and image formats on a data set."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aecodec.cli.batch.manifest_file import arrow, parquet_content
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console
from aecodec.cli.shared.discovery import in_unicode
from aecodec.cli.shared.file_io import check_is_png, check_overwriting, write_bytes
from aecodec.cli.shared.jobs import check_not_sources
from aecodec.cli.shared.pictures import open_pictures, report_unread
from aecodec.codec.registry import load_codec
from aecodec.errors import AecodecError, UsageError
from aecodec.urls import path_or_url

if TYPE_CHECKING:  # loaded only when needed
    from aecodec.datasets.evaluation_set import Dataset
    from aecodec.evaluation.evaluate import Coder
    from aecodec.evaluation.formats import PillowFormat

Values = dict[str, Any]
"""Measurements of a level or a picture, by their names in JSON; None if not measured or finite."""


def evaluate(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="CODEC... DATA",
            help="Built-in codecs or codec folders; then a folder of images, an image, or an .npz "
            "or .npy file.",
            autocompletion=options.complete_codec,
        ),
    ],
    levels: Annotated[
        list[float] | None,
        typer.Option(
            "-q", "--level", help="Level to measure. Repeat for several. Default: all levels."
        ),
    ] = None,
    array: options.ArrayName = None,
    limit: options.Limit = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="FORMATS",
            help="Also measure image formats at several qualities: webp, jxl or avif, separated by "
            "commas. jxl needs the extra 'report'.",
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", readable=False, help="Plot PSNR over bits per pixel to a PNG."
        ),
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="Write the measurements of every picture to a .csv, .jsonl or .parquet file. "
            "Parquet needs the extra 'manifest'.",
        ),
    ] = None,
    ssimulacra2: Annotated[
        bool,
        typer.Option(
            "--ssimulacra2",
            help="Also measure SSIMULACRA2, which takes one second per 400,000 pixels. "
            "Needs the extra 'perceptual'.",
        ),
    ] = False,
    force: options.Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Measure the levels of codecs on a data set: bytes, bits per pixel, errors and time.

    Each picture is compressed to its own file. Bytes are the mean file size. The ratio is the size
    of raw pixels divided by the file size. PSNR is computed from the mean squared error of all
    pictures. Times are milliseconds per picture. Files in the formats of --against
    contain neither alpha nor metadata.
    """
    *codecs, last = names
    if not codecs:
        raise UsageError(f"evaluate needs a codec and a data set: name a codec before {last}")
    data, console = path_or_url(last), Console(quiet, as_json)
    _check_outputs([path for path in (plot, pictures) if path], data, force)
    if plot:
        check_is_png(plot)
    if pictures and pictures.suffix not in _WRITERS:
        raise UsageError(f"{pictures}: name a file that ends with {', '.join(_WRITERS)}")
    if pictures and pictures.suffix == ".parquet":
        arrow("--pictures")
    coders = [*_codecs(codecs, levels), *_formats(against)]
    with console.errors_as_json(data), console.warnings_about(data):
        dataset = open_pictures(data, array)
        rows, scores = _measured(coders, dataset, limit, ssimulacra2, console)
    if plot:
        _plot(plot, scores, force)
    if pictures:
        write_bytes(pictures, _WRITERS[pictures.suffix](rows), force)
    for line in map(json.dumps, scores) if as_json else _table(scores):
        console.write(line, False)
    report_unread(dataset, console)


def _check_outputs(paths: Sequence[Path], data: Path, force: bool) -> None:
    check_not_sources(paths, [data])
    for path in paths:
        check_overwriting(path, force)


def _codecs(names: Sequence[str], levels: Sequence[float] | None) -> list[Coder]:
    from aecodec.evaluation.evaluate import codec_coder

    return [
        codec_coder(codec, level)
        for codec in map(load_codec, names)
        for level in levels or range(1, len(codec.spec.levels) + 1)
    ]


def _formats(against: str | None) -> list[Coder]:
    if not against:
        return []
    from aecodec.evaluation.evaluate import format_coder

    formats = [_format(name.strip().lower()) for name in against.split(",")]
    return [format_coder(format_, quality) for format_ in formats for quality in format_.qualities]


def _format(name: str) -> PillowFormat:
    """The format with a name of `--against`.

    Raises:
        UsageError: there is no such format.
        AecodecError: Pillow does not write it.
    """
    from aecodec.evaluation.formats import AVIF, JPEG_XL, WEBP

    formats = {"webp": WEBP, "jxl": JPEG_XL, "avif": AVIF}
    if name not in formats:
        raise UsageError(f"--against {name}: the formats are {', '.join(formats)}")
    if not formats[name].is_installed:
        raise AecodecError(f"--against {name}: run pip install '{formats[name].package}' first")
    return formats[name]


def _measured(
    coders: Sequence[Coder],
    dataset: Dataset,
    limit: int | None,
    ssimulacra2: bool,
    console: Console,
) -> tuple[list[Values], list[Values]]:
    """The measurements of every picture, and their means for every coder."""
    from aecodec.evaluation.evaluate import mean_values, measure_samples

    count = min(len(dataset), limit or len(dataset))
    rows, scores = list[Values](), list[Values]()
    for coder in coders:
        title = f"{coder.name} {coder.level:g}"
        samples = console.progress(islice(dataset, limit), count, title)
        measured = list(measure_samples(coder, samples, ssimulacra2=ssimulacra2))
        scores.append(mean_values(measured))
        rows += [row | {"name": in_unicode(row["name"])} for row in measured]
    return rows, scores


def _plot(path: Path, scores: Sequence[Values], force: bool) -> None:
    from aecodec.imaging.plots import rate_distortion_figure

    curves = defaultdict[str, list[tuple[float, float]]](list)
    for score in scores:
        if score["psnr"]:
            curves[score["codec"]].append((score["bpp"], score["psnr"]))
    write_bytes(path, rate_distortion_figure(curves), force)


def _csv(rows: Sequence[Values]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _json_lines(rows: Sequence[Values]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _parquet(rows: Sequence[Values]) -> bytes:
    return parquet_content(arrow("--pictures").Table.from_pylist(list(rows)))


_WRITERS = {".csv": _csv, ".jsonl": _json_lines, ".parquet": _parquet}
"""Functions that make the content of `--pictures`, by its suffix."""


def _table(scores: Sequence[Values]) -> Iterator[str]:
    rows = [_row(score) for score in scores]
    lines: list[Iterable[str]] = [rows[0], *(row.values() for row in rows)]
    return (" ".join(f"{cell:>11}" for cell in cells) for cells in lines)


def _row(score: Values) -> dict[str, str]:
    """Cells of the table, by the names of the columns."""
    row = {
        "codec": score["codec"],
        "level": f"{score['level']:g}",
        "bytes": f"{score['bytes']:.2f}",
        "bpp": f"{score['bpp']:.4f}",
        "ratio": f"{score['ratio']:.1f}x",
        "MSE": f"{score['mse']:.2f}",
        "PSNR": "inf dB" if score["psnr"] is None else f"{score['psnr']:.2f} dB",
        "MS-SSIM": "nan" if score["ms_ssim"] is None else f"{score['ms_ssim']:.4f}",
        "SSIMULACRA2": f"{score['ssimulacra2'] or 0:.2f}",
        "compress": f"{score['compress_ms']:.1f} ms",
        "decompress": f"{score['decompress_ms']:.1f} ms",
    }
    if score["ssimulacra2"] is None:
        del row["SSIMULACRA2"]
    return row
