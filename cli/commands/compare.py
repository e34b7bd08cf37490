"""`aecodec compare`: draw a picture next to its reconstruction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from aecodec.cli.batch.run import run_all
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import IMAGES, STANDARD
from aecodec.cli.shared.file_io import check_overwriting, check_suffix, write_bytes
from aecodec.cli.shared.jobs import Job, plan, result_beside
from aecodec.cli.shared.pictures import read_picture, reading_for
from aecodec.codec.codec import Codec
from aecodec.codec.registry import AUTO, codec_for, load_codec, with_workers
from aecodec.evaluation.comparison import compare_picture
from aecodec.image_files.options import ReadOptions
from aecodec.imaging.plots import comparison_figure
from aecodec.parallel import Workers


def compare(
    image: Annotated[
        Path,
        typer.Argument(metavar="IMAGE", readable=False, help="An image, or - for standard input."),
    ],
    out: options.Out = None,
    codec: options.CodecOrAuto = AUTO,
    level: options.LevelNumber = None,
    max_pixels: options.MaxPixels = None,
    rgb: options.Rgb = None,
    nodata: options.Nodata = None,
    bands_first: options.BandsFirst = False,
    array: options.SamplesArray = None,
    force: options.Force = False,
) -> None:
    """Draw original, reconstruction and difference side by side, with bytes and PSNR.

    Without -o, the figure of digit.png is digit_compared.png in the same folder. Pictures are
    drawn at full size. Small pictures are enlarged, and very large pictures are cropped to their
    centre.

    For a codec with bands, the figure shows three bands as RGB or one in colours, and the largest
    error of all bands at each pixel with a scale. PSNR is relative to the range of the samples.
    """
    rename = partial(result_beside, ending="_compared", suffix=".png")
    jobs = plan([image], out, rename, IMAGES)
    check_suffix(jobs[0].target, ".png", "")
    console = Console(to_stderr=jobs[0].target == STANDARD)
    named_codec = None if codec == AUTO else load_codec(codec)
    basis = ReadOptions(max_pixels=max_pixels)
    reading = reading_for(
        named_codec, basis, nodata=nodata, bands_first=bands_first, array=array, rgb=rgb
    )
    comparison = _PictureComparison(named_codec, level, force, reading, rgb)
    run_all(console, jobs, comparison.draw)


@dataclass(frozen=True)
class _PictureComparison:
    """The options of `aecodec compare`."""

    codec: Codec | None
    level: float | None
    force: bool
    reading: ReadOptions
    rgb: str | None

    def draw(self, job: Job, console: Console, workers: Workers) -> None:
        """Compare one picture."""
        check_overwriting(job.target, self.force)
        picture, _ = read_picture(job.source, console, self.reading)
        codec = with_workers(self.codec or codec_for(picture), workers)
        comparison = compare_picture(codec, picture, self.level, self.rgb)
        write_bytes(job.target, comparison_figure([comparison]), self.force)
        console.result(f"{name_of(job)} -> {job.target}: {comparison.caption}")
