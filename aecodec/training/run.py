"""Following a recipe: from pictures to a codec folder."""

from __future__ import annotations

import hashlib
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from aecodec.errors import AecodecWarning, UsageError
from aecodec.spec import CodecFolder
from aecodec.training.autoencoder import Autoencoder
from aecodec.training.data import Pictures, Tiles, channels_of, open_pictures, split_off
from aecodec.training.int8_twin import copy_weights
from aecodec.training.pairs import PAIRS
from aecodec.training.precision import policy_of
from aecodec.training.recipe import Recipe
from aecodec.training.warm_start import begin_with

if TYPE_CHECKING:
    from aecodec.codec import Codec

_MOST_FITTED, _PASSES = 360_000, 2
"""Code vectors that the priors are fitted on, and how often pictures are cut for them, each time at
other places: photographs need as many."""

_GRAIN, _LARGEST_FITTED = 16, 192
"""Sides in pixels of what priors with neighbours are fitted on: multiples, and the largest."""

_STARTING_TILES = 2_000
_TYPICAL_TILES = 200
_MOST_HELD_OUT = 5_000

Floats = npt.NDArray[np.float32]


def run_recipe(
    recipe: Recipe,
    data: str | Path,
    folder: Path,
    *,
    minutes: float | None = None,
    resume: bool = False,
    first: CodecFolder | None = None,
    callbacks: Sequence[Any] = (),
    verbose: int = 1,
) -> Codec:
    """Make a codec.

    Ctrl-C ends the training early, and the codec is made of what was learned; the state of the
    last whole epoch stays, for the training to go on.

    Args:
        recipe: how.
        data: as in :func:`~aecodec.training.data.open_pictures`.
        folder: where the codec goes, and, while it trains, its state.
        minutes: train for so long, whatever the recipe says.
        resume: go on with a training of the same recipe on the same data, in this folder.
        first: a codec of the same recipe, whose networks the training begins with; it begins with
            nothing if None.
        callbacks: of Keras.
        verbose: as in `keras.Model.fit`.

    Raises:
        ImageError: there are no such images, or too few.
        CodecError: the first codec's float networks are absent or damaged.
        ModelError: the networks and the data do not fit, or the first codec's differ.
        UsageError: a training to resume is not there, or one is there and not to be resumed.
    """
    pictures = open_pictures(data)
    backup = folder / f"training-{_digest(recipe, minutes, pictures, first)}"
    _check_state(backup, resume)
    trained, held_out = _split(recipe, pictures)
    autoencoder = _autoencoder(recipe, trained.shape)
    _begin(recipe, autoencoder, trained, first)
    twin = _twin(recipe, autoencoder, trained.sample(_TYPICAL_TILES))
    is_whole = _train(recipe, twin, trained, held_out, minutes, backup, callbacks, verbose)
    copy_weights(twin.encoder, autoencoder.encoder)
    copy_weights(twin.decoder, autoencoder.decoder)
    autoencoder.is_rate_trained, autoencoder.gains = twin.is_rate_trained, twin.gains
    codec = autoencoder.to_codec(
        folder,
        _to_fit_on(autoencoder, trained),
        recipe.name,
        held_out.whole(_MOST_HELD_OUT),
        levels=len(recipe.levels["rate_weights"]),
        priors=recipe.priors["count"],
        context_units=recipe.levels["context_units"],
        context_epochs=recipe.priors["context_epochs"],
    )
    if is_whole:
        shutil.rmtree(backup)
    return codec


