"""`aecodec compress`: images to .aec files."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from aecodec.cli.batch.compression import Compression, Stack
from aecodec.cli.batch.run import BatchOptions, run_all
from aecodec.cli.shared import bare, options
from aecodec.cli.shared.console import Console
from aecodec.cli.shared.discovery import IMAGES, IMAGES_AND_SAMPLES, STANDARD, is_folder_at
from aecodec.cli.shared.jobs import check_folder_name, folder_beside, is_folder, plan
from aecodec.cli.shared.pictures import reading_for
from aecodec.codec.registry import AUTO, codec_named
from aecodec.codec.target import MaxErrorOfBands, Target
from aecodec.errors import UsageError
from aecodec.image_files.options import Frames, ReadOptions
from aecodec.metrics import check_ssimulacra2


def compress(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT...",
            help="Images, folders of images, or - for standard input.",
        ),
    ],
    out: options.Out = None,
    codec: options.CodecOrAuto = AUTO,
    level: options.LevelNumber = None,
    max_bytes: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Make the best file with at most N bytes."),
    ] = None,
    min_psnr: Annotated[
        float | None,
        typer.Option(metavar="DB", help="Make the smallest file with at least this PSNR."),
    ] = None,
    min_ssimulacra2: Annotated[
        float | None,
        typer.Option(
            metavar="SCORE",
            help="Make the smallest file with at least this SSIMULACRA2 score: 30 is low quality, "
            "50 medium, 70 high. Needs the extra 'perceptual'.",
        ),
    ] = None,
    max_error: Annotated[
        list[str] | None,
        typer.Option(
            metavar="E",
            help="Make the smallest file in which no sample differs by more than E from its "
            "original: a number, a percentage of the range of the picture's samples, such as 0.5%, "
            "or a factor of the original's square root, such as 0.5sqrt. B02=4,B03=0.5% gives an "
            "error for each band, by its name or number. Several values, such as 16,4,0, or "
            "several options make refinements that aecodec trim can remove.",
        ),
    ] = None,
    lossless: Annotated[
        bool, typer.Option("--lossless", help="The same as --max-error 0.")
    ] = False,
    is_stack: Annotated[
        bool, typer.Option("--stack", help="Put images with the same size into one file.")
    ] = False,
    metadata: Annotated[
        bool | None,
        typer.Option(
            "--metadata/--no-metadata",
            help="Store the ICC profile, EXIF (including GPS) and XMP, and the names of stacked "
            "pictures. Default: stored, except for pictures with a single tile, such as digits, "
            "and with --max-bytes or --bare. --max-error also stores profiles that change the "
            "colours.",
        ),
    ] = None,
    depth: options.Depth = None,
    max_pixels: options.MaxPixels = None,
    frames: options.WhichFrames = Frames.FIRST,
    nodata: options.Nodata = None,
    bands_first: options.BandsFirst = False,
    array: options.SamplesArray = None,
    is_bare: bare.Bare = False,
    checksum: bare.Checksum = False,
    text: bare.Text = None,
    jobs: options.Jobs = None,
    skip_existing: options.SkipExisting = False,
    force: options.Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Compress images to .aec files.

    Without -o, digit.png becomes digit.aec in the same folder, and the folder scans becomes
    scans_aec. For each file, the command prints the size in bytes, how many times smaller it is
    than the source file and than raw pixels, the bits per pixel, and the PSNR of the decoded
    picture; with --max-error, also the largest error of a sample.

    Codecs with a fixed tile size, such as digits, cut larger pictures into tiles. With
    --max-bytes, --min-psnr or --min-ssimulacra2, a picture may be coded with fewer pixels; decoding
    restores its size. A quality that no level reaches is reached by a maximum error.

    With --max-error or --lossless, no codec is needed: all types and numbers of bands are accepted.
    If you name a codec, the file has level 1, if that makes it smaller, unless you give --level.

    With --bare, photo.jpg becomes photo.bin, or photo.txt with --text. --max-bytes then counts the
    bytes of the payload, before they become a text, and metadata is stored only with --metadata.
    """
    texts = [*(max_error or []), *(["0"] if lossless else [])]
    errors = [error for text in texts for error in _errors_of(text)]
    target = Target(level, max_bytes, min_psnr, min_ssimulacra2, errors or None)
    if min_ssimulacra2 is not None:
        check_ssimulacra2()
    options.check_skipping(skip_existing, force)
    named_codec = codec_named(codec, target)
    if named_codec:
        target = target.for_codec(named_codec.spec)
    console = Console(quiet, as_json, to_stderr=out == "-" or STANDARD in inputs)
    reading = reading_for(
        named_codec,
        ReadOptions(depth, max_pixels, frames),
        nodata=nodata,
        bands_first=bands_first,
        array=array,
    )
    has_samples = reading.bands or nodata is not None or bands_first or array
    is_of_pictures = is_stack or depth is not None
    if has_samples and is_of_pictures:
        raise UsageError(
            "codecs with bands keep all depths and frames: leave out --depth and --stack"
        )
    if is_of_pictures:
        reading = replace(reading, bands=None)
    kind = IMAGES if reading.bands is None else IMAGES_AND_SAMPLES
    form = bare.form_of(is_bare, checksum, text)
    if form:
        target, metadata = form.target(target), bool(metadata)
    suffix = form.suffix if form else ".aec"
    work = Compression(named_codec, target, metadata, reading, force, form)
    batch = BatchOptions(jobs, skip_existing)
    if is_stack:
        stack = [Stack(inputs, _stack_target(inputs, out, suffix))]
        run_all(console, stack, work.compress_stack, batch)
    else:
        check_folder_name(inputs, out)
        planned = plan(inputs, out, partial(_rename, suffix=suffix), kind)
        run_all(console, planned, work.compress_file, batch)


def _errors_of(text: str) -> list[MaxErrorOfBands]:
    """The maximum errors of an option; commas separate refinements, or the errors of bands."""
    if "=" not in text:
        return list(text.split(","))
    pairs = [part.rpartition("=") for part in text.split(",")]
    errors: dict[str, float | str] = {name.strip(): error for name, _, error in pairs}
    if "" in errors or len(errors) < len(pairs):
        raise UsageError(
            f"--max-error {text}: name each band once, such as B02=4,B03=8; for several "
            "refinements, repeat the option"
        )
    return [errors]


def _rename(path: Path, suffix: str) -> Path:
    """Path of the result: digit.png becomes digit.aec, and the folder scans becomes scans_aec."""
    if is_folder_at(path):
        return folder_beside(path, suffix.replace(".", "_"))
    return path.with_suffix(suffix)


def _stack_target(inputs: list[Path], out: str | None, suffix: str) -> Path:
    if out is None:
        if len(inputs) == 1 and is_folder_at(inputs[0]):
            return folder_beside(inputs[0], suffix)
        raise UsageError("--stack needs -o, the name of the file that it writes")
    if is_folder(out):
        raise UsageError(f"--stack makes one file, but {out} is a folder: name a file with -o")
    return Path(out)
