"""`aecodec decompress`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aecodec import images, registry
from aecodec.cli import files, talk
from aecodec.cli.options import CodecName, Force, Json, Out, Quiet
from aecodec.errors import FormatError, UsageError
from aecodec.images import Picture


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
    becomes scans_aec_decompressed. With -o, the name's ending chooses the image format. A file
    that holds several pictures becomes a folder of them. A codec that ships is found by the id in
    the file; for any other give its folder with --codec.
    """
    given = registry.load_codec(codec) if codec else None
    to_stderr = out == "-" or files.STANDARD in inputs

    def decompress_one(job: files.Job) -> None:
        data = files.read_bytes(job.source, FormatError)
        picture = (given or registry.codec_of(data)).decoder.decompress(data)
        with talk.warnings_about(talk.name_of(job), quiet):
            written = _write(picture, job.target, force)
        width, height = picture.size
        many = f"{picture.frames} pictures of " if picture.frames > 1 else ""
        talk.result(
            f"{talk.name_of(job)} -> {written}: {many}{width}x{height} {picture.mode.name}",
            {
                "source": str(job.source),
                "file": str(written),
                "width": width,
                "height": height,
                "mode": picture.mode.name,
                "frames": picture.frames,
            },
            as_json,
            quiet,
            to_stderr,
        )

    talk.run_all(files.plan(inputs, out, _rename, files.is_aec), decompress_one, quiet)


def _rename(path: Path) -> Path:
    """digit.aec to digit_decompressed.png; the folder scans to scans_decompressed."""
    if path.is_dir():
        return files.folder_beside(path, "_decompressed")
    return path.with_name(f"{path.stem}_decompressed.png")


def _write(picture: Picture, target: Path, force: bool) -> Path:
    """Write one image, or a folder of several; return what was written."""
    if picture.frames == 1:
        files.refuse_overwriting(target, force)
        files.write_bytes(target, images.encode(images.to_pil(picture)[0], _suffix(target)))
        return target
    if target == files.STANDARD:
        raise UsageError("standard output takes one picture, and the file holds several: use -o")
    folder = target.with_suffix("") if target.suffix else target
    files.refuse_overwriting(folder, force)
    digits, suffix = len(str(picture.frames)), _suffix(target)
    encoded = [images.encode(image, suffix) for image in images.to_pil(picture)]
    files.write_folder(folder, {f"{n:0{digits}}{suffix}": e for n, e in enumerate(encoded, 1)})
    return folder


def _suffix(target: Path) -> str:
    return ".png" if target == files.STANDARD or not target.suffix else target.suffix.lower()
