"""`Autoencoder`: any Keras encoder and decoder, trained together, made a codec."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from aecodec.errors import ModelError
from aecodec.levels import GAIN_UNITS, LEAST_GAIN, Level
from aecodec.parallel import cores
from aecodec.training.data import ArrayPictures, Tiles, as_floats
from aecodec.training.models import as_functional, rescaled
from aecodec.training.objective import (
    DistortionObjective,
    GainedObjective,
    RateDistortionObjective,
)
from aecodec.training.optimizer import optimizer_of
from aecodec.training.pace import Backup, Pace, epochs_done
from aecodec.training.precision import policy_in
from aecodec.training.steps import channel_steps

if TYPE_CHECKING:
    from aecodec.codec import Codec

_ENDLESS = 1 << 40
_AHEAD = 2
"""Batches that are ready before they are asked for."""

_STEP_SAMPLE = 500
_LARGEST_CODE = 127
_FINENESS = 3
"""Steps of the network's integers in the smallest quantisation step, where there are gains. Odd, so
that what is rounded to the one and then to the other is rounded to nearest."""


class Autoencoder:
    """An encoder and a decoder that belong together.

    Args:
        encoder: a Keras model from images in 0..1 to latents.
        decoder: a Keras model from latents to images.
        levels: how many of the code's channels (its last axis) each quality level has; all
            belong to one level, or are shared by all levels, unless given.

    Raises:
        ModelError: the shapes do not fit: the decoder's output must have the shape of the
            encoder's input, and the decoder's input that of the encoder's output.

    >>> from aecodec.training import mnist_decoder, mnist_encoder
    >>> Autoencoder(mnist_encoder((28, 28), (50,)), mnist_decoder((50,), (28, 28))).code_shape
    (50,)
    """

    def __init__(self, encoder: Any, decoder: Any, levels: Sequence[int] | None = None) -> None:
        self.encoder, self.decoder = as_functional(encoder), as_functional(decoder)
        _check_shapes(self.encoder, self.decoder)
        self.levels = tuple(levels or (self.code_shape[-1],))
        if sum(self.levels) != self.code_shape[-1]:
            raise ModelError(
                f"levels {self.levels} share out {sum(self.levels)} channels, "
                f"and the code has {self.code_shape[-1]}"
            )
        self.is_rate_trained = False
        self.gains: npt.NDArray[np.float32] | None = None

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Shape of one image; sides are None for models that take any size."""
        return tuple(self.encoder.input_shape[1:])

    @property
    def code_shape(self) -> tuple[int, ...]:
        """Shape of the compressed representation of one image."""
        return tuple(self.encoder.output_shape[1:])

    def vectors_of(self, tile_shape: tuple[int, ...]) -> int:
        """How many code vectors a tile of (height, width, channels) has."""
        taken = (1, *tile_shape[: len(self.image_shape)])
        return math.prod(self.encoder.compute_output_shape(taken)[1:-1])

    def train(
        self,
        x: npt.NDArray[Any] | Tiles,
        epochs: int = 10,
        batch_size: int = 128,
        rate_weight: float | Sequence[float] | None = None,
        shares: Sequence[float] | None = None,
        priors: int = 1,
        learning_rate: float = 1e-3,
        optimizer: str = "adam",
        cost_power: float = 1.0,
        validation_data: npt.NDArray[Any] | None = None,
        minutes: float | None = None,
        backup: Path | None = None,
        callbacks: Sequence[Any] = (),
        seed: int = 0,
        verbose: int = 1,
    ) -> Any:
        """Train both halves together, the learning rate falling to zero along a cosine.

        Args:
            x: (N, *image_shape) images, floats in 0..1; or tiles cut out of pictures.
            epochs: passes over `x`.
            batch_size: images a step.
            rate_weight: lambda, one a level, in squared error of a picture (pixels in 0..1,
                summed) a bit: the larger, the smaller the files. Several for an autoencoder of
                one share of channels and grids of vectors give levels that differ by gains.
                Without it the distortion alone is minimised, and levels differ by their
                quantisation step.
            shares: what each level counts in the loss beside the others; 1 each if None.
            priors: how many distributions compete to describe a code while the rate is learned.
            learning_rate: the highest.
            optimizer: `adam`, or `muon`, which learns more from deep networks of photographs.
            cost_power: above 0, what each picture's distortion and rate together are raised to,
                where the rate is learned. With 1 the squared error of all pictures together becomes
                least, and the hard ones matter most; the smaller, the more each counts alike, as
                in a mean of PSNRs.
            validation_data: (M, *image_shape) images to measure after each epoch.
            minutes: train for so long, whatever `epochs` says.
            backup: a folder where each epoch's state is kept, for an interrupted run to go on.
            callbacks: of Keras, besides.
            seed: of the shuffling and the noise.
            verbose: as in `keras.Model.fit`.

        Returns:
            The `History` of `keras.Model.fit`.

        Raises:
            ModelError: images of another shape or range.
            UsageError: no such optimizer.
        """
        tiles = x if isinstance(x, Tiles) else self._tiles(x, seed)
        batch_size = min(batch_size, len(tiles))
        steps = len(tiles) // batch_size
        keras.utils.set_random_seed(seed)
        objective = self._objective(rate_weight, shares, priors, cost_power)
        if rate_weight is not None:
            objective.start_from(self._shaped(tiles.sample(_STEP_SAMPLE)))
        objective.compile(optimizer_of(optimizer, policy_in(self.encoder)), jit_compile=False)
        objective.optimizer.build(objective.trainable_variables)  # for `backup` to restore
        pace = Pace(learning_rate, None if minutes else epochs * steps, minutes)
        try:
            return objective.fit(
                self._batches(tiles, batch_size, steps * (epochs_done(backup) if backup else 0)),
                epochs=_ENDLESS if minutes else epochs,
                steps_per_epoch=steps,
                validation_data=None
                if validation_data is None
                else _in_order(self._checked(validation_data), batch_size),
                shuffle=False,  # the batches are
                callbacks=[*([Backup(backup)] if backup else []), pace, *callbacks],
                verbose=verbose,
            )
        finally:  # interrupted or not
            self.gains = getattr(objective, "gains", None)

    def _tiles(self, x: npt.NDArray[Any], seed: int) -> Tiles:
        pictures = ArrayPictures(self._checked(x))
        return Tiles(pictures, x.shape[1:3], (*x.shape[1:], 1)[2], seed=seed)

    def _shaped(self, tiles: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(N, h, w, C) without the last axis for an encoder that takes (h, w)."""
        return tiles.reshape(tiles.shape[: len(self.image_shape) + 1])

    def _batches(self, tiles: Tiles, batch_size: int, first: int) -> Any:
        """Batches of floats from a step on, made in parallel, the same for the same seed."""
        shape = (batch_size, *tiles.shape[: len(self.image_shape)])

        def made(step: Any) -> Any:
            return self._shaped(as_floats(tiles.batch(int(step), batch_size)))

        def batch(step: Any) -> Any:
            return tf.ensure_shape(tf.numpy_function(made, [step], tf.float32), shape)

        steps = tf.data.Dataset.range(first, _ENDLESS)
        return _untuned(steps.map(batch, cores()).prefetch(_AHEAD))

    def save_models(self, name: str, folder: Path | str = ".") -> tuple[Path, Path]:
        """Write `encoder{name}.hdf5` and `decoder{name}.hdf5`, which Keras opens.

        Returns:
            Their paths.
        """
        from aecodec.export.hdf5 import hdf5_bytes

        paths = Path(folder) / f"encoder{name}.hdf5", Path(folder) / f"decoder{name}.hdf5"
        for path, model in zip(paths, (self.encoder, self.decoder), strict=True):
            path.write_bytes(hdf5_bytes(model))
        return paths

    def to_codec(
        self,
        folder: Path | str,
        x: npt.NDArray[Any],
        name: str = "custom",
        held_out: npt.NDArray[Any] | None = None,
        levels: int = 3,
        priors: int = 64,
        context_units: int | Sequence[int] = 512,
        context_epochs: int = 40,
    ) -> Codec:
        """Quantize both halves, fit the priors, and write a codec folder.

        Args:
            folder: where; made if it does not exist.
            x: (N, *image_shape) images in 0..1 to calibrate and fit on: the training set.
            name: the codec's name.
            held_out: images to measure on, for `aecodec codecs` to show; every tenth of `x` if
                None.
            levels: how many, if they share their channels.
            priors: P, how many distributions compete.
            context_units: of the network that refines them, channel by channel; of each level, or
                the same for all. 0 for none.
            context_epochs: how long that is trained.

        Returns:
            The codec.

        Raises:
            ModelError: the models cannot be quantized.
        """
        from aecodec.codec import Codec
        from aecodec.export.codec_folder import export_codec

        images = self._checked(x)
        steps, stages = self.quantization(images, levels)
        pair = self.encoder, self.decoder
        exported = export_codec(
            *(pair if (steps == 1).all() else rescaled(*pair, steps)),
            Path(folder),
            name=name,
            levels=stages,
            images=images,
            held_out=self._checked(x[::10] if held_out is None else held_out),
            priors=priors,
            context_units=context_units,
            context_epochs=context_epochs,
        )
        return Codec(exported)

    def quantization(
        self, x: npt.NDArray[Any], levels: int = 3
    ) -> tuple[npt.NDArray[np.float32], tuple[Level, ...]]:
        """The quantisation steps of the code's channels (K,), and the levels.

        Levels with channels of their own were trained at steps of 1. Where all channels belong
        to one level, the middle one of `levels` levels has the step that the rate was trained at,
        or else the largest ones that add little to the squared error; the others' steps are in
        the ratio of odd numbers: for three levels 5, 3 and 1.
        """
        if self.gains is not None:
            return self._gained(x, self.gains)
        if len(self.levels) > 1:
            stops = np.cumsum(self.levels).tolist()
            ones = np.ones(stops[-1], np.float32)
            return ones, tuple(Level(b - k, b) for b, k in zip(stops, self.levels, strict=True))
        multiples = range(2 * levels - 1, 0, -2)
        sample = self._checked(x)[:_STEP_SAMPLE]
        latents = self.encoder.predict(sample, verbose=0)
        middle = (
            np.ones(self.levels[0], np.float32)
            if self.is_rate_trained
            else channel_steps(self.decoder, sample, latents)
        )
        largest = np.abs(latents).max(axis=tuple(range(latents.ndim - 1)))
        steps = np.maximum(middle / multiples[(levels - 1) // 2], largest / _LARGEST_CODE)
        return steps, tuple(Level(0, self.levels[0], multiple) for multiple in multiples)

    def _gained(
        self, x: npt.NDArray[Any], gains: npt.NDArray[np.float32]
    ) -> tuple[npt.NDArray[np.float32], tuple[Level, ...]]:
        """Steps of the network's integers, finer than those of the best level where int8 allows."""
        latents = self.encoder.predict(self._checked(x), verbose=0)
        largest = np.abs(latents).max(axis=tuple(range(latents.ndim - 1)))
        steps = np.maximum(1 / gains.max(axis=0) / _FINENESS, largest / _LARGEST_CODE)
        logarithms = np.rint(GAIN_UNITS * np.log2(gains * steps)).clip(LEAST_GAIN, 0)
        levels = [Level(0, self.levels[0], gains=tuple(map(int, each))) for each in logarithms]
        return steps, tuple(levels)

    def _objective(
        self,
        rate_weight: float | Sequence[float] | None,
        shares: Sequence[float] | None,
        priors: int,
        cost_power: float,
    ) -> Any:
        self.is_rate_trained = rate_weight is not None
        if rate_weight is None and len(self.levels) > 1:
            raise ModelError(
                f"{len(self.levels)} levels with channels of their own: give each a rate weight"
            )
        if rate_weight is None:
            return DistortionObjective(self.encoder, self.decoder)
        weights = [float(w) for w in np.atleast_1d(rate_weight)]
        shares = shares or [1.0] * len(weights)
        if len(weights) == len(shares) > len(self.levels) == 1 and len(self.code_shape) == 3:
            is_gained = self.gains is not None and len(self.gains) == len(weights)
            gains = self.gains if is_gained else None
            return GainedObjective(self.encoder, self.decoder, weights, shares, gains, cost_power)
        if not len(shares) == len(weights) == len(self.levels):
            raise ModelError(
                f"{len(weights)} rate weights and {len(shares)} shares "
                f"for {len(self.levels)} levels"
            )
        return RateDistortionObjective(
            self.encoder, self.decoder, self.levels, weights, shares, priors, cost_power
        )

    def _checked(self, x: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        if len(self.image_shape) == 2 and x.ndim == 4 and x.shape[-1] == 1:
            x = x[..., 0]
        if not _is_of_shape(x.shape[1:], self.image_shape):
            raise ModelError(f"images of shape {x.shape[1:]}: the encoder takes {self.image_shape}")
        if not (len(x) and x.min() >= 0 and x.max() <= 1):
            raise ModelError("images must be floats in 0..1, and one at least: divide them by 255")
        return np.asarray(x, np.float32)


def _check_shapes(encoder: Any, decoder: Any) -> None:
    if encoder.input_shape != decoder.output_shape:
        raise ModelError(
            f"the decoder gives {decoder.output_shape[1:]}, and the encoder takes "
            f"{encoder.input_shape[1:]}: these two shapes must be equal"
        )
    if encoder.output_shape != decoder.input_shape:
        raise ModelError(
            f"the encoder gives {encoder.output_shape[1:]}, and the decoder takes "
            f"{decoder.input_shape[1:]}: these two shapes must be equal"
        )


def _is_of_shape(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    """Whether a shape is the expected one, None standing for any number."""
    return len(shape) == len(expected) and all(
        side in (None, found) for side, found in zip(expected, shape, strict=True)
    )


def _in_order(x: npt.NDArray[np.float32], batch_size: int) -> Any:
    return _untuned(tf.data.Dataset.from_tensor_slices(x).batch(batch_size))


def _untuned(batches: Any) -> Any:
    """As they are: the thread that tunes a pipeline sleeps for up to a minute after its end, and
    TensorFlow waits for it.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)
