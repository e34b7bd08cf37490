"""`aecodec decompress`: .aec files to images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.files import check_overwriting, read_bytes, write_bytes, write_folder
from aecodec.cli.shared.jobs import STANDARD, Job, folder_beside, is_aec, plan
from aecodec.cli.shared.options import CodecName, Force, Json, Out, Quiet
from aecodec.codec.registry import codec_of_file, load_codec
from aecodec.errors import FormatError, UsageError
from aecodec.imaging.picture import Picture
from aecodec.imaging.pillow_images import encode_image, to_pil


def decompress(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT...", help=".aec files, folders of them, or - for standard input."
        ),
    ],
    out: Out = None,
    codec: CodecName = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Decompress .aec files to images.

    Without -o, digit.aec becomes digit_decompressed.png beside it, and the folder scans_aec
    becomes scans_aec_decompressed. With -o, the suffix of the name chooses the image format. A file
    that holds several pictures becomes a folder of them. A codec that ships is found by the id in
    the file; for any other give its folder with --codec.
    """
    given = load_codec(codec) if codec else None
    console = Console(quiet, as_json, to_stderr=out == "-" or STANDARD in inputs)

    def decompress_one(job: Job) -> None:
        data = read_bytes(job.source, FormatError)
        picture = (given or codec_of_file(data)).decoder.decode(data)
        with console.warnings_about(name_of(job)):
            written = _write(picture, job.target, force)
        _report(console, job, written, picture)

    console.run_all(plan(inputs, out, _rename, is_aec), decompress_one)


def _report(console: Console, job: Job, written: Path, picture: Picture) -> None:
    width, height = picture.size
    many = f"{picture.frames} pictures of " if picture.frames > 1 else ""
    console.result(
        f"{name_of(job)} -> {written}: {many}{width}x{height} {picture.mode.name}",
        {
            "source": str(job.source),
            "file": str(written),
            "width": width,
            "height": height,
            "mode": picture.mode.name,
            "frames": picture.frames,
        },
    )


def _rename(path: Path) -> Path:
    """Name of the result: digit.aec to digit_decompressed.png, scans to scans_decompressed."""
    if path.is_dir():
        return folder_beside(path, "_decompressed")
    return path.with_name(f"{path.stem}_decompressed.png")


def _write(picture: Picture, target: Path, force: bool) -> Path:
    """Write one image, or a folder of several, and return the path."""
    if picture.frames == 1:
        check_overwriting(target, force)
        write_bytes(target, encode_image(to_pil(picture)[0], _suffix(target)))
        return target
    if target == STANDARD:
        raise UsageError("standard output takes one picture, and the file holds several: use -o")
    folder = target.with_suffix("") if target.suffix else target
    check_overwriting(folder, force)
    digits, suffix = len(str(picture.frames)), _suffix(target)
    encoded = [encode_image(image, suffix) for image in to_pil(picture)]
    write_folder(folder, {f"{n:0{digits}}{suffix}": e for n, e in enumerate(encoded, 1)})
    return folder


def _suffix(target: Path) -> str:
    return ".png" if target == STANDARD or not target.suffix else target.suffix.lower()
