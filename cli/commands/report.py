"""`aecodec report`: a page to look at, of pictures before and after a codec."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aecodec.cli.shared.console import Console
from aecodec.cli.shared.discovery import STANDARD, is_folder_at, real_path
from aecodec.cli.shared.file_io import check_overwriting, write_bytes
from aecodec.cli.shared.jobs import check_not_sources, folder_beside, is_folder
from aecodec.cli.shared.options import (
    ArrayName,
    CodecArgument,
    DataArgument,
    Force,
    Json,
    LevelNumber,
    Limit,
    Out,
    Quiet,
)
from aecodec.cli.shared.pictures import open_pictures, report_unread
from aecodec.codec.codec import Codec
from aecodec.codec.registry import load_codec
from aecodec.errors import UsageError
from aecodec.urls import path_or_url

if TYPE_CHECKING:  # which the other commands need not load
    from aecodec.datasets.evaluation_set import Dataset
    from aecodec.web.report import Report, ReportOptions


def report(
    codec: CodecArgument,
    data: DataArgument,
    out: Out = None,
    level: LevelNumber = None,
    array: ArrayName = None,
    limit: Limit = None,
    shown: Annotated[
        int,
        typer.Option("--shown", min=1, help="Show this many pictures, the worst ones."),
    ] = 24,
    curves: Annotated[
        bool,
        typer.Option(
            "--ssimulacra2",
            help="Draw curves of SSIMULACRA2 too, in a second for each 400,000 pixels and point.",
        ),
    ] = False,
    lossless: Annotated[
        bool,
        typer.Option(
            "--lossless", help="Show large pictures exactly too: the page is four times as large."
        ),
    ] = False,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a page to look at: pictures before and after a codec, beside WebP, JPEG XL and AVIF.

    Without -o, the folder scans becomes scans_report.html beside it. The page is one file that
    fetches nothing: original and decoded picture under a slider, their difference, files of other
    formats with the same number of bytes, bytes, PSNR, MS-SSIM and SSIMULACRA2, the worst pictures
    first; and rate-distortion curves of all levels. It takes 20 seconds for each photograph of
    400,000 pixels. JPEG XL and SSIMULACRA2 need pip install 'aecodec[report]'.
    """
    from aecodec.web.report import ReportOptions

    target = _target(data, out)
    check_not_sources([target], [data])
    check_overwriting(target, force)
    chosen = load_codec(codec)
    chosen.spec.check_level(level)
    console = Console(quiet, as_json, to_stderr=target == STANDARD)
    with console.errors_as_json(data), console.warnings_about(data):
        dataset = open_pictures(data, array)
        options = ReportOptions(level, shown, curves, lossless)
        measured = _measured(chosen, dataset, limit, options, console)
    _write(measured, data, target, force, console)
    report_unread(dataset, console)


def _target(data: Path, out: str | None) -> Path:
    """The page's file.

    Raises:
        UsageError: the name is that of a folder, or of a file of another kind.
    """
    if out is None:
        return folder_beside(data if is_folder_at(data) else data.with_suffix(""), "_report.html")
    if is_folder(out):
        raise UsageError(f"report makes one file, and {out} is a folder: name a file with -o")
    if Path(out).suffix.lower() not in ("", ".html", ".htm"):
        raise UsageError(f"{out}: a report is a page, so give a name that ends with .html")
    return path_or_url(out)


def _measured(
    codec: Codec, dataset: Dataset, limit: int | None, options: ReportOptions, console: Console
) -> Report:
    from aecodec.web.report import make_report

    count = min(len(dataset), limit or len(dataset))
    return make_report(
        codec, lambda title: console.progress(islice(dataset, limit), count, title), options
    )


def _write(measured: Report, data: Path, target: Path, force: bool, console: Console) -> None:
    page = measured.page(real_path(data).name)
    write_bytes(target, page, force)
    for sentence in measured.missing:
        console.note(sentence)
    console.result(
        f"{data} -> {target}: {len(measured.pictures)} of {measured.measured} pictures shown, "
        f"{len(page)} bytes",
        {
            "source": str(data),
            "file": str(target),
            "pictures": measured.measured,
            "shown": len(measured.pictures),
            "bytes": len(page),
            "missing": measured.missing,
        },
    )
