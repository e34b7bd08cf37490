"""`aecodec train`: train a codec with a recipe."""

from __future__ import annotations

import contextlib
import csv
import sys
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aecodec.base.errors import AecodecError, UsageError
from aecodec.cli.commands.codecs import codec_lines
from aecodec.cli.commands.evaluate import table_lines
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console
from aecodec.cli.shared.discovery import real_path
from aecodec.cli.shared.file_io import check_input, write_bytes
from aecodec.cli.shared.lazy_tensorflow import tensorflow_for
from aecodec.codec.codec import Codec
from aecodec.codec.registry import load_codec
from aecodec.codec_files.folder import check_target
from aecodec.datasets.scenes import open_scenes
from aecodec.datasets.tiles import held_out_pictures
from aecodec.evaluation.rivals import Curves, curves_of, rate_at
from aecodec.imaging.plots import figure_of_curves
from aecodec.metrics import check_ssimulacra2

if TYPE_CHECKING:  # loaded only when needed
    from aecodec.training.recipe import Recipe

_RESULTS = "results.csv"
_MOST_COMPARED = 1_000_000
"""Maximum number of values in held-out pictures that are compared with image formats."""


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """The options of `aecodec train`; None leaves a value of the recipe unchanged."""

    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA", help="A folder of images or scenes with bands, or an .npz or .npy file."
        ),
    ]
    out: options.CodecFolder
    recipe: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE",
            help="Recipe: digits (tiles of one size), picture, photo or large (pictures of any "
            "size), bands (scenes), or a TOML file.",
        ),
    ] = "digits"
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the training data.")] = None
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            help="Train the networks for this many minutes. Fitting the priors takes extra time.",
        ),
    ] = None
    patience: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Stop if the loss on held-out pictures has not fallen for N epochs.",
        ),
    ] = None
    batch_size: Annotated[int | None, typer.Option(min=1, help="Tiles per training step.")] = None
    learning_rate: Annotated[
        float | None, typer.Option(min=1e-12, help="Peak learning rate, after a short warm-up.")
    ] = None
    device: Annotated[
        str | None,
        typer.Option(
            metavar="cpu|N", help="cpu, or the number of a GPU. Default: the first GPU, if any."
        ),
    ] = None
    tile: Annotated[
        int | None,
        typer.Option(
            min=4,
            help="Side of the training crops in pixels; for the recipe digits, side of the tiles.",
        ),
    ] = None
    code_dimension: Annotated[
        int | None,
        typer.Option("--code-dim", min=1, help="Number of code channels of the best level."),
    ] = None
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Random seed; on one machine, equal seeds give identical codecs."),
    ] = None
    start_from: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NAME|DIR",
            help="Fine-tune the networks of a codec with the same recipe and number of levels.",
        ),
    ] = None
    nodata: options.Nodata = None
    name: Annotated[
        str | None, typer.Option(help="Name of the codec. Default: the name of the folder.")
    ] = None
    tensorboard: Annotated[
        Path | None, typer.Option(metavar="DIR", readable=False, help="Write logs for TensorBoard.")
    ] = None
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted run.")] = False
    force: options.Force = False
    quiet: options.Quiet = False

    @property
    def codec_name(self) -> str:
        return self.name or real_path(self.out).name

    @property
    def replaces(self) -> bool:
        return self.force or self.resume

    def check(self) -> None:
        """Raise an error unless there is data and the codec can be written to its folder."""
        check_target(self.out, self.codec_name, replace=self.replaces)
        if self.start_from and real_path(Path(self.start_from)) == real_path(self.out):
            raise UsageError(f"{self.out} is the codec of --from: name a different folder with -o")
        check_input(Path(self.data))
        if self.tensorboard and not find_spec("tensorboard"):
            raise AecodecError(
                "--tensorboard needs TensorBoard: install it with pip install 'aecodec[train]'"
            )

    def changed(self, recipe: Recipe) -> Recipe:
        if self.code_dimension:
            recipe = recipe.with_code_dimension(self.code_dimension)
        return replace(
            recipe,
            name=self.codec_name,
            data=recipe.data | _without_none(tile=self.tile),
            training=recipe.training
            | _without_none(
                epochs=self.epochs,
                seed=self.seed,
                batch_size=self.batch_size,
                learning_rate=self.learning_rate,
            ),
        )

    def callbacks(self) -> list[Any]:
        from aecodec.training.callbacks import CSVLogger, EarlyStopping, Progress, TensorBoard

        callbacks = [CSVLogger(self.out / _RESULTS, append=self.resume)]
        callbacks += [] if self.quiet else [Progress()]
        callbacks += [TensorBoard(self.tensorboard)] if self.tensorboard else []
        return callbacks + ([EarlyStopping(patience=self.patience)] if self.patience else [])


