"""`aecodec train`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from aecodec.cli import talk
from aecodec.cli.codecs import as_text
from aecodec.cli.needs_tensorflow import tensorflow_for
from aecodec.cli.options import Quiet
from aecodec.errors import UsageError
from aecodec.recipes import purpose_of, recipe_names
from aecodec.registry import load_codec
from aecodec.spec import CODEC_FILES

if TYPE_CHECKING:  # what the other commands do not need, they do not load
    from aecodec.training.recipe import Recipe


def _list_recipes(wanted: bool) -> None:
    if wanted:
        for name in recipe_names():
            typer.echo(f"{name}: {purpose_of(name)}")
        raise typer.Exit


def train(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="A folder of images; an .npz or .npy array; or mnist or fashion_mnist.",
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The codec folder.")],
    recipe: Annotated[
        str,
        typer.Option(
            "--recipe",
            metavar="NAME|FILE",
            help="A recipe that ships, or a TOML file: digits for tiles of one size, picture and "
            "photo for pictures of any size.",
        ),
    ] = "digits",
    epochs: Annotated[
        Optional[int],  # noqa: UP045 - Typer on Python 3.10 reads this form
        typer.Option(min=1, help="Passes over the data."),
    ] = None,
    minutes: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            min=0.01,
            help="Train the networks for so long instead; fitting the priors comes on top.",
        ),
    ] = None,
    tile: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            min=4,
            help="Side of the crops to train on, in pixels; by recipe digits, of tiles.",
        ),
    ] = None,
    code_dimension: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            "--code-dim",
            min=1,
            help="Channels of a code at the best level.",
        ),
    ] = None,
    levels: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, max=15, help="How many quality levels."),
    ] = None,
    rate_weight: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            min=1e-9,
            help="Lambda of the default level, the weight of the rate in the loss: larger makes "
            "smaller files.",
        ),
    ] = None,
    priors: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, max=1024, help="How many distributions compete to describe a code."),
    ] = None,
    seed: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=0, help="Of all that is random: the same seed, the same training."),
    ] = None,
    first: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--from",
            metavar="NAME|DIR",
            help="Fine-tune: begin with the networks of a codec of the same recipe and levels.",
        ),
    ] = None,
    name: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="The codec's name. Default: the folder's."),
    ] = None,
    tensorboard: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="DIR", help="Write logs for TensorBoard."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted training.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a codec that is there.")] = False,
    list_recipes: Annotated[
        Optional[bool],  # noqa: UP045
        typer.Option(
            "--list-recipes", callback=_list_recipes, is_eager=True, help="Say what ships."
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Train a codec of your own pictures by a recipe. Needs TensorFlow.

    Options that are left out are as the recipe says. Ctrl-C ends the training early, with a codec;
    `--resume`, with the same options, goes on where the last epoch ended.
    """
    if any((out / name).exists() for name in CODEC_FILES) and not (force or resume):
        raise UsageError(f"{out} holds a codec already, or files of its names; --force replaces it")
    if first and Path(first).resolve() == out.resolve():
        raise UsageError(f"{out} is what the training begins with: give another folder with -o")
    with tensorflow_for("training"):
        from aecodec.training.recipe import load_recipe
        from aecodec.training.run import run_recipe
    wanted: dict[str, Any] = {"tile": tile, "code_dimension": code_dimension, "levels": levels}
    wanted |= {"rate_weight": rate_weight, "epochs": epochs, "priors": priors, "seed": seed}
    adjusted = _adjusted(load_recipe(recipe), wanted)
    with contextlib.redirect_stdout(sys.stderr), talk.warnings_as_they_come(quiet):
        codec = run_recipe(
            replace(adjusted, name=name or out.resolve().name),
            data,
            out,
            minutes=minutes,
            resume=resume,
            first=load_codec(first).folder if first else None,
            callbacks=list(_callbacks(quiet, tensorboard)),
            verbose=0,
        )
    if not quiet:
        typer.echo(as_text(codec))


def _adjusted(recipe: Recipe, wanted: dict[str, Any]) -> Recipe:
    """The recipe, with all that was asked for on the command line."""
    if wanted["levels"]:
        recipe = recipe.with_levels(wanted["levels"])
    if wanted["code_dimension"]:
        recipe = recipe.with_code_dimension(wanted["code_dimension"])
    if wanted["rate_weight"]:
        recipe = recipe.with_rate_weight(wanted["rate_weight"])
    return replace(
        recipe,
        data=recipe.data | _given(tile=wanted["tile"]),
        training=recipe.training | _given(epochs=wanted["epochs"], seed=wanted["seed"]),
        priors=recipe.priors | _given(count=wanted["priors"]),
    )


def _given(**options: Any) -> dict[str, Any]:
    return {key: value for key, value in options.items() if value is not None}


def _callbacks(quiet: bool, tensorboard: Path | None) -> Iterable[Any]:
    from aecodec.training.progress import Progress, tensorboard_logs

    if not quiet:
        yield Progress(sys.stderr)
    if tensorboard:
        yield tensorboard_logs(tensorboard)