def _train(
    recipe: Recipe,
    twin: Autoencoder,
    trained: Tiles,
    held_out: Tiles,
    minutes: float | None,
    backup: Path,
    callbacks: Sequence[Any],
    verbose: int,
) -> bool:
    """Train; False if Ctrl-C ended it."""
    try:
        twin.train(
            trained,
            epochs=recipe.training["epochs"],
            minutes=minutes,
            batch_size=recipe.training["batch_size"],
            rate_weight=recipe.levels["rate_weights"],
            shares=recipe.levels["shares"],
            cost_power=recipe.training["cost_power"],
            priors=recipe.training["rate_priors"],
            learning_rate=recipe.training["learning_rate"],
            optimizer=recipe.training["optimizer"],
            validation_data=held_out.whole(_MOST_HELD_OUT),
            backup=backup,
            callbacks=callbacks,
            seed=recipe.training["seed"],
            verbose=verbose,
        )
    except KeyboardInterrupt:
        for each in callbacks:
            each.on_train_end()  # Keras does not
        message = "interrupted: the codec is made of what was learned; --resume goes on"
        warnings.warn(message, AecodecWarning, stacklevel=2)
        return False
    return True


def _to_fit_on(autoencoder: Autoencoder, trained: Tiles) -> Floats:
    """Tiles for the priors; larger ones for networks that take any size, whose codes have
    neighbours.
    """
    if None not in autoencoder.image_shape:
        return trained.sample(_MOST_FITTED // autoencoder.vectors_of(trained.shape))
    typical = np.median(trained.sizes.min(axis=1)) // _GRAIN * _GRAIN
    whole = trained.of_side(int(np.clip(typical, trained.shape[0], _LARGEST_FITTED)))
    return whole.sample(_MOST_FITTED // autoencoder.vectors_of(whole.shape), _PASSES)


def _check_state(backup: Path, resume: bool) -> None:
    if resume and not backup.exists():
        raise UsageError(
            f"{backup.parent}: no interrupted training of this recipe, with these options, on "
            "this data"
        )
    if backup.exists() and not resume:
        raise UsageError(
            f"{backup}: an interrupted training; --resume goes on with it, and without this "
            "folder it starts anew"
        )


def _digest(
    recipe: Recipe, minutes: float | None, pictures: Pictures, first: CodecFolder | None
) -> str:
    """Tells one training from another; what comes after it may change."""
    steps = (recipe.networks, recipe.data, recipe.levels, recipe.training, minutes)
    seen = pictures.sizes.tobytes() + pictures[0].tobytes()
    begun = first.spec.codec_id if first else b""
    return hashlib.sha256(repr(steps).encode() + seen + begun).hexdigest()[:8]


def _split(recipe: Recipe, pictures: Pictures) -> tuple[Tiles, Tiles]:
    channels, tile = channels_of(pictures), (recipe.data["tile"],) * 2
    trained, held_out = split_off(pictures, recipe.data["held_out"])
    flips, seed = recipe.data["flips"], recipe.training["seed"]
    return (
        Tiles(pictures, tile, channels, flips, trained, seed),
        Tiles(pictures, tile, channels, only=held_out),
    )


def _autoencoder(recipe: Recipe, tile_shape: tuple[int, int, int]) -> Autoencoder:
    channels = recipe.levels["channels"]
    return Autoencoder(*PAIRS[recipe.networks].build(tile_shape, sum(channels)), channels)


def _begin(
    recipe: Recipe, autoencoder: Autoencoder, trained: Tiles, first: CodecFolder | None
) -> None:
    channels, weights = recipe.levels["channels"], recipe.levels["rate_weights"]
    if first:
        begin_with(autoencoder, first, len(weights))
    else:
        pair, sample = (autoencoder.encoder, autoencoder.decoder), trained.sample(_STARTING_TILES)
        PAIRS[recipe.networks].start(*pair, sample, channels, weights)


def _twin(recipe: Recipe, autoencoder: Autoencoder, tiles: Floats) -> Autoencoder:
    make, dtype = PAIRS[recipe.networks].twin, policy_of(recipe.training["dtype"])
    codes = np.rint(autoencoder.encoder(tiles))
    twin = Autoencoder(
        make(autoencoder.encoder, tiles, dtype),
        make(autoencoder.decoder, codes, dtype),
        autoencoder.levels,
    )
    twin.gains = autoencoder.gains
    return twin
