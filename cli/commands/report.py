"""`aecodec report`: make a page that compares pictures before and after compression."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console
from aecodec.cli.shared.discovery import STANDARD, is_folder_at, real_path
from aecodec.cli.shared.file_io import check_overwriting, check_suffix, write_bytes
from aecodec.cli.shared.jobs import check_not_sources, folder_beside, is_folder
from aecodec.cli.shared.pictures import first_samples, open_pictures, reading_for, report_unread
from aecodec.codec.registry import load_codec
from aecodec.errors import UsageError

if TYPE_CHECKING:  # loaded only when needed
    from aecodec.web.report import Report


def report(
    codec: options.CodecArgument,
    data: options.DataArgument,
    out: options.OutFile = None,
    level: options.LevelNumber = None,
    array: options.ArrayName = None,
    limit: options.Limit = None,
    shown: Annotated[int, typer.Option(metavar="N", min=1, help="Show the N worst pictures.")] = 24,
    lossless: Annotated[
        bool,
        typer.Option(
            "--lossless",
            help="Also embed large pictures exactly. The page becomes four times as large.",
        ),
    ] = False,
    rgb: options.Rgb = None,
    nodata: options.Nodata = None,
    bands_first: options.BandsFirst = False,
    force: options.Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Make a page that compares pictures with their reconstructions and with other formats.

    Without -o, the report of the folder scans is scans_report.html next to it. The page is that of
    aecodec web with the results inside: a single file that loads nothing from the network. For
    each of the worst pictures, it shows the original and the reconstruction with a slider, and
    WebP, JPEG XL and AVIF files of the same size, with bytes, PSNR and MS-SSIM. AVIF appears with
    its defaults, and tuned for PSNR and for SSIMULACRA2. aecodec evaluate measures all levels.

    For a codec with bands, it shows three bands as RGB or one in colours, and the errors of the
    samples.

    A photograph with 400,000 pixels takes 20 seconds. JPEG XL needs pip install 'aecodec[report]'.
    """
    from aecodec.web.report import ReportOptions, make_report

    target = _target(data, out)
    check_not_sources([target], [data])
    check_overwriting(target, force)
    loaded_codec = load_codec(codec)
    loaded_codec.spec.check_level(level)
    reading = reading_for(loaded_codec, nodata=nodata, bands_first=bands_first, rgb=rgb)
    console = Console(quiet, as_json, to_stderr=target == STANDARD)
    with console.errors_as_json(data), console.warnings_about(data):
        dataset = open_pictures(data, array, reading)
        showing = ReportOptions(level, shown, lossless, rgb)
        content = make_report(loaded_codec, first_samples(dataset, limit, console), showing)
    _write(content, data, target, force, console)
    report_unread(dataset, console)


def _target(data: Path, out: str | None) -> Path:
    """Path of the page; a UsageError if it is a folder or has another suffix."""
    if out is None:
        return folder_beside(data if is_folder_at(data) else data.with_suffix(""), "_report.html")
    if is_folder(out):
        raise UsageError(f"report makes one file, but {out} is a folder: name a file with -o")
    check_suffix(Path(out), ".html", ".htm", "")
    return Path(out)


def _write(content: Report, data: Path, target: Path, force: bool, console: Console) -> None:
    page = content.page(real_path(data).name)
    write_bytes(target, page, force)
    for sentence in content.missing:
        console.note(sentence)
    console.result(
        f"{data} -> {target}: {len(content.pictures)} of {content.measured} pictures shown, "
        f"{len(page)} bytes",
        {
            "source": str(data),
            "file": str(target),
            "pictures": content.measured,
            "shown": len(content.pictures),
            "bytes": len(page),
            "missing": content.missing,
        },
    )
