"""`aecodec compress`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from aecodec import images, registry
from aecodec.cli import files, talk
from aecodec.cli.options import CodecOrAuto, Force, Json, LevelNumber, Out, Quiet
from aecodec.cli.pictures import read_picture
from aecodec.codec import Codec
from aecodec.encoding import Compressed
from aecodec.errors import UsageError
from aecodec.images import Picture
from aecodec.report import report

_UNFAMILIAR = (
    "the picture is unlike those that codec {name} was trained on, and is reproduced poorly: "
    "name another codec (--codec), or train one on pictures of its kind (aecodec train)"
)


def compress(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT...", help="Images, folders of images, or - for standard input."
        ),
    ],
    out: Out = None,
    codec: CodecOrAuto = registry.AUTO,
    level: LevelNumber = None,
    most: Annotated[
        Optional[int],  # noqa: UP045 - Typer on Python 3.10 reads this form
        typer.Option("--max-bytes", min=1, help="The best file of at most so many bytes."),
    ] = None,
    least: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option("--min-psnr", metavar="DB", help="The smallest file of such quality."),
    ] = None,
    stack: Annotated[
        bool, typer.Option("--stack", help="Put images of one size into one file.")
    ] = False,
    metadata: Annotated[
        Optional[bool],  # noqa: UP045
        typer.Option(
            "--metadata/--no-metadata",
            help="Keep ICC profile, EXIF (GPS included) and XMP. Default: kept, but for pictures "
            "of one tile, such as digits, and with --max-bytes.",
        ),
    ] = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compress images to .aec files.

    Without -o, digit.png becomes digit.aec beside it, and the folder scans becomes scans_aec.
    Prints the bytes, how many times smaller they are than the source file and than raw pixels,
    the bits a pixel, and the PSNR of what the file decodes to. By a codec of one tile size, such
    as digits, a larger picture is cut into tiles. For --max-bytes a picture may be coded at fewer
    pixels; it is decoded to its own size.
    """
    given = None if codec == registry.AUTO else registry.load_codec(codec)
    if given:
        given.spec.level(level)  # or there is none
    codec_of = registry.chooser(given)
    if [level, most, least].count(None) < 2:
        raise UsageError("--level, --max-bytes and --min-psnr: give one of them")
    to_stderr = out == "-" or files.STANDARD in inputs

    def compressed(chosen: Codec, picture: Picture) -> Compressed:
        if most is not None or least is not None:
            return _controlled(chosen, picture, most, least, metadata)
        chosen.spec.level(level)  # or there is none
        header = chosen.encoder.header(picture, metadata)
        return chosen.encoder.encode(picture, header).compressed(level)

    def finish(name: str, picture: Picture, source_size: int, target: Path) -> None:
        chosen = codec_of(picture)
        file = compressed(chosen, picture)
        measured = report(chosen, picture, file, source_size)
        files.write_bytes(target, file.data)
        if not (measured.is_familiar or quiet):
            typer.echo(f"warning: {name}: {_UNFAMILIAR.format(name=chosen.spec.name)}", err=True)
        talk.result(
            f"{name} -> {target}: {measured.as_text()}",
            {"source": name, "file": str(target), **measured.as_json()},
            as_json,
            quiet,
            to_stderr,
        )

    def compress_one(job: files.Job) -> None:
        files.refuse_overwriting(job.target, force)
        picture, size = read_picture(job.source, quiet)
        finish(talk.name_of(job), picture, size, job.target)

    def compress_stack() -> None:
        sources, target = files.expanded(inputs, images.has_image_name), _stack_target(inputs, out)
        files.refuse_own_sources([target], sources)
        files.refuse_overwriting(target, force)
        read = []
        for source in sources:
            with talk.errors_about(talk.name_of(source)):
                read.append(read_picture(source, quiet))
        stacked = images.stack([picture for picture, _ in read])
        finish(f"{len(read)} pictures", stacked, sum(size for _, size in read), target)

    if stack:
        compress_stack()
    else:
        talk.run_all(files.plan(inputs, out, _rename, images.has_image_name), compress_one, quiet)


def _controlled(
    codec: Codec, picture: Picture, most: int | None, least: float | None, metadata: bool | None
) -> Compressed:
    from aecodec import rate_control  # no need at a level that is given

    if most is not None:
        return rate_control.within_bytes(codec, picture, most, metadata)
    assert least is not None
    return rate_control.with_psnr(codec, picture, least, metadata)


def _rename(path: Path) -> Path:
    """digit.png to digit.aec; the folder scans to scans_aec."""
    return files.folder_beside(path, "_aec") if path.is_dir() else path.with_suffix(".aec")


def _stack_target(inputs: list[Path], out: str | None) -> Path:
    if out is None:
        if len(inputs) == 1 and inputs[0].is_dir():
            return files.folder_beside(inputs[0], ".aec")
        raise UsageError("--stack needs -o, the name of the one file that it makes")
    if files.is_folder(out):
        raise UsageError(f"--stack makes one file, and {out} is a folder: name a file with -o")
    return Path(out)
