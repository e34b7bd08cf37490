"""What does a training for one distortion win by its measure, and lose by the others?

The same recipe is followed once for each distortion, for equally many epochs, on one folder of
pictures, and the codecs are measured on another. The mixture is that of the recipe `photo`;
`blocking` is part of it alone, because pictures that only had the right steps would have any
colour. Differences are those to the codec that was trained for the squared error: in PSNR at equal
bytes, in the mean over the rates that both cover, and in bytes at equal quality by each measure.
The context networks are fitted for one epoch after each training, instead of the recipe's number,
to save as much time again.
"""

from __future__ import annotations

import math
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from aecodec.arrays import Pixels
from aecodec.training.losses.mixture import MSE, Distortion
from aecodec.training.recipe import Recipe, load_recipe
from aecodec.training.run import run_recipe
from benchmarks.bd_rate import bd_quality, bd_rate
from benchmarks.harness import Options, Row
from benchmarks.pictures import first_planes
from benchmarks.scores import BD_RATES, curve_of, scores_of_levels

_ALONE = (MSE, "ms-ssim", "ssimulacra2")
_MIXED = "photo"


def add_arguments(parser: Options) -> None:
    """Add the pictures to train and to measure on, the recipe and the epochs."""
    parser.add_data("photographs", help="folder of pictures to train on")
    parser.add_data("test", help="folder of pictures to measure on")
    parser.add_argument("--recipe", default="picture", metavar="NAME|FILE")
    parser.add_argument("--epochs", type=int, default=60, help="length of each training")
    parser.add_limit()


def measure(options: Namespace) -> Iterator[Row]:
    """One row per distortion, the squared error first."""
    pictures = first_planes(options.test, options.limit)
    recipe, anchor = load_recipe(options.recipe), None
    for name, distortion in _distortions().items():
        followed = _with(recipe, distortion, options.epochs)
        rows = _scores(followed, options.photographs, pictures)
        anchor = anchor or rows
        yield {"distortion": name, **_differences(rows, anchor)}


def _distortions() -> dict[str, Distortion]:
    mixture = load_recipe(_MIXED).training["distortion"]
    return {**{name: name for name in _ALONE}, "mixture": mixture}


def _with(recipe: Recipe, distortion: Distortion, epochs: int) -> Recipe:
    return replace(
        recipe,
        training=recipe.training | {"distortion": distortion, "epochs": epochs},
        priors=recipe.priors | {"context_epochs": 1},
    )


def _scores(recipe: Recipe, photographs: Path, pictures: Sequence[Pixels]) -> list[Row]:
    """What the codec of a recipe scores at each level."""
    with tempfile.TemporaryDirectory() as folder:
        codec = run_recipe(recipe, photographs, Path(folder), verbose=0)
        return list(scores_of_levels(codec, pictures))


def _differences(rows: Sequence[Row], anchor: Sequence[Row]) -> Row:
    """Differences of one codec to another, in dB and in bytes; None where they share no range."""
    psnr = bd_quality(curve_of(rows, "psnr"), curve_of(anchor, "psnr"))
    rates = {
        title: bd_rate(curve_of(rows, quality), curve_of(anchor, quality))
        for title, quality in BD_RATES.items()
        if quality in rows[0]
    }
    differences = {"psnr_at_equal_bytes": psnr, **rates}
    return {
        name: None if math.isnan(value) else round(value, 4) for name, value in differences.items()
    }
