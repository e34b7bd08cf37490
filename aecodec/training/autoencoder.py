"""`Autoencoder`: a Keras encoder and decoder that are trained together and become a codec."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from aecodec.arrays import Float32
from aecodec.atomic import write_file
from aecodec.codec.codec import Codec
from aecodec.codec_files.folder import check_target
from aecodec.datasets.pictures import ArrayPictures
from aecodec.datasets.scenes import BandTiles
from aecodec.datasets.tiles import Tiles
from aecodec.errors import ModelError
from aecodec.export.codec_folder import export_codec
from aecodec.export.held_out import PixelCoding
from aecodec.export.image_shape import check_is_picture
from aecodec.export.step_allocation import gained_steps, in_steps, separate_steps, shared_steps
from aecodec.export.tflite.conversion import check_pair_convertible
from aecodec.keras_models.model_files import hdf5_bytes
from aecodec.keras_models.pair import KerasPair
from aecodec.parallel import cores
from aecodec.prior_fitting.fitting import PriorOptions
from aecodec.training.callbacks import Progress, Schedule, checkpoints_in
from aecodec.training.distortions import check_sides_for_ssimulacra2
from aecodec.training.losses import (
    DistortionLoss,
    GainedRateDistortionLoss,
    RateDistortionLoss,
    TrainingOptions,
)
from aecodec.training.optimizers import optimizer_of
from aecodec.training.quantization_aware import product_dtype

ENDLESS = 1 << 40
_PREFETCHED = 2


def shaped_for(pair: KerasPair, tiles: Float32) -> Float32:
    """Tiles (N, h, w, C) in the encoder's input shape, which may lack the last axis."""
    return tiles.reshape(tiles.shape[: len(pair.image_shape) + 1])


def batches_of(tiles: Tiles, pair: KerasPair, batch_size: int, start: int) -> Any:
    """Endless batches of tiles for a pair's encoder, from the batch with the number `start`."""
    shape = shaped_for(pair, tiles.batch(start, batch_size)).shape

    def array(step: Any) -> Float32:
        return shaped_for(pair, tiles.batch(int(step), batch_size))

    def batch(step: Any) -> Any:
        return tf.ensure_shape(tf.numpy_function(array, [step], tf.float32), shape)

    steps = tf.data.Dataset.range(start, ENDLESS)
    return _without_tuning(steps.map(batch, cores()).prefetch(_PREFETCHED))


def in_order(images: Float32, batch_size: int) -> Any:
    return _without_tuning(tf.data.Dataset.from_tensor_slices(images).batch(batch_size))


def _without_tuning(batches: Any) -> Any:
    """Disable tuning, whose thread TensorFlow waits for up to a minute after the pipeline ends."""
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)


_STARTING_TILES = 500
_MOST_VALIDATED = 2_000_000


_DEFAULT, _PRIORS = TrainingOptions(), PriorOptions()


