"""`aecodec evaluate`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from aecodec import registry
from aecodec.cli import files, talk
from aecodec.cli.options import Force, Json, Quiet
from aecodec.codec import Codec
from aecodec.errors import UsageError

if TYPE_CHECKING:  # what the other commands do not need, they do not load
    from aecodec.dataset import Dataset
    from aecodec.evaluation import LevelScore

_COLUMNS = ("level", "bytes", "bpp", "ratio", "MSE", "PSNR", "MS-SSIM", "compress", "decompress")


def evaluate(
    codec: Annotated[
        str, typer.Argument(metavar="CODEC", help="A codec that ships, or a codec folder.")
    ],
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="A folder of images, or an .npz or .npy array.")
    ],
    levels: Annotated[
        Optional[list[float]],  # noqa: UP045 - Typer on Python 3.10 reads this form
        typer.Option("-q", "--level", help="A level; may be given again. Default: all."),
    ] = None,
    array: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--array", metavar="NAME", help="Of an .npz file. Default: x_test."),
    ] = None,
    limit: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--limit", min=1, help="Only so many pictures, the first."),
    ] = None,
    plot: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--plot", metavar="FILE", help="Draw PSNR against bits a pixel, as PNG."),
    ] = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure a codec's levels on a data set: bytes, bits a pixel, errors, time.

    Every picture is compressed by itself. Bytes are those of whole files, the mean; the ratio is to
    raw pixels; PSNR is that of the mean squared error; times are milliseconds a picture.
    """
    from aecodec.dataset import open_dataset

    if plot:
        files.refuse_overwriting(plot, force)
    chosen = registry.load_codec(codec)
    if array and data.suffix != ".npz":
        raise UsageError(f"--array is for .npz files, and {data} is none")
    dataset = open_dataset(data, array)
    with talk.warnings_about(data, quiet):
        numbers = levels or range(1, len(chosen.spec.levels) + 1)
        scores = [_score(chosen, dataset, level, limit, quiet) for level in numbers]
    if plot:
        from aecodec.figures import rate_distortion_figure

        points = [(score.bpp, score.psnr) for score in scores]
        files.write_bytes(plot, rate_distortion_figure({chosen.spec.name: points}))
    for line in _json_lines(scores) if as_json else _table(scores):
        typer.echo(line)


def _score(
    codec: Codec, dataset: Dataset, level: float, limit: int | None, quiet: bool
) -> LevelScore:
    from aecodec import evaluation

    count = min(len(dataset), limit or len(dataset))
    samples = talk.progress(islice(dataset, limit), count, f"level {level:g}", quiet)
    return evaluation.evaluate(codec, samples, level)


def _json_lines(scores: Sequence[LevelScore]) -> Iterable[str]:
    return (json.dumps(score.as_json()) for score in scores)


def _table(scores: Sequence[LevelScore]) -> Iterable[str]:
    yield " ".join(f"{name:>10}" for name in _COLUMNS)
    for score in scores:
        yield " ".join(
            f"{value:>10}"
            for value in (
                score.level,
                f"{score.bytes:.2f}",
                f"{score.bpp:.4f}",
                f"{score.ratio:.1f}x",
                f"{score.mse:.2f}",
                f"{score.psnr:.2f} dB",
                f"{score.ms_ssim:.4f}",
                f"{score.compress_ms:.1f} ms",
                f"{score.decompress_ms:.1f} ms",
            )
        )
