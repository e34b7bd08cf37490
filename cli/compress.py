"""`aecodec compress`."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Annotated

import typer
from aecodec.cli import files, talk
from aecodec.cli.options import CodecName, Force, Json, LevelNumber, Out, Quiet

from aecodec import codec as codecs
from aecodec import images
from aecodec.errors import ImageError, UsageError
from aecodec.images import Picture
from aecodec.report import report

_UNFAMILIAR = (
    "the picture is unlike those that codec {name} was trained on, and is reproduced poorly: "
    "train a codec on pictures of its kind (aecodec train), or use a general format"
)


def compress(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT...", help="Images, folders of images, or - for standard input."
        ),
    ],
    out: Out = None,
    codec: CodecName = None,
    level: LevelNumber = None,
    stack: Annotated[
        bool, typer.Option("--stack", help="Put images of one size into one file.")
    ] = False,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compress images to .aec files.

    Without -o, digit.png becomes digit.aec beside it, and the folder scans becomes scans_aec.
    Prints the bytes, how many times smaller they are than the source file and than raw pixels,
    the bits a pixel, and the PSNR of what the file decodes to. A picture larger than the
    codec's tile is cut into tiles.
    """
    chosen = codecs.load_codec(codec or codecs.DEFAULT_CODEC)
    codecs.level_of(chosen.spec, level)

    def finish(picture: Picture, source_size: int, job: files.Job) -> None:
        data = chosen.compress(picture, level)
        measured = report(chosen, picture, data, source_size)
        files.write_bytes(job.target, data)
        if not (measured.is_familiar or quiet):
            typer.echo(
                f"warning: {talk.name_of(job)}: {_UNFAMILIAR.format(name=chosen.spec.name)}",
                err=True,
            )
        talk.result(
            f"{talk.name_of(job)} -> {job.target}: {measured.as_text()}",
            {"source": str(job.source), "file": str(job.target), **measured.as_json()},
            as_json,
            quiet,
            to_stderr=job.target == files.STANDARD,
        )

    def compress_one(job: files.Job) -> None:
        files.refuse_overwriting(job.target, force)
        picture, size = _read(job.source, quiet)
        finish(picture, size, job)

    def compress_stack(job: files.Job) -> None:
        files.refuse_overwriting(job.target, force)
        read = [_read(path, quiet) for path in _sources(inputs)]
        finish(images.stack([picture for picture, _ in read]), sum(s for _, s in read), job)

    if stack:
        talk.run_all([_stack_job(inputs, out)], compress_stack, quiet)
    else:
        talk.run_all(files.plan(inputs, out, _rename, _is_image), compress_one, quiet)


def _rename(path: Path) -> Path:
    """digit.png to digit.aec; the folder scans to scans_aec."""
    return (
        path.with_name(f"{path.resolve().name}_aec") if path.is_dir() else path.with_suffix(".aec")
    )


@cache
def _image_suffixes() -> frozenset[str]:
    from PIL import Image

    return frozenset(Image.registered_extensions())


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in _image_suffixes()


def _read(path: Path, quiet: bool) -> tuple[Picture, int]:
    """A picture, and the size of the file that it came from."""
    content = files.read_bytes(path, ImageError)
    with talk.warnings_about(path, quiet):
        return images.read(io.BytesIO(content)), len(content)


def _sources(inputs: list[Path]) -> list[Path]:
    return [
        path
        for given in inputs
        for path in (files.files_in(given, _is_image) if given.is_dir() else [given])
    ]


def _stack_job(inputs: list[Path], out: str | None) -> files.Job:
    if out is None and not (len(inputs) == 1 and inputs[0].is_dir()):
        raise UsageError("--stack needs -o, the name of the one file that it makes")
    if out is None:
        return files.Job(inputs[0], inputs[0].with_name(f"{inputs[0].resolve().name}.aec"))
    if files.is_folder(out):
        raise UsageError(f"--stack makes one file, and {out} is a folder: name a file with -o")
    return files.Job(inputs[0], Path(out))