@options.takes(TrainOptions)
def train(chosen: TrainOptions) -> None:
    """Train a codec on your own pictures with a recipe. Needs TensorFlow.

    If you leave out an option, the recipe sets its value. Ctrl-C ends the training early and still
    writes a codec. To continue after the last finished epoch, repeat the command with `--resume`.
    """
    chosen.check()
    console = Console(chosen.quiet)
    with tensorflow_for("training"):
        from aecodec.training.quantization_aware import use_device
        from aecodec.training.recipe import load_recipe, recipe_for_bands
        from aecodec.training.run import run_recipe
    if chosen.device:
        use_device(chosen.device)
    recipe = load_recipe(chosen.recipe)
    with console.messages_as_they_come():
        scenes = open_scenes(Path(chosen.data), chosen.nodata)
    if scenes:
        pixels = scenes[0].pixels
        console.note(f"{len(scenes)} scenes with {pixels.shape[-1]} bands of type {pixels.dtype}")
        recipe = recipe_for_bands(recipe, pixels.shape[-1])
    recipe = chosen.changed(recipe)
    with contextlib.redirect_stdout(sys.stderr), console.messages_as_they_come():
        codec = run_recipe(
            recipe,
            scenes or chosen.data,
            chosen.out,
            minutes=chosen.minutes,
            resume=chosen.resume,
            replace=chosen.replaces,
            start_from=load_codec(chosen.start_from).folder if chosen.start_from else None,
            callbacks=chosen.callbacks(),
        )
    console.result(codec_lines(codec))
    _draw_results(codec.folder.path)
    if not scenes:
        _compare(codec, chosen.data, recipe.data["held_out"], console)


def _without_none(**options: Any) -> dict[str, Any]:
    return {key: value for key, value in options.items() if value is not None}


def _compare(codec: Codec, data: str, share: float, console: Console) -> None:
    """Print a table for each measure of quality, and draw the curves."""
    pictures = held_out_pictures(data, share, codec.spec.channels, _MOST_COMPARED)
    measures = {"psnr": "PSNR, dB"}
    with contextlib.suppress(AecodecError):
        check_ssimulacra2()
        measures["ssimulacra2"] = "SSIMULACRA2"
    console.note(f"comparing the codec with image formats on {len(pictures)} held-out pictures")
    curves = curves_of(codec, pictures, ssimulacra2=len(measures) > 1)
    for measure, title in measures.items():
        console.result(table_of(title, measure, curves))
    panels = {title: _points(measure, curves) for measure, title in measures.items()}
    write_bytes(codec.folder.path / "curves.png", figure_of_curves(panels), force=True)


def _draw_results(folder: Path) -> None:
    """Draw the losses and the PSNR of each level, from the epochs in `results.csv`."""
    with (folder / _RESULTS).open(newline="", encoding="utf-8") as file:
        epochs = list(csv.DictReader(file))
    if not epochs:  # interrupted in the first
        return
    curves = {
        name: [(n, float(row[name])) for n, row in enumerate(epochs, 1)] for name in epochs[0]
    }
    panels = {
        title: {name: curves[name] for name in curves if name.startswith(starts)}
        for title, starts in {"loss": ("loss", "val_loss"), "PSNR, dB": ("val_psnr",)}.items()
    }
    write_bytes(folder / "results.png", figure_of_curves(panels, "epoch"), force=True)


def table_of(title: str, measure: str, curves: Curves) -> list[str]:
    """Lines with the bits per pixel of each level, and of the formats at the same quality."""
    (levels, *_), rivals = curves.values(), list(curves.items())[1:]
    rows = []
    for values in levels:
        rates = {name: rate_at(rival, measure, values[measure]) for name, rival in rivals}
        quality = "-" if values[measure] is None else f"{values[measure]:.2f}"
        row = {"level": f"{values['level']:g}", title: quality, "bpp": f"{values['bpp']:.3f}"}
        rows.append(row | {name: f"{rate:.3f}" if rate else "-" for name, rate in rates.items()})
    return ["bits per pixel of held-out pictures at the same quality", *table_lines(rows)]


def _points(measure: str, curves: Curves) -> dict[str, list[tuple[float, float]]]:
    """(bits per pixel, quality) of each codec and format."""
    return {
        name: sorted((row["bpp"], row[measure]) for row in rows if row[measure] is not None)
        for name, rows in curves.items()
    }
