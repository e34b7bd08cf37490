"""`aecodec evaluate`: measure codecs and image formats on a data set."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aecodec.base.errors import AecodecError, UsageError
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console
from aecodec.cli.shared.pictures import open_pictures, reading_for, report_unread
from aecodec.codec.codec import Codec
from aecodec.codec.registry import load_codec

Values = dict[str, Any]
"""Measurements of a level or a picture, by their names in JSON; None if not measured or finite."""

if TYPE_CHECKING:  # loaded only when needed
    from aecodec.evaluation.evaluate import Coder


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions:
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="CODEC... DATA",
            help="Built-in codecs or codec files, then a folder of images, an image, or an .npz "
            "or .npy file.",
        ),
    ]
    levels: Annotated[
        list[float] | None,
        typer.Option(
            "-q", "--level", help="Level to measure; repeat for more levels. Default: all levels."
        ),
    ] = None
    limit: options.Limit = None
    against: Annotated[
        str | None,
        typer.Option(
            metavar="FORMATS",
            help="Also measure image formats, such as jpeg,webp,jxl,avif. jxl needs the extra "
            "'jxl'.",
        ),
    ] = None
    ssimulacra2: Annotated[
        bool,
        typer.Option(
            "--ssimulacra2", help="Also measure SSIMULACRA2. Needs the extra 'perceptual'."
        ),
    ] = False
    as_json: options.Json = False
    array: options.SamplesArray = None
    nodata: options.Nodata = None
    bands_first: options.BandsFirst = False

    @property
    def data(self) -> Path:
        return Path(self.names[-1])

    def check(self) -> None:
        if len(self.names) == 1:
            raise UsageError(
                f"name at least one codec and then the data set, not only {self.names[0]}"
            )


@options.takes(EvaluateOptions)
def evaluate(chosen: EvaluateOptions) -> None:
    """Measure codecs on a data set, level by level: file size, bits per pixel, errors and time.

    The command compresses each picture to its own file. The column "bytes" shows the mean file
    size, and "ratio" the size of raw pixels divided by the file size. PSNR is computed from the
    mean squared error of all pictures. For codecs with bands, a second table shows the RMSE and
    maximum error of each band.
    """
    chosen.check()
    console, data = Console(as_json=chosen.as_json), chosen.data
    codecs = [load_codec(name) for name in chosen.names[:-1]]
    _check_bands(codecs)
    reading = reading_for(codecs[0], nodata=chosen.nodata, bands_first=chosen.bands_first)
    from aecodec.codec.distortion import band_errors
    from aecodec.evaluation.evaluate import measure, pixel_errors

    by_pixels = partial(pixel_errors, ssimulacra2=chosen.ssimulacra2)
    errors_of = by_pixels if reading.bands is None else band_errors
    coders = [*_codecs(codecs, chosen.levels), *_formats(chosen.against, reading.bands)]
    with console.errors_as_json(data), console.warnings_about(data):
        dataset = open_pictures(data, chosen.array, reading)
        count = min(len(dataset), chosen.limit or len(dataset))
        scores = []
        for coder in coders:
            title = f"{coder.name} {coder.level:g}"
            pictures = console.progress(islice(dataset, count), count, title)
            scores.append(measure(coder, pictures, errors_of))
    for line in map(json.dumps, scores) if chosen.as_json else _table(scores):
        console.write(line, False)
    report_unread(dataset, console)


def _check_bands(codecs: Sequence[Codec]) -> None:
    """Check that all codecs have levels, and all have equally many bands or all have none."""
    for codec in codecs:
        codec.spec.check_level(None)
    counts = {codec.spec.band_count for codec in codecs}
    if len(counts) > 1:
        kinds = ", ".join("none" if count is None else str(count) for count in counts)
        raise UsageError(f"the codecs have different bands ({kinds}): evaluate them separately")


def _codecs(codecs: Sequence[Codec], levels: Sequence[float] | None) -> list[Coder]:
    from aecodec.evaluation.evaluate import codec_coder

    return [
        codec_coder(codec, level)
        for codec in codecs
        for level in levels or range(1, len(codec.spec.levels) + 1)
    ]


def _formats(against: str | None, bands: int | None) -> list[Coder]:
    """Image formats at all qualities; UsageError or AecodecError if one is not available."""
    if not against:
        return []
    if bands is not None:
        raise UsageError("--against works only for codecs without bands: leave out --against")
    from aecodec.evaluation.evaluate import format_coder
    from aecodec.evaluation.formats import AVIF, JPEG, JPEG_XL, WEBP

    formats = {"jpeg": JPEG, "webp": WEBP, "jxl": JPEG_XL, "avif": AVIF}
    names = [name.strip().lower() for name in against.split(",")]
    for name in names:
        if name not in formats:
            raise UsageError(f"--against {name}: unknown format; use any of {', '.join(formats)}")
        if not formats[name].is_installed:
            package = formats[name].package
            raise AecodecError(f"--against {name} needs a package: run pip install '{package}'")
    return [format_coder(formats[n], quality) for n in names for quality in formats[n].qualities]


_COLUMNS = {
    "codec": ("codec", "{}"),
    "level": ("level", "{:g}"),
    "bytes": ("bytes", "{:.2f}"),
    "bits/sample": ("bits_per_sample", "{:.4f}"),
    "bpp": ("bpp", "{:.4f}"),
    "ratio": ("ratio", "{:.1f}x"),
    "RMSE": ("rmse", "{:.5g}"),
    "max. error": ("max_error", "{:.5g}"),
    "MSE": ("mse", "{:.2f}"),
    "PSNR": ("psnr", "{:.2f} dB"),
    "MS-SSIM": ("ms_ssim", "{:.4f}"),
    "SSIMULACRA2": ("ssimulacra2", "{:.2f}"),
    "compress": ("compress_ms", "{:.1f} ms"),
    "decompress": ("decompress_ms", "{:.1f} ms"),
}
"""The measurements in columns of the table, with their formats. Unknown ones have no column."""


def _table(scores: Sequence[Values]) -> Iterator[str]:
    table = table_lines([_row(score) for score in scores])
    if "bits_per_sample" not in scores[0]:
        return table
    return chain(table, [""], table_lines([_errors_of_bands(score) for score in scores]))


def table_lines(rows: Sequence[dict[str, str]]) -> Iterator[str]:
    """Lines of a table whose rows have the same columns."""
    lines: list[Iterable[str]] = [rows[0], *(row.values() for row in rows)]
    return (" ".join(f"{cell:>11}" for cell in cells) for cells in lines)


def _row(score: Values) -> dict[str, str]:
    values = {"psnr": math.inf} | {k: v for k, v in score.items() if v is not None}
    if "bits_per_sample" in values:
        values["rmse"] = math.sqrt(values.pop("mse"))
    else:
        values.setdefault("ms_ssim", math.nan)
    cells = [(title, text, values.get(name)) for title, (name, text) in _COLUMNS.items()]
    return {title: text.format(value) for title, text, value in cells if value is not None}


def _errors_of_bands(score: Values) -> dict[str, str]:
    """Cells of the table with RMSE and maximum error of each band."""
    bands = [name.removeprefix("rmse_") for name in score if name.startswith("rmse_")]
    return {"codec": score["codec"], "level": f"{score['level']:g}"} | {
        f"band {band}": f"{score[f'rmse_{band}']:.4g}/{score[f'max_error_{band}']:.4g}"
        for band in bands
    }
