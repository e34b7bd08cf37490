"""`aecodec evaluate`: measure codecs and image formats on a data set."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from aecodec.cli.batch.manifest_file import arrow, parquet_content
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console
from aecodec.cli.shared.discovery import in_unicode
from aecodec.cli.shared.file_io import check_is_png, check_overwriting, write_bytes
from aecodec.cli.shared.jobs import check_not_sources
from aecodec.cli.shared.pictures import open_pictures, reading_for, report_unread
from aecodec.codec.codec import Codec
from aecodec.codec.registry import load_codec
from aecodec.errors import AecodecError, UsageError
from aecodec.imaging.plots import comparison_figure, rate_distortion_figure, stacked
from aecodec.urls import path_or_url

Values = dict[str, Any]
"""Measurements of a level or a picture, by their names in JSON; None if not measured or finite."""

if TYPE_CHECKING:  # loaded only when needed
    from aecodec.datasets.evaluation_set import Dataset, Sample
    from aecodec.evaluation.evaluate import Coder
    from aecodec.evaluation.formats import BandFormat, PillowFormat

    Measure = Callable[[Coder, Iterable[Sample]], Iterable[Values]]

Format = TypeVar("Format", "PillowFormat", "BandFormat")


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
            "commas. jxl needs the extra 'report'. For codecs with bands: j2k or jxl, a file per "
            "band without missing samples; they need the extra 'science'.",
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="Plot PSNR over bits per pixel to a PNG. For codecs with bands, the figure also "
            "shows the first picture at the first level.",
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
    peak: Annotated[
        float | None,
        typer.Option(
            metavar="VALUE",
            help="For codecs with bands: the range of the samples for PSNR. Default: for each "
            "picture, the difference of the 0.1 and 99.9 percentiles of its samples in all bands.",
        ),
    ] = None,
    rgb: options.Rgb = None,
    nodata: options.Nodata = None,
    bands_first: options.BandsFirst = False,
    force: options.Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Measure the levels of codecs on a data set: bytes, bits per pixel, errors and time.

    Each picture is compressed to its own file. Bytes are the mean file size. The ratio is the size
    of raw pixels divided by the file size. PSNR is computed from the mean squared error of all
    pictures. Times are milliseconds per picture. Files in the formats of --against
    contain neither alpha nor metadata.

    For codecs with bands, the table has bits per sample, the root mean squared error (RMSE), the
    maximum error and PSNR over all bands, the mean angle between the spectra of original and
    restored pixels in degrees, and then RMSE and maximum error of each band. Missing samples do not
    count in errors.
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
    loaded = [load_codec(name) for name in codecs]
    _check_bands(loaded)
    reading = reading_for(loaded[0], nodata=nodata, bands_first=bands_first, rgb=rgb, peak=peak)
    coders = [*_codecs(loaded, levels), *_formats(against, reading.bands)]
    with console.errors_as_json(data), console.warnings_about(data):
        dataset = open_pictures(data, array, reading)
        measures = _measures(reading.bands, ssimulacra2, peak)
        rows, scores = _measured(coders, dataset, limit, *measures, console)
        figures = [_curves(scores)] if plot else []
        if plot and reading.bands:
            figures.append(_first_picture(dataset, loaded[0], coders[0].level, rgb, peak))
    if plot:
        write_bytes(plot, stacked(figures), force)
    if pictures:
        write_bytes(pictures, _WRITERS[pictures.suffix](rows), force)
    for line in map(json.dumps, scores) if as_json else _table(scores):
        console.write(line, False)
    report_unread(dataset, console)


def _check_outputs(paths: Sequence[Path], data: Path, force: bool) -> None:
    check_not_sources(paths, [data])
    for path in paths:
        check_overwriting(path, force)


def _check_bands(codecs: Sequence[Codec]) -> None:
    """Check that codecs have the same number of bands, or none."""
    counts = {codec.spec.bands.count if codec.spec.bands else None for codec in codecs}
    if len(counts) > 1:
        kinds = " and ".join("no" if count is None else str(count) for count in counts)
        raise UsageError(f"the codecs have {kinds} bands: compare codecs for the same pictures")


def _codecs(codecs: Sequence[Codec], levels: Sequence[float] | None) -> list[Coder]:
    from aecodec.evaluation.evaluate import codec_coder

    return [
        codec_coder(codec, level)
        for codec in codecs
        for level in levels or range(1, len(codec.spec.levels) + 1)
    ]


def _formats(against: str | None, bands: int | None) -> list[Coder]:
    if not against:
        return []
    from aecodec.evaluation.bands import band_format_coder
    from aecodec.evaluation.evaluate import format_coder
    from aecodec.evaluation.formats import AVIF, BAND_FORMATS, JPEG_XL, WEBP

    names = [name.strip().lower() for name in against.split(",")]
    if bands is None:
        formats = [_format(name, {"webp": WEBP, "jxl": JPEG_XL, "avif": AVIF}) for name in names]
        return [
            format_coder(format_, quality) for format_ in formats for quality in format_.qualities
        ]
    of_bands = [_format(name, BAND_FORMATS) for name in names]
    return [band_format_coder(format_, q) for format_ in of_bands for q in format_.qualities]


def _format(name: str, formats: Mapping[str, Format]) -> Format:
    """The format with a name of `--against`.

    Raises UsageError if there is no such format, and AecodecError if the package that writes it is
    not installed.
    """
    if name not in formats:
        raise UsageError(f"--against {name}: the formats are {', '.join(formats)}")
    if not formats[name].is_installed:
        raise AecodecError(f"--against {name}: run pip install '{formats[name].package}' first")
    return formats[name]


def _measures(
    bands: int | None, ssimulacra2: bool, peak: float | None
) -> tuple[Measure, Callable[[Sequence[Values]], Values]]:
    """Functions that measure pictures, and average their measurements."""
    from aecodec.evaluation.bands import mean_of_bands, measure_bands
    from aecodec.evaluation.evaluate import mean_values, measure_samples

    if bands is None:
        return partial(measure_samples, ssimulacra2=ssimulacra2), mean_values
    return partial(measure_bands, peak=peak), mean_of_bands


def _measured(
    coders: Sequence[Coder],
    dataset: Dataset,
    limit: int | None,
    measure: Measure,
    average: Callable[[Sequence[Values]], Values],
    console: Console,
) -> tuple[list[Values], list[Values]]:
    """The measurements of every picture, and their means for every coder."""
    count = min(len(dataset), limit or len(dataset))
    rows, scores = list[Values](), list[Values]()
    for coder in coders:
        title = f"{coder.name} {coder.level:g}"
        samples = console.progress(islice(dataset, limit), count, title)
        measured = list(measure(coder, samples))
        scores.append(average(measured))
        rows += [row | {"name": in_unicode(row["name"])} for row in measured]
    return rows, scores


def _first_picture(
    dataset: Dataset, codec: Codec, level: float, rgb: str | None, peak: float | None
) -> bytes:
    """A figure of the first picture of a data set with bands."""
    from aecodec.evaluation.report import compare

    picture = next(iter(dataset)).picture
    return comparison_figure([compare(codec, picture, level, rgb, peak)])


def _curves(scores: Sequence[Values]) -> bytes:
    """A figure of the rate-distortion curves."""
    rate = "bits_per_sample" if "bits_per_sample" in scores[0] else "bpp"
    curves = defaultdict[str, list[tuple[float, float]]](list)
    for score in scores:
        if score["psnr"]:
            curves[score["codec"]].append((score[rate], score["psnr"]))
    unit = "bits per pixel" if rate == "bpp" else "bits per sample"
    return rate_distortion_figure(curves, unit)


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
    if "bits_per_sample" not in scores[0]:
        return _lines([_row_of_images(score) for score in scores])
    table = _lines([_row_of_bands(score) for score in scores])
    return chain(table, [""], _lines([_errors_of_bands(score) for score in scores]))


def _lines(rows: Sequence[dict[str, str]]) -> Iterator[str]:
    lines: list[Iterable[str]] = [rows[0], *(row.values() for row in rows)]
    return (" ".join(f"{cell:>11}" for cell in cells) for cells in lines)


def _row_of_bands(score: Values) -> dict[str, str]:
    """Cells of the table for pictures with bands, by the names of the columns."""
    rate = {"bits/sample": f"{score['bits_per_sample']:.4f}"}
    rmse = f"{math.sqrt(score['mse']):.5g}"
    errors = {"RMSE": rmse, "max. error": f"{score['max_error']:.5g}"}
    angle = score["spectral_angle"]
    return _row(score, rate, errors, {} if angle is None else {"angle": f"{angle:.3f}"})


def _errors_of_bands(score: Values) -> dict[str, str]:
    """Cells of the table with RMSE and maximum error of each band."""
    bands = [name.removeprefix("rmse_") for name in score if name.startswith("rmse_")]
    return _names(score) | {
        f"band {band}": f"{score[f'rmse_{band}']:.4g}/{score[f'max_error_{band}']:.4g}"
        for band in bands
    }


def _row_of_images(score: Values) -> dict[str, str]:
    """Cells of the table for images, by the names of the columns."""
    rate, errors = {"bpp": f"{score['bpp']:.4f}"}, {"MSE": f"{score['mse']:.2f}"}
    ms_ssim, ssimulacra2 = score["ms_ssim"], score["ssimulacra2"]
    likeness = {"MS-SSIM": "nan" if ms_ssim is None else f"{ms_ssim:.4f}"}
    likeness |= {} if ssimulacra2 is None else {"SSIMULACRA2": f"{ssimulacra2:.2f}"}
    return _row(score, rate, errors, likeness)


def _row(
    score: Values, rate: dict[str, str], errors: dict[str, str], likeness: dict[str, str]
) -> dict[str, str]:
    """Cells of a table, with those that only this kind of pictures has."""
    return {
        **_names(score),
        "bytes": f"{score['bytes']:.2f}",
        **rate,
        "ratio": f"{score['ratio']:.1f}x",
        **errors,
        "PSNR": "inf dB" if score["psnr"] is None else f"{score['psnr']:.2f} dB",
        **likeness,
        "compress": f"{score['compress_ms']:.1f} ms",
        "decompress": f"{score['decompress_ms']:.1f} ms",
    }


def _names(score: Values) -> dict[str, str]:
    return {"codec": score["codec"], "level": f"{score['level']:g}"}
