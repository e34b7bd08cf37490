"""`aecodec compress`: images to .aec files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Optional

import typer

from aecodec.cli.shared.console import Console, errors_about, name_of
from aecodec.cli.shared.files import check_overwriting, write_bytes
from aecodec.cli.shared.jobs import (
    STANDARD,
    Job,
    check_not_sources,
    expand,
    folder_beside,
    is_folder,
    plan,
)
from aecodec.cli.shared.options import (
    CodecOrAuto,
    Depth,
    Force,
    Json,
    LevelNumber,
    MaxPixels,
    Out,
    Quiet,
    WhichFrames,
)
from aecodec.cli.shared.pictures import read_picture
from aecodec.codec.codec import Codec
from aecodec.codec.encoded_picture import Compressed
from aecodec.codec.registry import AUTO, codec_chooser, load_codec
from aecodec.errors import UsageError
from aecodec.evaluation.report import report
from aecodec.image_files.formats import has_image_suffix
from aecodec.image_files.options import Frames, ReadOptions
from aecodec.imaging.picture import Picture, stack

Compress = Callable[[Codec, Picture], Compressed]


def compress(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT...", help="Images, folders of images, or - for standard input."
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
    stacked: Annotated[
        bool, typer.Option("--stack", help="Put images of one size into one file.")
    ] = False,
    metadata: Annotated[
        Optional[bool],  # noqa: UP045
        typer.Option(
            "--metadata/--no-metadata",
            help="Keep ICC profile, EXIF (including GPS) and XMP. Default: kept, except for "
            "pictures of one tile, such as digits, and with --max-bytes.",
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
    if [level, max_bytes, min_psnr].count(None) < 2:
        raise UsageError("--level, --max-bytes and --min-psnr: give one of them")
    if codec != AUTO:
        load_codec(codec).spec.check_level(level)

    def compressed(chosen: Codec, picture: Picture) -> Compressed:
        return chosen.compress_picture(
            picture, level=level, max_bytes=max_bytes, min_psnr=min_psnr, metadata=metadata
        )

    console = Console(quiet, as_json, to_stderr=out == "-" or STANDARD in inputs)
    options = ReadOptions(depth, max_pixels, frames)
    run = _Run(console, codec_chooser(codec), compressed, options, skip_larger, force)
    if stacked:
        run.compress_stack(inputs, _stack_target(inputs, out))
    else:
        try:
            console.run_all(plan(inputs, out, _rename, has_image_suffix), run.compress_one)
        finally:
            run.name_left_alone()


@dataclass(frozen=True)
class _Run:
    """One call of the command."""

    console: Console
    codec_of: Callable[[Picture], Codec]
    compress: Compress
    options: ReadOptions
    skip_larger: bool
    force: bool
    left_alone: list[str] = field(default_factory=list)

    def compress_one(self, job: Job) -> None:
        check_overwriting(job.target, self.force)
        picture, size = read_picture(job.source, self.console, self.options)
        self._write(name_of(job), picture, size, job.target)

    def compress_stack(self, inputs: Sequence[Path], target: Path) -> None:
        sources = expand(inputs, has_image_suffix)
        check_not_sources([target], sources)
        check_overwriting(target, self.force)
        read = []
        for source in sources:
            with errors_about(name_of(source)):
                read.append(read_picture(source, self.console, self.options))
        stacked = stack([picture for picture, _ in read])
        self._write(f"{len(read)} pictures", stacked, sum(size for _, size in read), target)

    def _write(self, name: str, picture: Picture, source_size: int, target: Path) -> None:
        codec = self.codec_of(picture)
        with self.console.warnings_about(name):
            compressed = self.compress(codec, picture)
            if self.skip_larger and len(compressed.data) > source_size:
                self._leave_alone(name, len(compressed.data), source_size)
                return
            measured = report(codec, picture, compressed, source_size)
        write_bytes(target, compressed.data)
        self.console.result(
            f"{name} -> {target}: {measured.as_text()}",
            {"source": name, "file": str(target), **measured.as_json()},
        )

    def name_left_alone(self) -> None:
        """Count and name the pictures of which no file was made, if they are several."""
        if len(self.left_alone) > 1:
            names = ", ".join(self.left_alone)
            self.console.note(f"{len(self.left_alone)} left alone: {names}")

    def _leave_alone(self, name: str, size: int, source_size: int) -> None:
        self.left_alone.append(name)
        self.console.result(
            f"{name}: left alone, as {size} bytes would be larger than its {source_size}",
            {"source": name, "file": None, "bytes": size, "source_bytes": source_size},
        )


def _rename(path: Path) -> Path:
    """Name of the result: digit.png to digit.aec, the folder scans to scans_aec."""
    return folder_beside(path, "_aec") if path.is_dir() else path.with_suffix(".aec")


def _stack_target(inputs: list[Path], out: str | None) -> Path:
    if out is None:
        if len(inputs) == 1 and inputs[0].is_dir():
            return folder_beside(inputs[0], ".aec")
        raise UsageError("--stack needs -o, the name of the one file that it makes")
    if is_folder(out):
        raise UsageError(f"--stack makes one file, and {out} is a folder: name a file with -o")
    return Path(out)
