"""`Autoencoder`: any Keras encoder and decoder, trained together, made a codec."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from aecodec.errors import ModelError
from aecodec.spec import Level
from aecodec.training.objective import DistortionObjective, RateDistortionObjective

if TYPE_CHECKING:
    from aecodec.codec import Codec

_WARMUP_STEPS = 200
_STEP_SAMPLE = 2000


class Autoencoder:
    """An encoder and a decoder that belong together.

    Args:
        encoder: a Keras model from images in 0..1 to latents.
        decoder: a Keras model from latents to images.
        levels: how many of the code's channels (its last axis) each quality level has; all
            belong to one level unless given.

    Raises:
        ModelError: the shapes do not fit: the decoder's output must have the shape of the
            encoder's input, and the decoder's input that of the encoder's output.

    >>> from aecodec.training import mnist_decoder, mnist_encoder
    >>> Autoencoder(mnist_encoder((28, 28), (50,)), mnist_decoder((50,), (28, 28))).code_shape
    (50,)
    """

    def __init__(self, encoder: Any, decoder: Any, levels: Sequence[int] | None = None) -> None:
        _check_shapes(encoder, decoder)
        self.encoder = encoder
        self.decoder = decoder
        self.levels = tuple(levels or (self.code_shape[-1],))
        if sum(self.levels) != self.code_shape[-1]:
            raise ModelError(
                f"levels {self.levels} share out {sum(self.levels)} channels, "
                f"and the code has {self.code_shape[-1]}"
            )
        self.is_rate_trained = False

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Shape of one image."""
        return tuple(self.encoder.input_shape[1:])

    @property
    def code_shape(self) -> tuple[int, ...]:
        """Shape of the compressed representation of one image."""
        return tuple(self.encoder.output_shape[1:])

    def train(
        self,
        x: npt.NDArray[Any],
        epochs: int = 10,
        batch_size: int = 128,
        rate_weight: float | Sequence[float] | None = None,
        shares: Sequence[float] | None = None,
        priors: int = 1,
        learning_rate: float = 1e-3,
        validation_data: npt.NDArray[Any] | None = None,
        backup: Path | None = None,
        seed: int = 0,
        verbose: int = 1,
    ) -> Any:
        """Train both halves together: Adam, the learning rate falling to zero along a cosine.

        Args:
            x: (N, *image_shape) images, floats in 0..1.
            epochs: passes over `x`.
            batch_size: images a step.
            rate_weight: lambda, one a level, in squared error of a picture (pixels in 0..1,
                summed) a bit: the larger, the smaller the files. Without it the distortion alone
                is minimised, and levels differ by their quantisation step.
            shares: what each level counts in the loss beside the others; 1 each if None.
            priors: how many distributions compete to describe a code while the rate is learned.
            learning_rate: the highest.
            validation_data: (M, *image_shape) images to measure after each epoch.
            backup: a folder where each epoch's state is kept, for an interrupted run to go on.
            seed: of the shuffling and the noise.
            verbose: as in `keras.Model.fit`.

        Returns:
            The `History` of `keras.Model.fit`.

        Raises:
            ModelError: images of another shape or range.
        """
        x = self._checked(x)
        batch_size = min(batch_size, len(x))
        keras.utils.set_random_seed(seed)
        objective = self._objective(rate_weight, shares, priors)
        steps = epochs * (len(x) // batch_size)
        objective.compile(optimizer=_optimizer(learning_rate, steps), jit_compile=False)
        objective.optimizer.build(objective.trainable_variables)  # for `backup` to restore
        return objective.fit(
            _batches(x, batch_size, seed),
            epochs=epochs,
            validation_data=None
            if validation_data is None
            else _in_order(self._checked(validation_data), batch_size),
            shuffle=False,  # the data set does it
            callbacks=[_backup(backup)] if backup else None,
            verbose=verbose,
        )

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
        priors: int = 64,
        context_units: int = 512,
    ) -> Codec:
        """Quantize both halves, fit the priors, and write a codec folder.

        Args:
            folder: where; made if it does not exist.
            x: (N, *image_shape) images in 0..1 to calibrate and fit on: the training set.
            name: the codec's name.
            held_out: images to measure on, for `aecodec codecs` to show; every tenth of `x` if
                None.
            priors: P, how many distributions compete.
            context_units: of the network that refines them, channel by channel; 0 for none.

        Returns:
            The codec.

        Raises:
            ModelError: the models cannot be quantized.
        """
        from aecodec.codec import Codec
        from aecodec.export.codec_folder import export_codec

        step, levels = self.quantization(x)
        exported = export_codec(
            self.encoder,
            self.decoder,
            Path(folder),
            name=name,
            step=step,
            levels=levels,
            images=self._checked(x),
            held_out=self._checked(x[::10] if held_out is None else held_out),
            priors=priors,
            context_units=context_units,
        )
        return Codec(exported)

    def quantization(self, x: npt.NDArray[Any]) -> tuple[float, tuple[Level, ...]]:
        """The quantisation step of the network's integers, and the levels.

        Levels with channels of their own were trained at a step of 1. Where all channels belong
        to one level, the middle one of three levels has the step that the rate was trained at, or
        else the largest that adds little to the squared error; level 1 has 5/3 and level 3 has
        1/3 of it.
        """
        if len(self.levels) > 1:
            stops = np.cumsum(self.levels).tolist()
            return 1.0, tuple(Level(b - k, b) for b, k in zip(stops, self.levels, strict=True))
        sample = self._checked(x)[:_STEP_SAMPLE]
        latents = self.encoder.predict(sample, verbose=0)
        middle = 1.0 if self.is_rate_trained else self._harmless_step(sample, latents)
        step = max(middle / 3, float(np.abs(latents).max()) / 127)
        return step, tuple(Level(0, self.levels[0], multiple) for multiple in (5, 3, 1))

    def _harmless_step(self, images: npt.NDArray[Any], latents: npt.NDArray[Any]) -> float:
        """The largest step of a geometric row that adds a tenth to the squared error at most."""
        widest = float(np.abs(latents).max()) or 1.0
        allowed = 1.1 * self._squared_error(images, latents)
        for step in widest * 2.0 ** -np.arange(0, 10, 0.25):
            if self._squared_error(images, np.rint(latents / step) * step) <= allowed:
                break
        return float(step)

    def _squared_error(self, images: npt.NDArray[Any], latents: npt.NDArray[Any]) -> float:
        return float(np.mean((self.decoder.predict(latents, verbose=0) - images) ** 2))

    def _objective(
        self,
        rate_weight: float | Sequence[float] | None,
        shares: Sequence[float] | None,
        priors: int,
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
        if not len(shares) == len(weights) == len(self.levels):
            raise ModelError(
                f"{len(weights)} rate weights and {len(shares)} shares "
                f"for {len(self.levels)} levels"
            )
        return RateDistortionObjective(
            self.encoder, self.decoder, self.levels, weights, shares, priors
        )

    def _checked(self, x: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        if x.shape[1:] != self.image_shape:
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


def _optimizer(learning_rate: float, steps: int) -> Any:
    warmup = min(_WARMUP_STEPS, max(1, steps // 10))
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warmup), warmup_target=learning_rate, warmup_steps=warmup
    )
    return keras.optimizers.Adam(schedule, beta_2=0.99)


def _backup(folder: Path) -> Any:
    """Kept after the last epoch too: what comes then may fail and be tried again."""
    return keras.callbacks.BackupAndRestore(folder, delete_checkpoint=False)


def _batches(x: npt.NDArray[np.float32], batch_size: int, seed: int) -> Any:
    data = tf.data.Dataset.from_tensor_slices(x).shuffle(len(x), seed=seed)
    return data.batch(batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def _in_order(x: npt.NDArray[np.float32], batch_size: int) -> Any:
    return tf.data.Dataset.from_tensor_slices(x).batch(batch_size)
