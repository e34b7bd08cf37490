"""`aecodec compare`: draw a picture beside what a codec keeps of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.files import check_overwriting, write_bytes
from aecodec.cli.shared.jobs import STANDARD, Job, plan
from aecodec.cli.shared.options import CodecOrAuto, Force, LevelNumber, Out, Quiet
from aecodec.cli.shared.pictures import read_picture
from aecodec.codec.registry import AUTO, codec_chooser
from aecodec.evaluation.report import compare as compare_pictures
from aecodec.imaging.plots import comparison_figure


def compare(
    image: Annotated[
        Path, typer.Argument(metavar="IMAGE", help="An image, or - for standard input.")
    ],
    out: Out = None,
    codec: CodecOrAuto = AUTO,
    level: LevelNumber = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Draw original, reconstruction and difference side by side, with bytes and PSNR.

    Without -o, digit.png becomes digit_compared.png beside it. Needs matplotlib.
    """
    codec_of = codec_chooser(codec)
    jobs = plan([image], out, _rename, lambda _: False)
    console = Console(quiet, to_stderr=jobs[0].target == STANDARD)

    def draw(job: Job) -> None:
        check_overwriting(job.target, force)
        picture, _ = read_picture(job.source, console)
        comparison = compare_pictures(codec_of(picture), picture, level)
        write_bytes(job.target, comparison_figure([comparison]))
        console.result(f"{name_of(job)} -> {job.target}: {comparison.caption}")

    console.run_all(jobs, draw)


def _rename(path: Path) -> Path:
    return path.with_name(f"{path.stem}_compared.png")
