"""`aecodec compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aecodec import registry
from aecodec.cli import files, talk
from aecodec.cli.options import CodecOrAuto, Force, LevelNumber, Out, Quiet
from aecodec.cli.pictures import read_picture
from aecodec.figures import comparison_figure
from aecodec.report import compare as compare_pictures


def compare(
    image: Annotated[
        Path, typer.Argument(metavar="IMAGE", help="An image, or - for standard input.")
    ],
    out: Out = None,
    codec: CodecOrAuto = registry.AUTO,
    level: LevelNumber = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Draw original, reconstructed and difference side by side, with bytes and PSNR.

    Without -o, digit.png becomes digit_compared.png beside it. Needs matplotlib.
    """
    codec_of = registry.chooser(codec)

    def draw(job: files.Job) -> None:
        files.refuse_overwriting(job.target, force)
        picture, _ = read_picture(job.source, quiet)
        comparison = compare_pictures(codec_of(picture), picture, level)
        files.write_bytes(job.target, comparison_figure([comparison]))
        to_stderr = job.target == files.STANDARD
        text = f"{talk.name_of(job)} -> {job.target}: {comparison.caption}"
        talk.result(text, {}, as_json=False, quiet=quiet, to_stderr=to_stderr)

    talk.run_all(files.plan([image], out, _rename, lambda _: False), draw, quiet)


def _rename(path: Path) -> Path:
    return path.with_name(f"{path.stem}_compared.png")
