"""`Autoencoder`: a Keras encoder and decoder that are trained together and become a codec."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Float32
from aecodec.base.atomic import write_file
from aecodec.base.errors import ModelError
from aecodec.codec.codec import Codec
from aecodec.codec_files.folder import check_target
from aecodec.datasets.scenes import BandTiles
from aecodec.datasets.tiles import Tiles
from aecodec.export.codec_folder import export_codec
from aecodec.export.held_out import PixelCoding
from aecodec.export.image_shape import check_is_picture
from aecodec.export.step_allocation import gained_steps, in_steps, separate_steps, shared_steps
from aecodec.export.tflite.conversion import check_pair_convertible
from aecodec.keras_models.model_files import hdf5_bytes
from aecodec.keras_models.pair import KerasPair
from aecodec.prior_fitting.fitting import PriorOptions
from aecodec.training.callbacks import BestEpoch, Progress, Schedule, checkpoints_in
from aecodec.training.distortions import check_sides_for_ssimulacra2
from aecodec.training.inputs import ENDLESS, Data, data_of, images_of, shaped_for, unwrapped
from aecodec.training.losses import (
    DistortionLoss,
    GainedRateDistortionLoss,
    RateDistortionLoss,
    TrainingOptions,
)
from aecodec.training.optimizers import optimizer_of
from aecodec.training.quantization_aware import product_dtype

_STARTING_TILES = 500
_LEARNING_RATE = 1e-3

_DEFAULT, _PRIORS = TrainingOptions(), PriorOptions()
_SETS_RATE = keras.callbacks.ReduceLROnPlateau | keras.callbacks.LearningRateScheduler


def _schedule(learning_rate: Any, options: TrainingOptions, steps: int) -> Schedule:
    """The usual cosine, unless the optimizer, a schedule or a callback sets the learning rate."""
    is_cosine = isinstance(options.optimizer, str) and isinstance(learning_rate, float | None)
    is_cosine = is_cosine and not any(isinstance(c, _SETS_RATE) for c in options.callbacks)
    highest = (learning_rate or _LEARNING_RATE) if is_cosine else None
    return Schedule(highest, None if options.minutes else steps, options.minutes)


class Autoencoder(KerasPair):
    """A trainable pair of an encoder and a decoder.

    Args:
        encoder: Keras model from images in 0..1 to latents.
        decoder: Keras model from latents to images.
        levels: for each quality level, its number of channels of the latents (their last axis). If
            None, all channels belong to a single level, or all levels share them.

    Attributes:
        levels: number of channels of each level.
        gains: (L, K) factors by which latents are multiplied at each level; None without gains.
        entropy_model: initial weights of the loss's model of the latents; None for random weights.

    Raises:
        ModelError: the output shape of a model differs from the input shape of the other model.
    """

    def __init__(self, encoder: Any, decoder: Any, levels: Sequence[int] | None = None) -> None:
        super().__init__(encoder, decoder)
        self.levels = tuple(levels or (self.code_dimension,))
        if sum(self.levels) != self.code_dimension:
            raise ModelError(
                f"levels {self.levels} have {sum(self.levels)} channels in total, but the latents "
                f"have {self.code_dimension}: use numbers that add up to {self.code_dimension}"
            )
        self.is_rate_trained = False
        self.gains: Float32 | None = None
        self.entropy_model: Sequence[Float32] | None = None

    def train(
        self,
        x: Any,
        epochs: int = 10,
        batch_size: int | None = None,
        rate_weight: float | Sequence[float] | None = None,
        learning_rate: Any = None,
        validation_data: Any = None,
        options: TrainingOptions = _DEFAULT,
        **changes: Any,
    ) -> Any:
        """Train both halves together, and keep the weights of the epoch with the smallest loss.

        If there are held-out images, their loss decides. The order of the images depends only on
        their order in `x` and on the seed, so an array, a data set and a folder with the same
        images produce the same history.

        Args:
            x: an array of images (N, *image_shape) in 0..1; a `tf.data.Dataset`, a
                `keras.utils.PyDataset`, a generator or other iterable of batches of such images,
                with or without targets, which are ignored; or the path of a folder, of an image or
                of an `.npy` or `.npz` file with uint8 images, or a list of paths of images. Images
                in files are cut to the encoder's input shape, or to squares of at most 192 pixels.
                Data sets are read into memory once, and then shuffled.
            epochs: passes over `x`.
            batch_size: images per step. If None, the batch size of a data set, or else 128.
            rate_weight: lambda of each level: the squared error of a picture (pixels in 0..1,
                summed) that one bit is worth. A larger lambda makes smaller files. If the levels
                share their channels and the latents are grids of vectors, several lambdas make
                levels that differ in gains. Without lambdas, training minimizes only the
                distortion, and levels differ in their quantization step.
            learning_rate: the highest learning rate, by default 1e-3, which falls to zero along a
                cosine; or a Keras schedule. With an optimizer object, the rate is constant, by
                default the optimizer's own. With `ReduceLROnPlateau` or `LearningRateScheduler`,
                only the callback changes the rate.
            validation_data: images to measure after each epoch, in any form that `x` accepts.
            options: optimizer, distortion, duration, seed and other details.
            **changes: attributes of `options` to change, for example
                `callbacks=[keras.callbacks.EarlyStopping()]`.

        Returns:
            The `History` of `keras.Model.fit`, with `loss`, `val_loss` and `learning_rate`.

        Raises:
            ModelError: the shape or range of the images is wrong; the numbers of levels and rate
                weights differ; the models cannot become a codec, because TFLite lacks operators for
                them; or the loss becomes infinite in the first epoch.
            ImageError: a folder has no images.
            UsageError: the optimizer does not exist, the images are too small for SSIMULACRA 2, or
                a data set has no end.
        """
        options = replace(options, **changes)
        if not isinstance(x, BandTiles):
            check_is_picture(self.encoder.input_shape[1:])
        data = data_of(self, x, validation_data, batch_size, options)
        if product_dtype(self.encoder) == "float32":  # else a copy is converted later
            check_pair_convertible(self)
        keras.utils.set_random_seed(options.seed)
        loss = self._loss(rate_weight, options, data.tiles)
        dtype, network_rate = product_dtype(self.encoder), options.network_rate
        optimizer = optimizer_of(options.optimizer, dtype, network_rate, learning_rate)
        loss.compile(optimizer, jit_compile=False)
        loss.optimizer.build(loss.trainable_variables)  # for a checkpoint to restore
        schedule = _schedule(learning_rate, options, epochs * data.steps)
        try:
            return self._fit(loss, data, epochs, schedule, options)
        finally:  # interrupted or not
            self.gains = loss.gains

    def _fit(
        self, loss: Any, data: Data, epochs: int, schedule: Schedule, options: TrainingOptions
    ) -> Any:
        minutes, best, errors = options.minutes, BestEpoch(loss), list[Exception]()
        progress = [Progress()] if minutes and options.verbose else []
        state = [*loss.weights, *loss.optimizer.variables, *best.state]
        with checkpoints_in(options.backup, state) as checkpoints, unwrapped(errors):
            finished_steps = int(loss.optimizer.iterations)
            return loss.fit(
                data.batches(self, finished_steps, errors),
                initial_epoch=finished_steps // data.steps,
                epochs=ENDLESS if minutes else epochs,
                steps_per_epoch=data.steps,
                validation_data=data.validation(),
                shuffle=False,  # the batches are shuffled
                callbacks=[schedule, best, *progress, *options.callbacks, *checkpoints],
                verbose=0 if minutes else options.verbose,
            )

    def _loss(
        self, rate_weight: float | Sequence[float] | None, options: TrainingOptions, tiles: Tiles
    ) -> Any:
        check_sides_for_ssimulacra2(options.ssimulacra2, *tiles.shape[:2])
        self.is_rate_trained = rate_weight is not None
        if rate_weight is None:
            if len(self.levels) > 1:
                raise ModelError(
                    f"all {len(self.levels)} levels have their own channels: set a rate weight for "
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
                "levels: set one of each per level"
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
        x: Any,
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
            x: (N, *image_shape) images in 0..1 for calibration and fitting: the training set, in
                any form that :meth:`train` accepts.
            name: name of the codec.
            held_out: (M, *image_shape) images for the measurements that `aecodec codecs` shows, or
                several arrays of images with different sizes; every tenth image of `x` if None.
            levels: number of levels, if they share their channels.
            priors: number of priors, context networks and weight of bits.
            replace: replace an existing codec in the folder. You can then no longer decompress
                files of the old codec.

        Raises:
            ModelError: the models cannot be quantized.
            UsageError: the folder contains a codec, and `replace` is False.
            AecodecError: the folder cannot be written.
        """
        check_target(Path(folder), name, replace=replace)
        images = images_of(x, self)
        measured = images[::10] if held_out is None else held_out
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
