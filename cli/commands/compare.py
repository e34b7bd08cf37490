"""`aecodec compare`: draw a picture next to its reconstruction or next to another picture."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from aecodec.cli.batch.run import run_all
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import IMAGES, STANDARD
from aecodec.cli.shared.file_io import check_overwriting, check_suffix, read_bytes, write_bytes
from aecodec.cli.shared.jobs import Job, check_not_sources, plan, result_beside
from aecodec.cli.shared.pictures import picture_in, reading_for
from aecodec.codec.codec import Codec
from aecodec.codec.registry import AUTO, codec_for, codec_of_file, load_codec, with_workers
from aecodec.errors import UsageError, errors_about
from aecodec.evaluation.report import compare as compare_restored
from aecodec.evaluation.report import compare_pictures
from aecodec.format.container import MAGIC
from aecodec.format.limits import Limits
from aecodec.image_files.options import ReadOptions
from aecodec.image_files.reading import origin_of
from aecodec.imaging.picture import Picture
from aecodec.imaging.plots import Comparison, comparison_figure
from aecodec.parallel import Workers


def compare(
    image: Annotated[
        Path,
        typer.Argument(
            metavar="IMAGE", readable=False, help="An image or .aec file, or - for standard input."
        ),
    ],
    second_image: Annotated[
        Path | None,
        typer.Argument(
            metavar="[OTHER]",
            readable=False,
            help="An image or .aec file with the same size. Default: IMAGE, compressed and "
            "decompressed.",
        ),
    ] = None,
    out: options.Out = None,
    codec: options.CodecOrAuto = AUTO,
    level: options.LevelNumber = None,
    max_pixels: options.MaxPixels = None,
    max_frames: options.MaxFrames = None,
    rgb: options.Rgb = None,
    nodata: options.Nodata = None,
    bands_first: options.BandsFirst = False,
    array: options.SamplesArray = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> None:
    """Draw original, reconstruction and difference side by side, with bytes and PSNR.

    Without -o, the figure of digit.png is digit_compared.png in the same folder. Pictures are
    drawn at full size. Small pictures are enlarged, and very large pictures are cropped to their
    centre.

    For a codec with bands, the figure shows three bands as RGB or one in colours, and the largest
    error of all bands at each pixel with a scale. PSNR is relative to the range of the samples.
    """
    if second_image and level is not None:
        raise UsageError("--level cannot be used with OTHER: no picture is compressed")
    if second_image == image == STANDARD:
        raise UsageError("IMAGE and OTHER cannot both be standard input: give a file for one")
    rename = partial(result_beside, ending="_compared", suffix=".png")
    jobs = plan([image], out, rename, IMAGES)
    check_not_sources([jobs[0].target], filter(None, [second_image]))
    check_suffix(jobs[0].target, ".png", "")
    console = Console(quiet, to_stderr=jobs[0].target == STANDARD)
    named_codec = None if codec == AUTO else load_codec(codec)
    reading = reading_for(
        named_codec, ReadOptions(), nodata=nodata, bands_first=bands_first, array=array, rgb=rgb
    )
    limits = Limits(max_pixels, max_frames)
    comparison = _PictureComparison(second_image, named_codec, level, limits, force, reading, rgb)
    run_all(console, jobs, comparison.draw)


@dataclass(frozen=True)
class _PictureComparison:
    """The options of `aecodec compare`."""

    second_image: Path | None
    codec: Codec | None
    level: float | None
    limits: Limits
    force: bool
    reading: ReadOptions
    rgb: str | None

    def draw(self, job: Job, console: Console, workers: Workers) -> None:
        """Compare one picture."""
        check_overwriting(job.target, self.force)
        comparison = self._comparison(job.source, console, workers)
        write_bytes(job.target, comparison_figure([comparison]), self.force)
        names = " and ".join(map(name_of, filter(None, [job.source, self.second_image])))
        console.result(f"{names} -> {job.target}: {comparison.caption}")

    def _comparison(self, path: Path, console: Console, workers: Workers) -> Comparison:
        original, _ = self._read(path, console, workers)
        if self.second_image is None:
            picture = replace(original, origin=origin_of(path))
            codec = with_workers(self.codec or codec_for(picture), workers)
            return compare_restored(codec, picture, self.level, self.rgb)
        with errors_about(name_of(self.second_image)):
            second, size = self._read(self.second_image, console, workers)
        return compare_pictures(original, second, size, self.rgb)

    def _read(self, path: Path, console: Console, workers: Workers) -> tuple[Picture, int]:
        """Read an image or decode an .aec file; also return the size of the file in bytes."""
        content = read_bytes(path)
        if not content.startswith(MAGIC):
            return picture_in(io.BytesIO(content), path, console, self.reading), len(content)
        if self.second_image is None:
            raise UsageError("an .aec file needs its original: aecodec compare PICTURE FILE.aec")
        codec = with_workers(self.codec or codec_of_file(content), workers)
        return codec.decoder.decompress_picture(content, self.limits), len(content)
