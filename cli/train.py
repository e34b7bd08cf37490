"""`aecodec train`."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from aecodec.cli.codecs import as_text
from aecodec.cli.heavy import tensorflow_for
from aecodec.cli.options import Quiet
from aecodec.errors import UsageError
from aecodec.spec import CODEC_JSON


def train(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="An .npz file of uint8 images.")],
    out: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The codec folder.")],
    recipe: Annotated[
        str,
        typer.Option("--recipe", metavar="NAME|FILE", help="A recipe that ships, or a TOML file."),
    ] = "digits",
    force: Annotated[bool, typer.Option("--force", help="Replace a codec that is there.")] = False,
    quiet: Quiet = False,
) -> None:
    """Train a codec by a recipe. Needs TensorFlow.

    An interrupted training goes on where its last epoch ended when the same command is given
    again.
    """
    if (out / CODEC_JSON).exists() and not force:
        raise UsageError(f"{out} holds a codec already; --force replaces it")
    with tensorflow_for("training"):
        from aecodec.training.recipe import load_recipe, run_recipe
    with contextlib.redirect_stdout(sys.stderr):  # Keras talks on stdout
        codec = run_recipe(load_recipe(recipe), data, out, verbose=_verbosity(quiet))
    if not quiet:
        typer.echo(as_text(codec))


def _verbosity(quiet: bool) -> int:
    """Keras's: nothing, a bar, or a line an epoch where no terminal shows a bar."""
    if quiet:
        return 0
    return 1 if sys.stderr.isatty() else 2
