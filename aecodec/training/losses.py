"""Options of a training run, and losses: only distortion, or also the rate of several levels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aecodec.base.arrays import Float32
from aecodec.keras_models.pair import KerasPair
from aecodec.keras_models.roles import Role, set_role
from aecodec.prior_fitting.trainable_context import logistic_mass
from aecodec.training.distortions import mean_squares, ssimulacra2_error
from aecodec.training.entropy_model import SpatialEntropyModel
from aecodec.training.quantization_aware import product_dtype

_SOFT_ROUNDING = 4.0
"""Hardness of the soft rounding: 0 for no rounding, infinite for exact rounding."""


@dataclass(frozen=True)
class TrainingOptions:
    """Details of a training run.

    Attributes:
        optimizer: `adam`; `muon`, which is better for deep networks and photographs; the name of a
            Keras optimizer; or a Keras optimizer object.
        ssimulacra2: weight of SSIMULACRA 2 in the distortion, in addition to the squared error of
            pixels in 0..1; see :mod:`aecodec.training.distortions`.
        loss_weights: weight of each level in the loss; None for 1.
        components: number of distributions that the entropy model mixes, if levels have separate
            channels.
        cost_power: positive exponent of each picture's cost of distortion and rate. With 1,
            training minimizes the total error of all pictures, and difficult pictures matter most.
            Smaller values weight pictures more equally, as in a mean of PSNRs.
        callbacks: Keras callbacks.
        minutes: duration of the training; it replaces the number of epochs.
        backup: folder for the state after each epoch, to resume an interrupted training run.
        seed: seed of the shuffling and the noise. To get the same codec on the same machine,
            also call `keras.utils.set_random_seed` before you build the models, because it
            determines their initial weights.
        network_rate: factor of the networks' learning rate. Use a value below 1 for trained
            networks: at first, the loss does not know their codes, and would mislead the networks.
        validation_split: share of the pictures, from 0 to 1, that training only measures after each
            epoch. These pictures are evenly spaced.
        verbose: as in `keras.Model.fit`. If `minutes` is set, the finished share and the remaining
            time are printed instead of the number of epochs.
    """

    optimizer: Any = "adam"
    ssimulacra2: float = 0.0
    loss_weights: Sequence[float] | None = None
    components: int = 1
    cost_power: float = 1.0
    callbacks: Sequence[Any] = ()
    minutes: float | None = None
    backup: Path | None = None
    seed: int = 0
    network_rate: float = 1.0
    validation_split: float = 0.0
    verbose: int = 1

    def weights_of(self, levels: int) -> list[float]:
        return [1.0] * levels if self.loss_weights is None else list(self.loss_weights)


class Loss(keras.Model):
    """A loss of a pair. Its weight `progress` is the finished share of the training."""

    def __init__(self, pair: KerasPair, options: TrainingOptions) -> None:
        super().__init__()
        self.encoder, self.decoder = pair.encoder, pair.decoder
        self.ssimulacra2 = options.ssimulacra2
        self.cost = keras.metrics.Mean("loss")  # which callbacks of Keras monitor by default
        self.progress = self.add_weight(
            shape=(), initializer="zeros", trainable=False, name="progress"
        )

    @property
    def gains(self) -> Float32 | None:
        return None

    def save(self, path: Path | str, **options: Any) -> None:
        """Save the pair as one model with the layers encoder and decoder, for `ModelCheckpoint`."""
        keras.Sequential([self.encoder, self.decoder]).save(path, **options)

    def distortion(self, decoded: Any, images: Any) -> Any:
        squares = mean_squares(decoded, images)
        if not self.ssimulacra2:
            return squares
        return squares + self.ssimulacra2 * ssimulacra2_error(decoded, images)

    def train_step(self, images: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            cost, results = self.measured(images, training=True)
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(cost, variables), variables)
        return results

    def test_step(self, images: Any) -> dict[str, Any]:
        return self.measured(images, training=False)[1]

    def measured(self, images: Any, training: bool) -> tuple[Any, dict[str, Any]]:
        """The cost of images, which is minimized, and the results so far."""
        raise NotImplementedError


class DistortionLoss(Loss):
    def __init__(self, pair: KerasPair, options: TrainingOptions) -> None:
        super().__init__(pair, options)
        self.squared_error = keras.metrics.Mean("mse")
        self.built = True  # all parts are built

    def measured(self, images: Any, training: bool) -> tuple[Any, dict[str, Any]]:
        decoded = self.decoder(self.encoder(images, training=training), training=training)
        cost = tf.reduce_mean(self.distortion(decoded, images))
        self.cost.update_state(cost)
        self.squared_error.update_state(mean_squares(decoded, images))
        return cost, {"loss": self.cost.result(), "psnr": psnr(self.squared_error.result())}


class LossOfLevels(Loss):
    """A loss of levels, with a lambda and a weight for each level."""

    def __init__(
        self, pair: KerasPair, options: TrainingOptions, rate_weights: Sequence[float]
    ) -> None:
        super().__init__(pair, options)
        numbers = range(1, len(rate_weights) + 1)
        self.rate_weights = tf.constant(np.array(rate_weights), tf.float32)
        # Keras models have `loss_weights`
        self.level_weights = tf.constant(options.weights_of(len(numbers)), tf.float32)
        self.cost_power = options.cost_power
        self.bits = [keras.metrics.Mean(f"bits{n}") for n in numbers]
        self.squared_errors = [keras.metrics.Mean(f"mse{n}") for n in numbers]

    def total_cost(self, bits: Any, distortions: Any, levels: Any, pixels: int) -> Any:
        """The loss for (N,) bits, distortions and level numbers.

        Costs are divided by the root of lambda to balance the levels.
        """
        lambdas, weights = (tf.gather(x, levels) for x in (self.rate_weights, self.level_weights))
        costs = (pixels * distortions + lambdas * bits) / lambdas**0.5
        return tf.reduce_mean(weights * costs**self.cost_power)

    def recorded(
        self, levels: Any, bits: Any, distortions: Any, errors: Any, pixels: int
    ) -> tuple[Any, dict[str, Any]]:
        """The cost of (N,) levels, bits, distortions and squared errors, and the results so far."""
        cost = self.total_cost(bits, distortions, levels, pixels)
        self.cost.update_state(cost)
        results: dict[str, Any] = {"loss": self.cost.result()}
        for n, (size, error) in enumerate(zip(self.bits, self.squared_errors, strict=True)):
            of_level = tf.cast(levels == n, tf.float32)
            size.update_state(bits, sample_weight=of_level)
            error.update_state(errors, sample_weight=of_level)
            results |= {f"bytes{n + 1}": size.result() / 8, f"psnr{n + 1}": psnr(error.result())}
        return cost, results


def psnr(mean_squared_error: Any) -> Any:
    return -10 / math.log(10) * tf.math.log(mean_squared_error)


def noisy(latents: Any) -> Any:
    """Latents with uniform noise of one step; their rate is that of rounded latents."""
    return latents + tf.random.uniform(tf.shape(latents), -0.5, 0.5)


def softly_rounded(latents: Any) -> Any:
    """Move latents towards the nearest integers with an increasing, differentiable function.

    See E. Agustsson and L. Theis, "Universally quantized neural compression", 2020.

    >>> [round(float(z), 2) for z in softly_rounded(tf.constant([0.0, 0.2, 0.5, 0.8, 1.0]))]
    [0.0, 0.07, 0.5, 0.93, 1.0]
    """
    below = tf.floor(latents)
    from_middle = latents - below - 0.5
    widest = math.tanh(_SOFT_ROUNDING / 2)
    return below + 0.5 + 0.5 * tf.tanh(_SOFT_ROUNDING * from_middle) / widest


def straight_through(latents: Any, integers: Any) -> Any:
    """Integers with the gradient of the latents."""
    return latents + tf.stop_gradient(integers - latents)


_MEAN_SPREAD = 0.7
"""Standard deviation of the initial means of the components, which must differ."""

_NARROWEST_START = 0.1


class MixtureEntropyModel(keras.layers.Layer):
    """A learned distribution of code vectors with K channels: a mixture of factorized logistics.

    With a single component, this is the plain factorized model. Several components are a
    differentiable form of competing priors. The seed determines the initial means.
    """

    def __init__(self, components: int, channels: int, seed: int = 0) -> None:
        super().__init__(dtype="float32")
        means = np.random.default_rng(seed).normal(0, _MEAN_SPREAD, (components, channels))
        constant = keras.initializers.Constant
        self.mean = self.add_weight(shape=means.shape, initializer=constant(means))
        self.log_scale = self.add_weight(shape=means.shape, initializer="zeros")
        self.logits = self.add_weight(shape=(components,), initializer="zeros")
        self.built = True

    def start_from(self, deviations: Any) -> None:
        """Make latents with these standard deviations (K,) likely.

        If all are below 1, they are enlarged, or the rate would soon move all latents to 0.
        """
        enlarged = deviations / min(1.0, max(deviations.max(), 1e-3))
        wide = np.maximum(enlarged, _NARROWEST_START)
        self.mean.assign(self.mean * wide)
        self.log_scale.assign(self.log_scale + np.log(wide))

    def call(self, latents: Any) -> Any:
        """(N,) bits of the latents (N, ..., K) of pictures, noisy or rounded."""
        vectors = tf.reshape(latents, (-1, 1, latents.shape[-1]))
        mass = logistic_mass(vectors - self.mean, self.log_scale)
        by_component = tf.reduce_sum(tf.math.log(mass), axis=-1)
        joint = by_component + tf.nn.log_softmax(self.logits)
        bits = tf.reduce_logsumexp(joint, axis=-1) / -math.log(2)
        return tf.reduce_sum(tf.reshape(bits, (tf.shape(latents)[0], -1)), axis=1)


class RateDistortionLoss(LossOfLevels):
    """Distortion + rate weight x rate, for levels with separate channels.

    The decoder input of a level is zero in the channels of other levels. Costs are divided by the
    root of the rate weight, so that no level dominates, and multiplied by the loss weights.
    Rounding is replaced by uniform noise for the rate (J. Ballé et al., "End-to-end optimized image
    compression", 2017), and by a straight-through gradient for the distortion (L. Theis et al.,
    "Lossy image compression with compressive autoencoders", 2017).

    `channels`: numbers of channels of the levels. `rate_weights`: their lambdas, in squared error
    of a picture (pixels in 0..1, summed) per bit.
    """

    def __init__(
        self,
        pair: KerasPair,
        channels: Sequence[int],
        rate_weights: Sequence[float],
        options: TrainingOptions,
    ) -> None:
        super().__init__(pair, options, rate_weights)
        self.channels = list(channels)
        self.entropy_models = [
            MixtureEntropyModel(options.components, count, seed)
            for seed, count in enumerate(channels)
        ]
        self.built = True  # all parts are built

    def start_from(self, images: Any) -> None:
        latents = tf.split(tf.cast(self.encoder(images), tf.float32), self.channels, axis=-1)
        for model, latent in zip(self.entropy_models, latents, strict=True):
            model.start_from(np.reshape(latent, (-1, latent.shape[-1])).std(axis=0))

    def measured(self, images: Any, training: bool) -> tuple[Any, dict[str, Any]]:
        count = len(self.channels)
        bits, decoded = self._coded(images, training)
        levels = tf.repeat(tf.range(count), tf.shape(images)[0])
        originals = tf.concat([images] * count, 0)
        measured = self.distortion(decoded, originals), mean_squares(decoded, originals)
        return self.recorded(levels, bits, *measured, pixels=math.prod(images.shape[1:]))

    def _coded(self, images: Any, training: bool) -> tuple[Any, Any]:
        """Bits and decoded pictures of all levels, one level after the other."""
        latents = tf.split(self.encoder(images, training=training), self.channels, axis=-1)
        bits = [
            model(noisy(latent) if training else tf.round(latent))
            for model, latent in zip(self.entropy_models, latents, strict=True)
        ]
        codes = [self._code(level, latent) for level, latent in enumerate(latents)]
        return tf.concat(bits, 0), self.decoder(tf.concat(codes, 0), training=training)

    def _code(self, level: int, latents: Any) -> Any:
        """Latents of a level as int8 values, and 0 in the channels of other levels."""
        latents = straight_through(latents, tf.clip_by_value(tf.round(latents), -128, 127))
        padding = [sum(self.channels[:level]), sum(self.channels[level + 1 :])]
        return tf.pad(latents, [*[[0, 0]] * (len(latents.shape) - 1), padding])


_DEAD_ZONE = 0.58
"""Latents below this fraction of a step are coded as 0, as in encoders."""


class GainedRateDistortionLoss(LossOfLevels):
    """Distortion + rate weight x rate, for levels that share their channels and differ in gains.

    Latents are multiplied by gains, one per channel and level, before rounding, and divided by them
    for the decoder (Z. Cui et al., "Asymmetric gained deep image compression with continuous rate
    adaptation", 2021). Each picture of a batch has a single level. For noise, rounding and loss
    weights, see :mod:`aecodec.training.losses`.

    Noise is added to softly rounded latents: without soft rounding, it would cost a quarter of a
    bit for each latent that coarse levels round to 0. `rate_weights`: lambdas of L levels, in
    squared error of a picture (pixels in 0..1, summed) per bit. `gains` (L, K): initial gains; None
    to derive them from the rate weights. If the loss `is_weighted`, batches (N, h, w, 2 B) contain
    weights of the squared errors after the images.
    """

    def __init__(
        self,
        pair: KerasPair,
        rate_weights: Sequence[float],
        options: TrainingOptions,
        gains: Float32 | None = None,
        is_weighted: bool = False,
    ) -> None:
        levels, channels = len(rate_weights), pair.code_dimension
        super().__init__(pair, options, rate_weights)
        self.is_weighted = is_weighted
        if gains is None:  # steps grow as the root of lambda, around 1
            lambdas = np.array(rate_weights)[:, None]
            gains = np.sqrt(np.exp(np.log(lambdas).mean()) / lambdas).repeat(channels, axis=1)
        self.log_gains = self.add_weight(
            shape=(levels, channels),
            initializer=keras.initializers.Constant(np.log(gains)),
            name="log_gains",
        )
        set_role(self.log_gains, Role.CODE_STATISTICS)
        self.entropy_model = SpatialEntropyModel(
            channels, levels, dtype=product_dtype(pair.decoder)
        )
        self.built = True  # all parts are built

    @property
    def gains(self) -> Float32:
        """(L, K) factors by which the latents are multiplied at each level."""
        return np.exp(self.log_gains.numpy())

    def start_from(self, images: Any) -> None:
        latents = np.asarray(self.encoder(images), np.float32)
        self.entropy_model.start_from(latents.std(axis=(0, 1, 2)))

    def measured(self, batch: Any, training: bool) -> tuple[Any, dict[str, Any]]:
        count, pictures = len(self.bits), tf.shape(batch)[0]
        if training:  # all levels occur equally often, and the pictures are in random order
            levels = (tf.range(pictures) + tf.random.uniform((), 0, 1 << 20, tf.int32)) % count
        else:
            levels = tf.repeat(tf.range(count), pictures)
            batch = tf.tile(batch, (count, 1, 1, 1))
        images, *weights = tf.split(batch, 2, axis=-1) if self.is_weighted else [batch]
        bits, decoded = self._coded(images, levels, training)
        if weights:
            squares = weights[0] * tf.square(tf.cast(decoded, tf.float32) - images)
            distortions = errors = tf.reduce_mean(squares, axis=(1, 2, 3))
        else:
            distortions, errors = self.distortion(decoded, images), mean_squares(decoded, images)
        return self.recorded(levels, bits, distortions, errors, math.prod(images.shape[1:]))

    def _coded(self, images: Any, levels: Any, training: bool) -> tuple[Any, Any]:
        gains = tf.exp(tf.gather(self.log_gains, levels))
        grid_gains = gains[:, None, None]
        latents = tf.cast(self.encoder(images, training=training), tf.float32) * grid_gains
        codes = tf.where(tf.abs(latents) < _DEAD_ZONE, 0.0, tf.round(latents))
        known = straight_through(latents, codes)
        coded = noisy(softly_rounded(latents)) if training else codes
        bits = self.entropy_model(coded, known, gains, levels)
        return bits, self.decoder(known / grid_gains, training=training)
