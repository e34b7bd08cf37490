"""The options of `aecodec compress` and `aecodec stack`, and compression with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from aecodec.base.errors import UsageError
from aecodec.base.parallel import Workers
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.file_io import check_overwriting, write_bytes
from aecodec.cli.shared.jobs import Job
from aecodec.cli.shared.pictures import read_picture
from aecodec.codec.codec import Codec
from aecodec.codec.registry import AUTO, codec_for, codec_named, with_workers
from aecodec.codec.target import MaxErrorOfBands, Target
from aecodec.evaluation.comparison import compare_file
from aecodec.image_files.options import Frames, ReadOptions
from aecodec.imaging.picture import Picture
from aecodec.metrics import check_ssimulacra2


@dataclass(frozen=True, kw_only=True)
class CodingOptions:
    """The options of the commands that make `.aec` files of pictures."""

    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT...", help="Images, folders of images, or - for standard input."
        ),
    ]
    out: options.Out = None
    codec: options.CodecOrAuto = AUTO
    metadata: Annotated[
        bool | None,
        typer.Option(
            "--metadata/--no-metadata",
            help="Keep EXIF data (including GPS), XMP data and the ICC profile. Default: yes, "
            "except with --max-bytes or if the picture fits into one tile of the codec.",
        ),
    ] = None
    frames: options.WhichFrames = Frames.FIRST
    max_pixels: options.MaxPixels = None
    force: options.Force = False
    level: Annotated[
        float | None,
        options.quality(
            "-q",
            "--level",
            help="Level of the codec; 1 gives the smallest file. photo also accepts "
            "fractions such as 2.5.",
        ),
    ] = None
    max_bytes: Annotated[
        int | None,
        options.quality(metavar="N", min=1, help="Make the best file with at most N bytes."),
    ] = None
    min_psnr: Annotated[
        float | None,
        options.quality(metavar="DB", help="Make the smallest file with at least this PSNR."),
    ] = None
    min_ssimulacra2: Annotated[
        float | None,
        options.quality(
            metavar="SCORE",
            help="Make the smallest file with at least this SSIMULACRA2 score: 30 is low quality, "
            "70 high.",
        ),
    ] = None
    max_error: Annotated[
        list[str] | None,
        options.quality(
            metavar="E",
            help="Largest error of a sample, such as 4, 0.5% or 0.5sqrt. B02=4,B03=8 sets a "
            "limit per band, and 16,4,0 adds refinements.",
        ),
    ] = None
    lossless: Annotated[bool, options.quality("--lossless", help="Same as --max-error 0.")] = False
    depth: options.Depth = None

    def compression(self) -> Compression:
        """How to compress the pictures; UsageError if options contradict each other."""
        texts = [*(self.max_error or []), *(["0"] if self.lossless else [])]
        errors = [error for text in texts for error in _errors_of(text)]
        target = Target(
            self.level, self.max_bytes, self.min_psnr, self.min_ssimulacra2, errors or None
        )
        if self.min_ssimulacra2 is not None:
            check_ssimulacra2()
        codec = codec_named(self.codec, target)
        target = target.for_codec(codec.spec) if codec else target
        reading = ReadOptions(self.depth, self.max_pixels, self.frames)
        return Compression(codec, target, self.metadata, reading, self.force)


def _errors_of(text: str) -> list[MaxErrorOfBands]:
    """The maximum errors of an option; commas separate refinements, or the errors of bands."""
    if "=" not in text:
        return list(text.split(","))
    pairs = [part.rpartition("=") for part in text.split(",")]
    errors: dict[str, float | str] = {name.strip(): error for name, _, error in pairs}
    if "" in errors or len(errors) < len(pairs):
        raise UsageError(
            f"--max-error {text}: name each band once, as in B02=4,B03=8; for several "
            "refinements, repeat the option"
        )
    return [errors]


class Compression(NamedTuple):
    codec: Codec | None
    target: Target
    metadata: bool | None
    reading: ReadOptions
    force: bool

    def compress_file(self, job: Job, console: Console, workers: Workers) -> None:
        check_overwriting(job.target, self.force)
        picture, size = read_picture(job.source, console, self.reading)
        self.write(name_of(job), picture, size, job.target, console, workers)

    def write(
        self,
        name: str,
        picture: Picture,
        source_size: int,
        target: Path,
        console: Console,
        workers: Workers,
    ) -> None:
        codec = with_workers(self.codec or codec_for(picture), workers)
        with console.warnings_about(name):
            compressed = codec.compress_picture(picture, self.target, metadata=self.metadata)
            measured = compare_file(codec, picture, compressed, source_size)
        write_bytes(target, compressed.data, self.force)
        width, height = picture.size
        console.result(
            f"{name} -> {target}: {measured.as_text()}",
            {"source": name, "file": str(target), "width": width, "height": height}
            | measured.as_json(),
        )
