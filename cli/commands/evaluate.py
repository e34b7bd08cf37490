"""`aecodec evaluate`: measure a codec on a data set."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console
from aecodec.cli.shared.file_io import check_is_png, check_overwriting, write_bytes
from aecodec.cli.shared.jobs import check_not_sources
from aecodec.cli.shared.pictures import open_pictures, report_unread
from aecodec.codec.codec import Codec
from aecodec.codec.registry import load_codec

if TYPE_CHECKING:  # loaded only when needed
    from aecodec.datasets.evaluation_set import Dataset

Values = dict[str, Any]
"""Measurements of a level, by their names in JSON; None if not measured or not finite."""


def evaluate(
    codec: options.CodecArgument,
    data: options.DataArgument,
    levels: Annotated[
        list[float] | None,
        typer.Option(
            "-q", "--level", help="Level to measure. Repeat for several. Default: all levels."
        ),
    ] = None,
    array: options.ArrayName = None,
    limit: options.Limit = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", readable=False, help="Plot PSNR over bits per pixel to a PNG."
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
    """Measure the levels of a codec on a data set: bytes, bits per pixel, errors and time.

    Each picture is compressed to its own file. Bytes are the mean file size. The ratio is the size
    of raw pixels divided by the file size. PSNR is computed from the mean squared error of all
    pictures. Times are milliseconds per picture.
    """
    if plot:
        check_is_png(plot)
        check_not_sources([plot], [data])
        check_overwriting(plot, force)
    chosen, console = load_codec(codec), Console(quiet, as_json)
    with console.errors_as_json(data), console.warnings_about(data):
        dataset = open_pictures(data, array)
        numbers = levels or range(1, len(chosen.spec.levels) + 1)
        scores = [_score(chosen, dataset, level, limit, ssimulacra2, console) for level in numbers]
    if plot:
        _plot(plot, chosen, scores, force)
    for line in map(json.dumps, scores) if as_json else _table(scores):
        console.write(line, False)
    report_unread(dataset, console)


def _score(
    codec: Codec,
    dataset: Dataset,
    level: float,
    limit: int | None,
    ssimulacra2: bool,
    console: Console,
) -> Values:
    from aecodec.evaluation import evaluate as evaluation

    count = min(len(dataset), limit or len(dataset))
    samples = console.progress(islice(dataset, limit), count, f"level {level:g}")
    return evaluation.evaluate(codec, samples, level, ssimulacra2=ssimulacra2)


def _plot(path: Path, codec: Codec, scores: Sequence[Values], force: bool) -> None:
    from aecodec.imaging.plots import rate_distortion_figure

    points = [(score["bpp"], score["psnr"]) for score in scores if score["psnr"]]
    write_bytes(path, rate_distortion_figure({codec.spec.name: points}), force)


def _table(scores: Sequence[Values]) -> Iterator[str]:
    rows = [_row(score) for score in scores]
    lines: list[Iterable[str]] = [rows[0], *(row.values() for row in rows)]
    return (" ".join(f"{cell:>11}" for cell in cells) for cells in lines)


def _row(score: Values) -> dict[str, str]:
    """Cells of the table, by the names of the columns."""
    row = {
        "level": f"{score['level']}",
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
