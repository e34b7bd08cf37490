"""How many bytes does a digit need beside TensorFlow Compression and PCA, after equal training?

TensorFlow Compression 2.14 is installed into a virtual environment of its own, because it needs an
older TensorFlow; that takes Python 3.11 on Linux. Each of its points is the model of its MNIST
tutorial, trained for --minutes. Each point of aecodec is a codec with one level of the recipe
`digits`, made in the same time, of which its priors take a minute or more. Payload bytes per digit
of the test set, without headers.
"""

from __future__ import annotations

import math
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA

from aecodec import Codec, metrics
from aecodec.arrays import Float64, Pixels
from aecodec.entropy import coding
from aecodec.imaging.plots import rate_distortion_figure
from aecodec.prior_fitting.table_fitting import fit_prior
from aecodec.training.recipe import Recipe, load_recipe
from aecodec.training.run import run_recipe
from benchmarks.anchors.environments import environment, run_program
from benchmarks.bd_rate import bd_rate
from benchmarks.harness import ROOT, Options, Row
from benchmarks.pictures import mnist

_TFC = ("tensorflow-cpu==2.14.1", "tensorflow-compression==2.14.1", "numpy<2")
_TFC_MODEL = ROOT / "benchmarks" / "anchors" / "tfc_model.py"
_TFC_POINTS = (("mae", 2000), ("mae", 5000), ("mse", 6000), ("mse", 16000), ("mse", 40000))
"""Distortion and its weight: those of the tutorial, and the squared error that PSNR is based on."""

_FITTING = 1.0
"""Minutes reserved for fitting the priors of aecodec."""

_PCA_DIMENSIONS, _PCA_STEPS = 200, (1.6, 1.1, 0.7, 0.45)


def add_arguments(parser: Options) -> None:
    """Add the data, the virtual environment, the minutes and the figure."""
    parser.add_data(help="mnist.npz")
    parser.add_argument(
        "--venv", type=Path, required=True, metavar="FOLDER", help="for TensorFlow Compression"
    )
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the curves as PNG")


def measure(options: Namespace) -> Iterator[Row]:
    """One row per point of each codec, then one with the savings against each other codec."""
    rows = []
    for row in _points(options.data, options.venv, options.minutes):
        yield row
        rows.append(row)
    yield from _savings(rows)
    if options.plot:
        curves = {
            name: sorted((8 * row["bytes"] / 784, row["psnr"]) for row in points)
            for name, points in _by_codec(rows).items()
        }
        options.plot.write_bytes(rate_distortion_figure(curves))


def _points(data: Path, venv: Path, minutes: float) -> Iterator[Row]:
    train, test = mnist(data)
    yield from _pca(train, test)
    python = environment(venv, _TFC)
    for distortion, weight in _TFC_POINTS:
        row = run_program(python, _TFC_MODEL, data, minutes, distortion, weight)
        yield {"codec": "TensorFlow Compression", **row}
    recipe = load_recipe("digits")
    for number in range(len(recipe.levels["channels"])):
        with tempfile.TemporaryDirectory() as folder:
            one_level = _with_one_level(recipe, number)
            codec = run_recipe(one_level, data, Path(folder), minutes=minutes - _FITTING, verbose=0)
            yield {**_aecodec(codec, test), "level": number + 1}


def _with_one_level(recipe: Recipe, number: int) -> Recipe:
    levels = {name: values[number : number + 1] for name, values in recipe.levels.items()}
    return replace(recipe, levels=levels)


def _pca(train: Pixels, test: Pixels) -> Iterator[Row]:
    """Principal components, rounded to steps, under one prior: a codec without training."""
    fitted = PCA(_PCA_DIMENSIONS).fit(train.reshape(len(train), -1) / 255)
    for step in _PCA_STEPS:
        codes = [
            np.rint(fitted.transform(digits.reshape(len(digits), -1) / 255) / step).astype(np.int16)
            for digits in (train, test)
        ]
        prior = fit_prior(codes[0], priors=1)
        decoded = 255 * fitted.inverse_transform(codes[1] * step).reshape(test.shape)
        yield {"codec": "PCA", "step": step, **_scores(coding.bits(prior, codes[1]), test, decoded)}


def _aecodec(codec: Codec, test: Pixels) -> Row:
    codes = codec.encoder.codes(test[..., None])
    decoded = codec.decoder.reconstruct(codes)[..., 0]
    return {"codec": "aecodec", **_scores(coding.bits(codec.folder.prior(), codes), test, decoded)}


def _scores(bits: Float64, test: Pixels, decoded: npt.NDArray[np.generic]) -> dict[str, float]:
    rounded = np.rint(np.clip(decoded, 0, 255))
    return {
        "bytes": round(float(bits.mean()) / 8, 3),
        "psnr": round(metrics.psnr(metrics.mse(test, rounded)), 3),
        "mae": round(float(np.abs(rounded - test).mean()), 3),
    }


def _by_codec(rows: Sequence[Row]) -> dict[str, list[Row]]:
    points: dict[str, list[Row]] = {}
    for row in rows:
        points.setdefault(row["codec"], []).append(row)
    return points


def _savings(rows: Sequence[Row]) -> Iterator[Row]:
    """Differences in bytes at equal PSNR and at equal mean absolute error, in the mean.

    None where the curves have no quality in common.
    """
    anchors = _by_codec(rows)
    ours = anchors.pop("aecodec")
    for name, theirs in anchors.items():
        rates = {
            f"bytes_at_equal_{quality}": bd_rate(_curve(ours, quality), _curve(theirs, quality))
            for quality in ("psnr", "mae")
        }
        rounded = {
            title: None if math.isnan(rate) else round(rate, 4) for title, rate in rates.items()
        }
        yield {"against": name, **rounded}


def _curve(rows: Sequence[Row], quality: str) -> list[tuple[float, float]]:
    """Points of bytes and quality; errors are negated, so that more is better."""
    sign = -1 if quality == "mae" else 1
    return [(row["bytes"], sign * row[quality]) for row in rows]
