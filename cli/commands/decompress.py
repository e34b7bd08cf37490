"""`aecodec decompress`: .aec files to images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.endings import Endings, ImageFormat
from aecodec.cli.shared.files import (
    check_overwriting,
    read_bytes,
    restore_time,
    write_bytes,
    write_folder,
)
from aecodec.cli.shared.jobs import STANDARD, Job, is_aec, plan
from aecodec.cli.shared.options import CodecName, Force, Json, Out, Quiet
from aecodec.codec.registry import codec_of_file, load_codec
from aecodec.errors import FormatError, UsageError
from aecodec.image_files.formats import NEEDS_QUALITY, format_of
from aecodec.image_files.writing import encode_frames
from aecodec.imaging.picture import Picture


def decompress(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT...", help=".aec files, folders of them, or - for standard input."
        ),
    ],
    out: Out = None,
    wanted: Annotated[
        Optional[ImageFormat],  # noqa: UP045 - Typer on Python 3.10 reads this form
        typer.Option("--format", help="Image format of the results."),
    ] = None,
    quality: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            "--quality",
            min=1,
            max=100,
            help="Quality of the formats that lose something; without it, WebP is written without "
            "loss, and the others are not written.",
        ),
    ] = None,
    codec: CodecName = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Decompress .aec files to images.

    Without -o, digit.aec becomes digit_decompressed.png beside it, and the folder scans_aec
    becomes scans_aec_decompressed. In a folder, files get back the ending of what they were made
    of, unless its format loses something: without --quality they become PNG. They get back its
    time, too, if they keep it. With -o, the suffix of the name chooses the image format. A file
    that holds several pictures becomes a folder of them. A codec that ships is found by the id in
    the file; for any other give its folder with --codec.
    """
    endings = Endings(inputs, wanted, quality)
    endings.check(out)
    given = load_codec(codec) if codec else None
    console = Console(quiet, as_json, to_stderr=out == "-" or STANDARD in inputs)

    def decompress_one(job: Job) -> None:
        data = read_bytes(job.source, FormatError)
        picture = (given or codec_of_file(data)).decoder.decode(data)
        with console.warnings_about(name_of(job)):
            written = _write(picture, job.target, endings, force)
        _report(console, job, written, picture)

    console.run_all(plan(inputs, out, endings.rename, is_aec), decompress_one)


def _report(console: Console, job: Job, written: Path, picture: Picture) -> None:
    width, height = picture.size
    many = f"{picture.frames} pictures of " if picture.frames > 1 else ""
    console.result(
        f"{name_of(job)} -> {written}: {many}{width}x{height} {picture.mode.name}"
        f"{_former(picture, written)}",
        {
            "source": str(job.source),
            "file": str(written),
            "width": width,
            "height": height,
            "mode": picture.mode.name,
            "frames": picture.frames,
            "source_suffix": picture.origin.suffix if picture.origin else None,
        },
    )


def _former(picture: Picture, written: Path) -> str:
    """What to do for the former ending of a file that has another one now."""
    former = picture.origin.suffix if picture.origin else written.suffix
    is_lossy = format_of(former) in NEEDS_QUALITY and written.suffix == ".png"
    return f", was {former} (--quality N restores that)" if is_lossy else ""


def _write(picture: Picture, target: Path, endings: Endings, force: bool) -> Path:
    """Write one image, or a folder of several, with the time of the source; return the path."""
    if picture.frames > 1:
        return _write_folder(picture, target, endings, force)
    check_overwriting(target, force)
    write_bytes(target, encode_frames(picture, endings.of(target), endings.quality)[0])
    restore_time(target, picture.origin)
    return target


def _write_folder(picture: Picture, target: Path, endings: Endings, force: bool) -> Path:
    if target == STANDARD:
        raise UsageError("standard output takes one picture, and the file holds several: use -o")
    folder = target.with_suffix("") if target.suffix else target
    check_overwriting(folder, force)
    digits, suffix = len(str(picture.frames)), endings.of(target).lower()
    encoded = encode_frames(picture, suffix, endings.quality)
    names = [f"{number:0{digits}}{suffix}" for number in range(1, len(encoded) + 1)]
    write_folder(folder, dict(zip(names, encoded, strict=True)))
    for name in names:
        restore_time(folder / name, picture.origin)
    return folder
