"""`aecodec decompress`: .aec files to images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Optional

import typer

from aecodec.cli.batch.run import BatchOptions, run_all
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.endings import Endings, ImageFormat
from aecodec.cli.shared.files import (
    check_overwriting,
    read_bytes,
    restore_time,
    write_bytes,
    write_folder,
)
from aecodec.cli.shared.found import AEC_FILES, STANDARD
from aecodec.cli.shared.jobs import Job, named_folder, plan
from aecodec.cli.shared.options import (
    CodecName,
    Force,
    Jobs,
    Json,
    ManifestFile,
    MaxFrames,
    MaxPixels,
    Out,
    Quiet,
    Scheduler,
    SkipExisting,
    check_skipping,
)
from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_of_file, load_codec, with_workers
from aecodec.errors import UsageError
from aecodec.format import container
from aecodec.format.limits import Limits
from aecodec.image_files.formats import NEEDS_QUALITY, format_of
from aecodec.image_files.writing import encode_frames
from aecodec.imaging.picture import Picture
from aecodec.imaging.stacks import file_names, without_names
from aecodec.parallel import Workers
from aecodec.urls import path_or_url


def decompress(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT...",
            parser=path_or_url,
            help=".aec files, folders of them, or - for standard input.",
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
    max_pixels: MaxPixels = None,
    max_frames: MaxFrames = None,
    jobs: Jobs = None,
    skip_existing: SkipExisting = False,
    manifest: ManifestFile = None,
    scheduler: Scheduler = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Decompress .aec files to images.

    Without -o, digit.aec becomes digit_decompressed.png beside it, and the folder scans_aec
    becomes scans_aec_decompressed. In a folder, files get back the ending of what they were made
    of, unless its format loses something: without --quality they become PNG. They get back its
    time, too, if they keep it. With -o, the suffix of the name chooses the image format. A file
    that holds several pictures becomes a folder of them, with their former names if it has kept
    them; -o NAME names that folder, and -o NAME/ the one that it is made in. A codec that ships is
    found by the id in the file; for any other give its folder with --codec.
    """
    check_skipping(skip_existing, force, scheduler)
    endings = Endings(inputs, wanted, quality)
    endings.check(out)
    limits = Limits(max_pixels, max_frames)
    given, folder = load_codec(codec) if codec else None, named_folder(inputs, out)
    work = _Decompression(given, limits, endings, force, folder)
    console = Console(quiet, as_json, to_stderr=out == "-" or STANDARD in inputs)
    planned = plan(inputs, out, endings.rename, AEC_FILES)
    run_all(
        console,
        planned,
        work.decompress_one,
        BatchOptions(jobs, skip_existing, manifest, scheduler),
    )


@dataclass(frozen=True)
class _Decompression:
    """How files are decompressed; all but the last attribute are options of the command.

    Attributes:
        folder: what the one file becomes if it holds several pictures; None if nothing says so.
    """

    codec: Codec | None
    limits: Limits
    endings: Endings
    force: bool
    folder: Path | None

    def decompress_one(self, job: Job, console: Console, workers: Workers) -> None:
        """Decompress one file."""
        data = read_bytes(job.source)
        target = self._target(job, container.unpack(data)[0].frames)
        check_overwriting(target, self.force)
        codec = with_workers(self.codec or codec_of_file(data), workers)
        picture = codec.decoder.decode(data, self.limits)
        with console.warnings_about(name_of(job)):
            picture, files = self._encoded(picture, self.endings.of(job.target))
        self._write(files, target, picture)
        _report(console, job, target, picture, sum(map(len, files.values())))

    def _encoded(self, picture: Picture, suffix: str) -> tuple[Picture, dict[str, bytes]]:
        """The picture as it is written, and the content of each file that it becomes, by names."""
        picture, names = without_names(picture)
        encoded = encode_frames(picture, suffix, self.endings.quality)
        names = file_names(names, len(encoded), suffix.lower())
        return picture, dict(zip(names, encoded, strict=True))

    def _target(self, job: Job, frames: int) -> Path:
        """Where the result of a file goes: an image, or a folder of several."""
        if frames == 1:
            return job.target
        if job.target == STANDARD:
            raise UsageError(
                "standard output takes one picture, and the file holds several: use -o"
            )
        return self.folder or (job.target.with_suffix("") if job.target.suffix else job.target)

    def _write(self, files: dict[str, bytes], target: Path, picture: Picture) -> None:
        """Write one image, or a folder of several, with the time of the source."""
        if len(files) == 1:
            [content] = files.values()
            write_bytes(target, content, self.force)
            restore_time(target, picture.origin)
            return
        write_folder(target, files, self.force)
        for name in files:
            restore_time(target / name, picture.origin)


def _report(console: Console, job: Job, written: Path, picture: Picture, size: int) -> None:
    width, height = picture.size
    frames = f"{picture.frames} pictures of " if picture.frames > 1 else ""
    console.result(
        f"{name_of(job)} -> {written}: {frames}{width}x{height} {picture.mode.name}"
        f"{_former(picture, written)}",
        {
            "source": str(job.source),
            "file": str(written),
            "bytes": size,
            "width": width,
            "height": height,
            "mode": picture.mode.name,
            "frames": picture.frames,
            "source_suffix": picture.origin.suffix if picture.origin else None,
        },
    )


def _former(picture: Picture, written: Path) -> str:
    """How to restore the former ending of a file that has another one now."""
    former = picture.origin.suffix if picture.origin else written.suffix
    is_lossy = format_of(former) in NEEDS_QUALITY and written.suffix == ".png"
    return f", was {former} (--quality N restores that)" if is_lossy else ""
