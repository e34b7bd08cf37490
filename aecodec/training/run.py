"""Train a codec with a recipe, from pictures to a codec file."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from aecodec.base.arrays import Float32
from aecodec.base.atomic import remove_folder
from aecodec.base.errors import UsageError, errors_about, warn
from aecodec.codec.codec import Codec
from aecodec.codec_files.folder import CodecFolder, check_target
from aecodec.codec_files.levels import read_rate_weight
from aecodec.datasets.pictures import Pictures, channels_of, open_pictures
from aecodec.datasets.scenes import BandTiles, ScenePictures
from aecodec.datasets.tiles import Tiles, typical_side, with_flat_areas
from aecodec.datasets.transfer_fitting import FittedTransfer, fit_to_scenes
from aecodec.imaging.picture import Picture
from aecodec.prior_fitting.fitting import PriorOptions
from aecodec.training.autoencoder import Autoencoder
from aecodec.training.callbacks import between_steps, has_checkpoint
from aecodec.training.exports import centre, export_bands, names_of_bands
from aecodec.training.losses import TrainingOptions
from aecodec.training.picture_networks import STRIDE
from aecodec.training.quantization_aware import copy_weights, policy_of, qat_copy
from aecodec.training.recipe import Recipe, networks_named
from aecodec.training.starts import begin_with, start_from_codec

_MOST_FITTED, _FITTED_PASSES = 360_000, 2
"""Maximum number of code vectors for fitting priors, and of passes; photographs need them."""

_MOST_FITTED_TO_BANDS = 100_000
"""Maximum number of code vectors of bands, which have several times as many channels."""

_MOST_NUMBERS = 250_000_000
"""Maximum number of phases of samples for fitting the priors, because they are in memory."""

_LARGEST_FITTED_SIDE = 192
"""Largest side of tiles for priors, in pixels."""

_CENTRED_PICTURES = 50
_FINE_TUNING_RATE = 0.1
"""Factor of the learning rate of trained networks; the full rate makes them worse."""

_STARTING_TILES = 2_000
_TYPICAL_TILES = 200
_MOST_HELD_OUT = 5_000


def run_recipe(
    recipe: Recipe,
    data: str | Path | Sequence[Picture],
    folder: Path,
    *,
    minutes: float | None = None,
    resume: bool = False,
    replace: bool = False,
    start_from: CodecFolder | None = None,
    callbacks: Sequence[Any] = (),
) -> Codec:
    """Train a codec.

    Ctrl-C ends the training early; the codec contains the current networks. The state of the last
    complete epoch is kept, so that you can resume the training.

    Args:
        recipe: the settings.
        data: pictures, as in :func:`~aecodec.datasets.pictures.open_pictures`; or scenes with
            bands, for a recipe of :func:`~aecodec.training.recipe.recipe_for_bands`.
        folder: folder of the codec and, during the training, of its state.
        minutes: duration of the training; it replaces the recipe's epochs.
        resume: resume an interrupted run in this folder, with the same recipe and data.
        replace: replace an existing codec in the folder.
        start_from: codec of the same recipe. Training starts from its networks.
        callbacks: Keras callbacks.

    Raises:
        ImageError: there are no images, or too few.
        CodecError, ModelError: networks are missing, damaged, or do not fit the data.
        UsageError: `resume` is True without an interrupted training, or False with one; another
            process runs this training; or the folder contains a codec and `replace` is False.
        AecodecError: the folder cannot be written.
    """
    training = _Training(recipe, data, folder, minutes, start_from)
    training.check_state(resume)
    check_target(folder, recipe.name, replace=replace)
    autoencoder, is_complete = training.run(callbacks)
    codec = training.to_codec(autoencoder, replace)
    if is_complete:
        remove_folder(training.backup)
    return codec


class _Training:
    def __init__(
        self,
        recipe: Recipe,
        data: str | Path | Sequence[Picture],
        folder: Path,
        minutes: float | None,
        start_from: CodecFolder | None,
    ) -> None:
        self._fitted: FittedTransfer | None = None
        pictures: Pictures
        if isinstance(data, str | Path):
            title, pictures = str(data), open_pictures(data)
        else:
            self._fitted, self._band_names = fit_to_scenes(data), names_of_bands(data)
            title, pictures = "the scenes", ScenePictures(data, self._fitted)
        self._recipe, self._folder = recipe, folder
        self._minutes, self._start_from = minutes, start_from
        self.backup = folder / f"training-{_digest(recipe, minutes, pictures, start_from)}"
        self._networks = networks_named(recipe.networks)
        with errors_about(title):
            self._tiles, self._held_out = self._split(pictures)

    def _split(self, pictures: Pictures) -> tuple[Tiles, Tiles]:
        data, seed = self._recipe.data, self._recipe.training["seed"]
        side = data["tile"]
        if self._networks.shares_channels:  # the networks take any size
            side = min(side, typical_side(pictures.sizes))
        tile, flips = (side, side), data["flips"]
        if isinstance(pictures, ScenePictures) and self._fitted:
            tiles: Tiles = BandTiles(pictures, self._fitted, tile, flips, seed=seed)
            return tiles.split(data["held_out"])
        channels = channels_of(pictures)
        tiles = Tiles(pictures, tile, channels, flips, seed=seed, smooth=data["smooth"])
        return tiles.split(data["held_out"])

    def check_state(self, resume: bool) -> None:
        if resume and not self.backup.exists():
            raise UsageError(
                f"{self._folder} contains no interrupted run with this recipe, these options and "
                "this data: leave out --resume"
            )
        if has_checkpoint(self.backup) and not resume:
            raise UsageError(
                f"{self.backup} belongs to an interrupted training run: use --resume to "
                "continue it, or delete this folder to start from the beginning"
            )

    def run(self, callbacks: Sequence[Any]) -> tuple[Autoencoder, bool]:
        """The trained autoencoder, and whether the training is complete; False after Ctrl-C."""
        keras.utils.set_random_seed(self._recipe.training["seed"])
        autoencoder = self._new_autoencoder()
        copy = self._qat_copy(autoencoder)
        is_complete = self._train(copy, callbacks)
        for trained, model in zip(copy.models, autoencoder.models, strict=True):
            copy_weights(trained, model)
        autoencoder.is_rate_trained, autoencoder.gains = copy.is_rate_trained, copy.gains
        return autoencoder, is_complete

    def _new_autoencoder(self) -> Autoencoder:
        networks, shape = self._networks, self._tiles.image_shape
        channels, weights = self._recipe.levels["channels"], self._recipe.levels["rate_weights"]
        if networks.shares_channels:  # at most as many as a block has values
            channels = [min(channels[0], STRIDE**2 * shape[-1])]
        autoencoder = Autoencoder(*networks.build(shape, sum(channels)), channels)
        if self._start_from:
            start_from_codec(autoencoder, self._start_from, len(weights))
        elif networks.shipped and begin_with(networks.shipped, autoencoder, weights):
            pass
        elif networks.start:
            sample = self._tiles.sample(_STARTING_TILES)
            scales = [self._tiles.scales] if isinstance(self._tiles, BandTiles) else []
            networks.start(*autoencoder.models, sample, weights, *scales)
        return autoencoder

    def _qat_copy(self, autoencoder: Autoencoder) -> Autoencoder:
        images = self._tiles.sample(_TYPICAL_TILES)
        inputs = images, np.rint(autoencoder.encoder(images))
        dtype, networks = policy_of(self._recipe.training["dtype"]), self._networks
        encoder, decoder = (
            qat_copy(model, dtype, typical if networks.start else None, networks.exact)
            for model, typical in zip(autoencoder.models, inputs, strict=True)
        )
        copy = Autoencoder(encoder, decoder, autoencoder.levels)
        copy.gains, copy.entropy_model = autoencoder.gains, autoencoder.entropy_model
        return copy

    def _train(self, copy: Autoencoder, callbacks: Sequence[Any]) -> bool:
        levels, training = self._recipe.levels, self._recipe.training
        smaller = self._recipe.data["tile"] / self._tiles.shape[0]
        try:
            with between_steps() as interruption:
                copy.train(
                    self._tiles,
                    epochs=training["epochs"],
                    batch_size=round(training["batch_size"] * smaller**2),  # as many pixels
                    rate_weight=levels["rate_weights"],
                    learning_rate=training["learning_rate"],
                    validation_data=self._held_out,
                    verbose=0,
                    options=TrainingOptions(
                        optimizer=training["optimizer"],
                        ssimulacra2=training["ssimulacra2"],
                        loss_weights=levels["loss_weights"],
                        components=training["rate_priors"],
                        cost_power=training["cost_power"],
                        callbacks=[*callbacks, interruption],
                        minutes=self._minutes,
                        backup=self.backup,
                        seed=training["seed"],
                        network_rate=1.0 if copy.gains is None else _FINE_TUNING_RATE,
                    ),
                )
        except KeyboardInterrupt:
            for callback in callbacks:
                callback.on_train_end()  # Keras does not call it
            warn("interrupted: the codec contains the current networks; use --resume to continue")
            return False
        return True

    def to_codec(self, autoencoder: Autoencoder, replace: bool) -> Codec:
        levels, priors = self._recipe.levels, self._recipe.priors
        count, images = len(levels["rate_weights"]), self._images_to_fit(autoencoder)
        if self._networks.shares_channels and not self._fitted:
            whole = self._tiles.to_measure(autoencoder.image_shape, _CENTRED_PICTURES)
            centre(autoencoder, images, count, whole)
        rdoq, epochs = read_rate_weight(priors["rdoq"]), priors["context_epochs"]
        options: dict[str, Any] = {
            "name": self._recipe.name,
            "held_out": self._held_out.to_measure(autoencoder.image_shape, _MOST_HELD_OUT),
            "priors": PriorOptions(priors["count"], levels["context_units"], epochs, rdoq),
            "replace": replace,
        }
        if self._fitted:
            arguments = autoencoder, self._folder, self._fitted, images, self._band_names
            return export_bands(*arguments, **options)
        return autoencoder.to_codec(self._folder, images, levels=count, **options)

    def _images_to_fit(self, autoencoder: Autoencoder) -> Float32:
        """Tiles for fitting the priors: larger ones have code vectors with neighbours."""
        if not self._networks.shares_channels:
            count = _MOST_FITTED // autoencoder.vectors_of(self._tiles.image_shape)
            return self._tiles.sample(count)
        larger = self._tiles.of_side(min(typical_side(self._tiles.sizes), _LARGEST_FITTED_SIDE))
        vectors, numbers = autoencoder.vectors_of(larger.image_shape), math.prod(larger.image_shape)
        count = _MOST_FITTED // vectors
        if self._fitted:
            most_in_memory = _MOST_NUMBERS // (numbers * self._fitted.phases)
            count = min(_MOST_FITTED_TO_BANDS // vectors, most_in_memory)
        tiles = larger.sample(max(1, count), _FITTED_PASSES)
        return tiles if self._fitted else with_flat_areas(tiles)


def _digest(
    recipe: Recipe, minutes: float | None, pictures: Pictures, start_from: CodecFolder | None
) -> str:
    settings = (recipe.networks, recipe.data, recipe.levels, recipe.training, minutes)
    data = pictures.sizes.tobytes() + pictures[0].tobytes()
    codec_id = start_from.spec.codec_id if start_from else b""
    return hashlib.sha256(repr(settings).encode() + data + codec_id).hexdigest()[:8]
