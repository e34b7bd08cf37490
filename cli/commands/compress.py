"""`aecodec compress`: images to .aec files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from aecodec.cli.batch.run import BatchOptions, run_all
from aecodec.cli.commands.compression import Compression, Stack
from aecodec.cli.shared.console import Console
from aecodec.cli.shared.found import IMAGES, STANDARD, expand, is_folder_at
from aecodec.cli.shared.jobs import check_folder_name, folder_beside, is_folder, plan
from aecodec.cli.shared.options import (
    CodecOrAuto,
    Depth,
    Force,
    Jobs,
    Json,
    LevelNumber,
    ManifestFile,
    MaxPixels,
    Out,
    Quiet,
    Scheduler,
    SkipExisting,
    WhichFrames,
    check_skipping,
)
from aecodec.codec.registry import AUTO, load_codec
from aecodec.errors import UsageError
from aecodec.image_files.options import Frames, ReadOptions
from aecodec.metrics import check_ssimulacra2
from aecodec.urls import path_or_url


def compress(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT...",
            parser=path_or_url,
            help="Images, folders of images, or - for standard input.",
        ),
    ],
    out: Out = None,
    codec: CodecOrAuto = AUTO,
    level: LevelNumber = None,
    max_bytes: Annotated[
        Optional[int],  # noqa: UP045 - Typer on Python 3.10 reads this form
        typer.Option("--max-bytes", min=1, help="Make the best file of at most this many bytes."),
    ] = None,
    min_psnr: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            "--min-psnr", metavar="DB", help="Make the smallest file of at least this PSNR."
        ),
    ] = None,
    min_ssimulacra2: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            "--min-ssimulacra2",
            metavar="SCORE",
            help="Make the smallest file of at least this score by SSIMULACRA2: 30 is low quality, "
            "50 medium, 70 high. Needs the extra 'perceptual'.",
        ),
    ] = None,
    is_stack: Annotated[
        bool, typer.Option("--stack", help="Put images of one size into one file.")
    ] = False,
    pack: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            "--stacks-of",
            min=1,
            metavar="N",
            help="Put every N images into one file for each size among them, in the folder -o; "
            "the manifest tells which is where. For small pictures, such as digits.",
        ),
    ] = None,
    metadata: Annotated[
        Optional[bool],  # noqa: UP045
        typer.Option(
            "--metadata/--no-metadata",
            help="Keep ICC profile, EXIF (including GPS) and XMP, and the names in a stack. "
            "Default: kept, except for pictures of one tile, such as digits, and with --max-bytes.",
        ),
    ] = None,
    depth: Depth = None,
    max_pixels: MaxPixels = None,
    frames: WhichFrames = Frames.FIRST,
    skip_larger: Annotated[
        bool,
        typer.Option(
            "--skip-larger", help="Make no .aec file where it would be larger than its source."
        ),
    ] = False,
    jobs: Jobs = None,
    skip_existing: SkipExisting = False,
    manifest: ManifestFile = None,
    scheduler: Scheduler = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compress images to .aec files.

    Without -o, digit.png becomes digit.aec beside it, and the folder scans becomes scans_aec.
    Prints the bytes, how many times smaller they are than the source file and than raw pixels,
    the bits per pixel, and the PSNR of what the file decodes to. With a codec of one tile size,
    such as digits, a larger picture is cut into tiles. With --max-bytes a picture may be coded at
    fewer pixels; it is decoded to its own size.
    """
    sought = (level, max_bytes, min_psnr, min_ssimulacra2)
    if sought.count(None) < 3:
        raise UsageError("--level, --max-bytes, --min-psnr and --min-ssimulacra2: give one of them")
    if min_ssimulacra2 is not None:
        check_ssimulacra2()
    check_skipping(skip_existing, force, scheduler)
    given = None if codec == AUTO else load_codec(codec)
    if given:
        given.spec.check_level(level)
    console = Console(quiet, as_json, to_stderr=out == "-" or STANDARD in inputs)
    options = ReadOptions(depth, max_pixels, frames)
    work = Compression(given, *sought, metadata, options, skip_larger, force)
    batch = BatchOptions(jobs, skip_existing, manifest, scheduler)
    if is_stack:
        stack = [Stack(inputs, _stack_target(inputs, out))]
        run_all(console, stack, work.compress_stack, batch)
    elif pack:
        from aecodec.cli.batch.packs import packs_of

        _check_packing(out, manifest, frames)
        if skip_existing or skip_larger:
            raise UsageError("--stacks-of takes all pictures: give --force, and no --skip option")
        packs = packs_of(expand(inputs, IMAGES), pack, path_or_url(out or ""))
        run_all(console, packs, work.compress_pack, batch)
    else:
        check_folder_name(inputs, out)
        planned = plan(inputs, out, _rename, IMAGES)
        run_all(console, planned, work.compress_one, batch)


def _rename(path: Path) -> Path:
    """Name of the result: digit.png to digit.aec, the folder scans to scans_aec."""
    return folder_beside(path, "_aec") if is_folder_at(path) else path.with_suffix(".aec")


def _check_packing(out: str | None, manifest: Path | None, frames: Frames) -> None:
    """Check that pictures can be found again in the files of packs.

    Raises:
        UsageError: they could not.
    """
    if out is None or out == "-":
        raise UsageError("--stacks-of needs -o, the folder of the files that it makes")
    if manifest is None:
        raise UsageError("--stacks-of needs --manifest, which tells where each picture is")
    if frames is not Frames.FIRST:
        raise UsageError("--stacks-of takes one picture of each file: leave out --frames")


def _stack_target(inputs: list[Path], out: str | None) -> Path:
    if out is None:
        if len(inputs) == 1 and is_folder_at(inputs[0]):
            return folder_beside(inputs[0], ".aec")
        raise UsageError("--stack needs -o, the name of the one file that it makes")
    if is_folder(out):
        raise UsageError(f"--stack makes one file, and {out} is a folder: name a file with -o")
    return path_or_url(out)