class Autoencoder(KerasPair):
    """A trainable pair of an encoder and a decoder.

    Args:
        encoder: Keras model from images in 0..1 to latents.
        decoder: Keras model from latents to images.
        levels: for each quality level, the number of channels of the latents (their last axis). If
            None, all channels belong to a single level, or all levels share them.

    Attributes:
        levels: number of channels of each level.
        gains: (L, K) factors by which latents are multiplied at each level; None without gains.
        entropy_model: weights with which the loss begins to predict the latents; None for random
            weights.

    Raises:
        ModelError: the output of a model has not the shape of the other model's input.
    """

    def __init__(self, encoder: Any, decoder: Any, levels: Sequence[int] | None = None) -> None:
        super().__init__(encoder, decoder)
        self.levels = tuple(levels or (self.code_dimension,))
        if sum(self.levels) != self.code_dimension:
            raise ModelError(
                f"levels {self.levels} have {sum(self.levels)} channels together, but the latents "
                f"have {self.code_dimension}: give numbers with that sum"
            )
        self.is_rate_trained = False
        self.gains: Float32 | None = None
        self.entropy_model: Sequence[Float32] | None = None

    def train(
        self,
        x: npt.NDArray[Any] | Tiles,
        epochs: int = 10,
        batch_size: int = 128,
        rate_weight: float | Sequence[float] | None = None,
        learning_rate: float = 1e-3,
        validation_data: npt.NDArray[Any] | Tiles | None = None,
        verbose: int = 1,
        options: TrainingOptions = _DEFAULT,
    ) -> Any:
        """Train both halves together. The learning rate falls to zero along a cosine.

        Args:
            x: (N, *image_shape) images in 0..1, or tiles cut out of pictures.
            epochs: passes over `x`.
            batch_size: images per step.
            rate_weight: lambda, one per level, in squared error of a picture (pixels in 0..1,
                summed) per bit. A larger lambda makes smaller files. If the levels share their
                channels and the latents are grids of vectors, several lambdas make levels that
                differ in gains. Without lambda, only the distortion is minimized, and levels differ
                in their quantization step.
            learning_rate: the highest learning rate.
            validation_data: (M, *image_shape) images to measure after each epoch, or their tiles.
            verbose: as in `keras.Model.fit`. A training of several minutes has no number of epochs
                to show, and prints the finished share and the remaining time instead.
            options: optimizer, distortion, duration, seed and other details.

        Returns:
            The `History` of `keras.Model.fit`.

        Raises:
            ModelError: the shape or range of the images is wrong, the numbers of levels and rate
                weights differ, or TFLite lacks operators for the models, so that they cannot become
                a codec.
            UsageError: the optimizer does not exist, or the images are too small for SSIMULACRA 2.
        """
        if not isinstance(x, BandTiles):
            check_is_picture(self.encoder.input_shape[1:])
        if product_dtype(self.encoder) == "float32":  # else a copy is converted later
            check_pair_convertible(self)
        if isinstance(x, Tiles):
            tiles = x
        else:
            pictures, channels = ArrayPictures(self.checked(x)), (*x.shape[1:], 1)[2]
            tiles = Tiles(pictures, x.shape[1:3], channels, seed=options.seed)
        batch_size = min(batch_size, len(tiles))
        steps = len(tiles) // batch_size
        keras.utils.set_random_seed(options.seed)
        loss = self._loss(rate_weight, options, tiles)
        loss.compile(
            optimizer_of(options.optimizer, product_dtype(self.encoder), options.network_rate),
            jit_compile=False,
        )
        loss.optimizer.build(loss.trainable_variables)  # for a checkpoint to restore
        minutes = options.minutes
        schedule = Schedule(learning_rate, None if minutes else epochs * steps, minutes)
        progress = [Progress(sys.stdout)] if minutes and verbose else []
        try:
            with checkpoints_in(options.backup, loss) as checkpoints:
                finished_steps = int(loss.optimizer.iterations)
                return loss.fit(
                    batches_of(tiles, self, batch_size, finished_steps),
                    initial_epoch=finished_steps // steps,
                    epochs=ENDLESS if minutes else epochs,
                    steps_per_epoch=steps,
                    validation_data=self._validation_batches(validation_data, batch_size),
                    shuffle=False,  # the batches are shuffled
                    callbacks=[*checkpoints, schedule, *progress, *options.callbacks],
                    verbose=0 if minutes else verbose,
                )
        finally:  # interrupted or not
            self.gains = loss.gains

    def _validation_batches(self, x: npt.NDArray[Any] | Tiles | None, batch_size: int) -> Any:
        if isinstance(x, Tiles):
            tiles = x.validation(max(1, _MOST_VALIDATED // math.prod(x.image_shape)))
            return in_order(shaped_for(self, tiles), batch_size)
        return None if x is None else in_order(self.checked(x), batch_size)

    def _loss(
        self, rate_weight: float | Sequence[float] | None, options: TrainingOptions, tiles: Tiles
    ) -> Any:
        check_sides_for_ssimulacra2(options.ssimulacra2, *tiles.shape[:2])
        self.is_rate_trained = rate_weight is not None
        if rate_weight is None:
            if len(self.levels) > 1:
                raise ModelError(
                    f"{len(self.levels)} levels have separate channels: give a rate weight for "
                    "each level"
                )
            return DistortionLoss(self, options)
        weights = np.atleast_1d(rate_weight).astype(float).tolist()
        counts = len(weights), len(options.weights_of(len(weights)))
        if counts[0] == counts[1] > len(self.levels) == 1 and len(self.code_shape) == 3:
            gains = self.gains if self.gains is not None and len(self.gains) == counts[0] else None
            is_weighted = isinstance(tiles, BandTiles)
            loss: Any = GainedRateDistortionLoss(self, weights, options, gains, is_weighted)
        elif set(counts) != {len(self.levels)}:
            raise ModelError(
                f"{counts[0]} rate weights and {counts[1]} loss weights for {len(self.levels)} "
                "levels: give one of each per level"
            )
        else:
            loss = RateDistortionLoss(self, self.levels, weights, options)
        loss.start_from(shaped_for(self, tiles.sample(_STARTING_TILES)))
        if self.entropy_model:
            loss.entropy_model.copy(self.entropy_model)
        return loss

    def save_models(self, name: str, folder: Path | str = ".") -> tuple[Path, Path]:
        """Write `encoder{name}.hdf5` and `decoder{name}.hdf5` for Keras, and return both paths."""
        paths = Path(folder) / f"encoder{name}.hdf5", Path(folder) / f"decoder{name}.hdf5"
        for path, model in zip(paths, (self.encoder, self.decoder), strict=True):
            write_file(path, hdf5_bytes(model), replace=True)
        return paths

    def to_codec(
        self,
        folder: Path | str,
        x: npt.NDArray[Any],
        name: str = "custom",
        held_out: npt.NDArray[Any] | Sequence[npt.NDArray[Any]] | None = None,
        levels: int = 3,
        priors: PriorOptions = _PRIORS,
        *,
        replace: bool = False,
    ) -> Codec:
        """Quantize both halves, fit the priors, and write the codec to a folder.

        Args:
            folder: output folder; created if it does not exist.
            x: (N, *image_shape) images in 0..1 for calibration and fitting: the training set.
            name: name of the codec.
            held_out: (M, *image_shape) images for the measurements that `aecodec codecs` shows, or
                several arrays of images with different sizes; every tenth image of `x` if None.
            levels: number of levels, if they share their channels.
            priors: number of priors, context networks and weight of bits.
            replace: replace an existing codec in the folder, whose files can then no longer be
                decompressed.

        Raises:
            ModelError: the models cannot be quantized.
            UsageError: the folder contains a codec, and `replace` is False.
            AecodecError: the folder cannot be written.
        """
        check_target(Path(folder), name, replace=replace)
        images, measured = self.checked(x), x[::10] if held_out is None else held_out
        arrays = [measured] if isinstance(measured, np.ndarray) else measured
        if self.gains is not None:
            steps, all_levels = gained_steps(self, images, self.gains)
        elif len(self.levels) > 1:
            steps, all_levels = separate_steps(self.levels)
        else:
            steps, all_levels = shared_steps(self, images, levels, self.is_rate_trained)
        exported = export_codec(
            in_steps(self, steps),
            Path(folder),
            name=name,
            levels=all_levels,
            images=images,
            held_out=PixelCoding(map(self.checked, arrays)),
            priors=priors,
            replace=replace,
        )
        return Codec(exported)
