"""Fewer bytes than TensorFlow Compression's own MNIST model, and than PCA, after equal training?

    python -m benchmarks.peers mnist.npz --venv FOLDER [--minutes 8] [--json FILE] [--plot FILE]

TensorFlow Compression 2.14 is installed into a virtual environment of its own, for it needs a
TensorFlow of its own; that takes Python 3.11 on Linux. Each of its points is a model trained for
`--minutes`; each of ours is a codec of one level of the recipe `digits`, made in as long: a minute
of it goes to its priors. Payload bytes a digit of the test set, all formats without any frame.
"""

from __future__ import annotations

import json
import math
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.decomposition import PCA

from aecodec import Codec, metrics
from aecodec.figures import rate_distortion_figure
from aecodec.fitting import fit_prior
from aecodec.images import Pixels
from aecodec.training.recipe import Recipe, load_recipe
from aecodec.training.run import run_recipe
from benchmarks.bd_rate import bd_rate
from benchmarks.environments import environment
from benchmarks.rows import arguments, write_rows

_TFC = ("tensorflow-cpu==2.14.1", "tensorflow-compression==2.14.1", "numpy<2")
_MODEL = Path(__file__).with_name("tfc_model.py")
_POINTS = (("mae", 2000), ("mae", 5000), ("mse", 6000), ("mse", 16000), ("mse", 40000))
"""The tutorial's distortion and weights of it, and the squared error that PSNR is about."""

_FITTING = 1.0
"""Minutes that our priors take."""

_PCA_DIMENSIONS, _PCA_STEPS = 200, (1.6, 1.1, 0.7, 0.45)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--venv", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for row in _rows(options.data, options.venv, options.minutes):
        print(row, flush=True)
        rows.append(row)
    summary = _summary(rows)
    for row in summary:
        print(row)
    write_rows(options.json, rows + summary)
    if options.plot:
        options.plot.write_bytes(rate_distortion_figure(_curves(rows)))


def _summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    by_codec = {
        name: [row for row in rows if row["codec"] == name]
        for name in dict.fromkeys(row["codec"] for row in rows)
    }
    ours = by_codec.pop("aecodec")
    return [{"against": name, **_savings(ours, theirs)} for name, theirs in by_codec.items()]


def _curves(rows: Sequence[dict[str, Any]]) -> dict[str, list[tuple[float, float]]]:
    curves: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        curves.setdefault(row["codec"], []).append((8 * row["bytes"] / 784, row["psnr"]))
    return {name: sorted(points) for name, points in curves.items()}


def _rows(data: Path, folder: Path, minutes: float) -> Iterator[dict[str, Any]]:
    with np.load(data) as arrays:
        trained, tested = arrays["x_train"], arrays["x_test"]
    yield from _pca(trained, tested)
    python = environment(folder, _TFC)
    for distortion, weight in _POINTS:
        yield {"codec": "TensorFlow Compression", **_tfc(python, data, minutes, distortion, weight)}
    for number in range(len(load_recipe("digits").levels["channels"])):
        with tempfile.TemporaryDirectory() as made:
            recipe = _of_one_level(load_recipe("digits"), number)
            codec = run_recipe(recipe, data, Path(made), minutes=minutes - _FITTING, verbose=0)
            yield {**_ours(codec, tested), "level": number + 1}


def _of_one_level(recipe: Recipe, number: int) -> Recipe:
    levels = {name: values[number : number + 1] for name, values in recipe.levels.items()}
    return replace(recipe, levels=levels)


def _tfc(python: Path, data: Path, minutes: float, distortion: str, weight: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "row.json")
        command = [python, _MODEL, data, str(minutes), distortion, str(weight), file]
        subprocess.run(command, check=True, capture_output=True)
        return dict(json.loads(file.read_text("utf-8")))


def _pca(trained: Pixels, tested: Pixels) -> Iterator[dict[str, Any]]:
    """Principal components, rounded, under one prior: the best that needs no training."""
    fitted = PCA(_PCA_DIMENSIONS).fit(trained.reshape(len(trained), -1) / 255)
    for step in _PCA_STEPS:
        codes = [
            np.rint(fitted.transform(each.reshape(len(each), -1) / 255) / step).astype(np.int16)
            for each in (trained, tested)
        ]
        prior = fit_prior(codes[0], priors=1)
        back = fitted.inverse_transform(codes[1] * step).reshape(tested.shape)
        yield {"codec": "PCA", "step": step, **_scores(prior.bits(codes[1]), tested, 255 * back)}


def _ours(codec: Codec, tested: Pixels) -> dict[str, Any]:
    codes = codec.encoder.codes(tested[..., None])
    back = codec.decoder.planes(codes)[..., 0]
    return {"codec": "aecodec", **_scores(codec.folder.prior().bits(codes), tested, back)}


def _scores(
    bits: np.ndarray[Any, Any], tested: Pixels, back: np.ndarray[Any, Any]
) -> dict[str, float]:
    rounded = np.rint(back.clip(0, 255))
    return {
        "bytes": round(float(bits.mean()) / 8, 3),
        "psnr": round(metrics.psnr(metrics.mse(tested, rounded)), 3),
        "mae": round(float(np.abs(rounded - tested).mean()), 3),
    }


def _savings(ours: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The mean difference in bytes at equal PSNR, and at equal mean absolute error.

    None where no quality is reached by both.
    """

    def curve(rows: Sequence[dict[str, Any]], quality: str) -> list[tuple[float, float]]:
        sign = -1 if quality == "mae" else 1
        return [(row["bytes"], sign * row[quality]) for row in rows]

    rates = {
        quality: bd_rate(curve(ours, quality), curve(theirs, quality))
        for quality in ("psnr", "mae")
    }
    return {
        f"bytes_at_equal_{quality}": None if math.isnan(rate) else round(rate, 4)
        for quality, rate in rates.items()
    }


if __name__ == "__main__":
    main()
