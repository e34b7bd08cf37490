"""The losses that training minimizes: distortion, or distortion and the bits that codes will take.

Each loss is a Keras model of an encoder and a decoder, which computes, minimizes and reports it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aecodec.arrays import Float32
from aecodec.errors import ModelError
from aecodec.keras_models.pair import KerasPair
from aecodec.keras_models.roles import Role, set_role
from aecodec.quantization.levels import DEAD_ZONE
from aecodec.training.entropy_models.factorized import MixtureEntropyModel
from aecodec.training.entropy_models.spatial import SpatialEntropyModel
from aecodec.training.optimization.precision import policy_in

_SOFT_ROUNDING = 4.0
"""Hardness of the soft rounding: 0 for none, infinite for true rounding."""


@dataclass(frozen=True)
class RateOptions:
    """Details of the rate term of a loss.

    Attributes:
        loss_weights: weight of each level in the loss; 1 for each if None.
        components: number of distributions that the entropy model mixes, where levels have channels
            of their own.
        cost_power: exponent, above 0, of each picture's cost of distortion and rate. With 1, the
            squared error of all pictures together is minimized, and the hard ones matter most; the
            smaller, the more equally pictures count, as in a mean of PSNRs.
    """

    loss_weights: Sequence[float] | None = None
    components: int = 1
    cost_power: float = 1.0

    def weights_of(self, levels: int) -> list[float]:
        """Weight of each level in the loss."""
        return [1.0] * levels if self.loss_weights is None else list(self.loss_weights)


class _Loss(keras.Model):
    """A loss of a pair, which keeps the share of the training that is done.

    Args:
        pair: the encoder and the decoder.
    """

    def __init__(self, pair: KerasPair) -> None:
        super().__init__()
        self.encoder, self.decoder = pair.encoder, pair.decoder
        self.progress = self.add_weight(
            shape=(), initializer="zeros", trainable=False, name="progress"
        )

    @property
    def gains(self) -> Float32 | None:
        """(L, K) factors by which the latents are multiplied at each level; None without gains."""
        return None

    def _minimize(self, loss: Any, tape: tf.GradientTape) -> None:
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)


class DistortionLoss(_Loss):
    """The squared error of an autoencoder without any quantization.

    Args:
        pair: the encoder and the decoder.
    """

    def __init__(self, pair: KerasPair) -> None:
        super().__init__(pair)
        self.squared_error = keras.metrics.Mean("mse")
        self.built = True  # all parts are

    def train_step(self, images: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            error = self._error(images, training=True)
        self._minimize(error, tape)
        return self._report(error)

    def test_step(self, images: Any) -> dict[str, Any]:
        return self._report(self._error(images, training=False))

    def _error(self, images: Any, training: bool) -> Any:
        latents = self.encoder(images, training=training)
        return tf.reduce_mean(_mean_squares(self.decoder(latents, training=training), images))

    def _report(self, error: Any) -> dict[str, Any]:
        self.squared_error.update_state(error)
        return {"psnr": _psnr(self.squared_error.result())}


class _LossOfLevels(_Loss):
    """A loss that measures several levels.

    Args:
        pair: the encoder and the decoder.
        levels: number of levels.
    """

    def __init__(self, pair: KerasPair, levels: int) -> None:
        super().__init__(pair)
        numbers = range(1, levels + 1)
        self.bits = [keras.metrics.Mean(f"bits{n}") for n in numbers]
        self.squared_errors = [keras.metrics.Mean(f"mse{n}") for n in numbers]

    def _results(self) -> dict[str, Any]:
        """Bytes and PSNR of each level so far."""
        results: dict[str, Any] = {}
        for n, (bits, error) in enumerate(zip(self.bits, self.squared_errors, strict=True), 1):
            results |= {f"bytes{n}": bits.result() / 8, f"psnr{n}": _psnr(error.result())}
        return results


class RateDistortionLoss(_LossOfLevels):
    """Distortion + rate weight x rate, for levels that have channels of their own.

    Each level has its own rate weight; its decoder input holds zeros in the channels of the other
    levels. The encoder takes a batch once, the decoder once per level. Costs are divided by the
    root of the rate weight, so that no level drowns the others, and multiplied by the loss weights.
    Rounding is replaced by uniform noise for the rate (J. Ballé et al., "End-to-end optimized image
    compression", 2017), and by rounding with a straight-through gradient for the distortion (L.
    Theis et al., "Lossy image compression with compressive autoencoders", 2017).

    Args:
        pair: the encoder and the decoder.
        channels: number of channels of each level.
        rate_weights: lambda of each level, in squared error of a picture (pixels in 0..1, summed)
            per bit.
        options: details of the rate term.
    """

    def __init__(
        self,
        pair: KerasPair,
        channels: Sequence[int],
        rate_weights: Sequence[float],
        options: RateOptions,
    ) -> None:
        super().__init__(pair, len(channels))
        self.channels, self.rate_weights = list(channels), list(rate_weights)
        # `loss_weights` is an attribute of Keras's own models.
        self.level_weights = options.weights_of(len(channels))
        self.cost_power = options.cost_power
        self.entropy_models = [
            MixtureEntropyModel(options.components, k, seed) for seed, k in enumerate(channels)
        ]
        self.built = True  # all parts are

    def start_from(self, images: Any) -> None:
        """Let the entropy models start where the latents of images (N, ...) are."""
        latents = tf.split(tf.cast(self.encoder(images), tf.float32), self.channels, axis=-1)
        for model, latent in zip(self.entropy_models, latents, strict=True):
            model.start_from(np.reshape(latent, (-1, latent.shape[-1])).std(axis=0))

    def train_step(self, images: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            bits, errors = self._measure(images, training=True)
            cost = self.total_cost(bits, errors, pixels=_numbers_in(images))
        self._minimize(cost, tape)
        return self._report(bits, errors)

    def test_step(self, images: Any) -> dict[str, Any]:
        return self._report(*self._measure(images, training=False))

    def total_cost(self, bits: list[Any], errors: list[Any], pixels: int) -> Any:
        """The loss.

        Args:
            bits: for each level, (N,) bits of the pictures.
            errors: for each level, (N,) mean squared errors.
            pixels: numbers in a picture.
        """
        terms = zip(bits, errors, self.rate_weights, self.level_weights, strict=True)
        return tf.add_n(
            [
                weight * tf.reduce_mean(_costs(pixels * error, rate, lambda_) ** self.cost_power)
                for rate, error, lambda_, weight in terms
            ]
        )

    def _measure(self, images: Any, training: bool) -> tuple[list[Any], list[Any]]:
        """Bits and mean squared errors (N,) of the pictures, for each level."""
        latents = tf.split(self.encoder(images, training=training), self.channels, axis=-1)
        bits = [
            _bits_of_pictures(model, _noisy(latent) if training else tf.round(latent))
            for model, latent in zip(self.entropy_models, latents, strict=True)
        ]
        codes = tf.concat([self._among_zeros(n, _to_int8(z)) for n, z in enumerate(latents)], 0)
        decoded = tf.split(self.decoder(codes, training=training), len(self.channels))
        return bits, [_mean_squares(each, images) for each in decoded]

    def _among_zeros(self, level: int, latents: Any) -> Any:
        before, after = sum(self.channels[:level]), sum(self.channels[level + 1 :])
        return tf.pad(latents, [*[[0, 0]] * (len(latents.shape) - 1), [before, after]])

    def _report(self, bits: list[Any], errors: list[Any]) -> dict[str, Any]:
        for n, (rate, error) in enumerate(zip(bits, errors, strict=True)):
            self.bits[n].update_state(rate)
            self.squared_errors[n].update_state(error)
        return self._results()


class GainedRateDistortionLoss(_LossOfLevels):
    """Distortion + rate weight x rate, for levels that share their channels and differ by gains.

    Before they are rounded, latents are multiplied by gains, one per channel and level, and divided
    by them for the decoder (Z. Cui et al., "Asymmetric gained deep image compression with
    continuous rate adaptation", 2021). Each picture of a batch is at one level. For noise, rounding
    and loss weights see :class:`RateDistortionLoss`.

    The noise is added to latents that are softly rounded. At the coarse levels most latents are far
    below half a step; rounding turns them into zeros that cost nothing, but noise alone would
    charge about a quarter of a bit for each.

    Args:
        pair: encoder from images (h, w, C) to latents (rows, columns, K), and decoder.
        rate_weights: lambda of each of L levels, in squared error of a picture (pixels in 0..1,
            summed) per bit.
        options: details of the rate term.
        gains: (L, K) gains to start with; derived from the rate weights if None.
    """

    def __init__(
        self,
        pair: KerasPair,
        rate_weights: Sequence[float],
        options: RateOptions,
        gains: Float32 | None = None,
    ) -> None:
        levels, channels = len(rate_weights), pair.code_dimension
        super().__init__(pair, levels)
        self.rate_weights = tf.constant(np.array(rate_weights), tf.float32)
        self.level_weights = tf.constant(np.array(options.weights_of(levels)), tf.float32)
        self.cost_power = options.cost_power
        first = _first_log_gains(rate_weights, channels) if gains is None else np.log(gains)
        self.log_gains = self.add_weight(
            shape=(levels, channels),
            initializer=keras.initializers.Constant(first),
            name="log_gains",
        )
        set_role(self.log_gains, Role.CODE_STATISTICS)
        self.entropy_model = SpatialEntropyModel(channels, levels, dtype=policy_in(pair.decoder))
        self.built = True  # all parts are

    @property
    def gains(self) -> Float32:
        """(L, K) factors by which the latents are multiplied at each level."""
        return np.exp(self.log_gains.numpy())

    def start_from(self, images: Any) -> None:
        """Let the entropy model start where the latents of images (N, h, w, C) are."""
        latents = np.asarray(self.encoder(images), np.float32)
        self.entropy_model.start_from(latents.std(axis=(0, 1, 2)))

    def train_step(self, images: Any) -> dict[str, Any]:
        # All levels occur equally often; the pictures are in random order.
        numbers = tf.range(tf.shape(images)[0]) + tf.random.uniform((), 0, 1 << 20, tf.int32)
        levels = numbers % len(self.bits)
        with tf.GradientTape() as tape:
            bits, errors = self._measure(images, levels, training=True)
            cost = self.total_cost(bits, errors, levels, pixels=_numbers_in(images))
        self._minimize(cost, tape)
        self._count(bits, errors, levels)
        return self._results()

    def test_step(self, images: Any) -> dict[str, Any]:
        numbers, pictures = tf.range(len(self.bits)), tf.shape(images)[0]

        def at_level(number: Any) -> tuple[Any, Any]:
            return self._measure(images, tf.fill([pictures], number), training=False)

        # Tracing the graph of one level takes less time than tracing one for each.
        measured = tf.map_fn(at_level, numbers, 1, fn_output_signature=(tf.float32, tf.float32))
        bits, errors = (tf.reshape(each, [-1]) for each in measured)
        self._count(bits, errors, tf.repeat(numbers, pictures))
        return self._results()

    def total_cost(self, bits: Any, errors: Any, levels: Any, pixels: int) -> Any:
        """The loss.

        Args:
            bits: (N,) bits of the pictures.
            errors: (N,) mean squared errors.
            levels: (N,) numbers of their levels, from 0.
            pixels: numbers in a picture.
        """
        costs = _costs(pixels * errors, bits, tf.gather(self.rate_weights, levels))
        return tf.reduce_mean(tf.gather(self.level_weights, levels) * costs**self.cost_power)

    def _measure(self, images: Any, levels: Any, training: bool) -> tuple[Any, Any]:
        """Bits and mean squared errors (N,) of the pictures, each at its level."""
        gains = tf.exp(tf.gather(self.log_gains, levels))
        everywhere = gains[:, None, None]
        latents = tf.cast(self.encoder(images, training=training), tf.float32) * everywhere
        codes = tf.where(tf.abs(latents) < DEAD_ZONE, 0.0, tf.round(latents))
        known = _straight_through(latents, codes)
        coded = _noisy(_softly_rounded(latents)) if training else codes
        bits = self.entropy_model(coded, known, gains, levels)
        decoded = self.decoder(known / everywhere, training=training)
        return bits, _mean_squares(decoded, images)

    def _count(self, bits: Any, errors: Any, levels: Any) -> None:
        for n in range(len(self.bits)):
            of_level = tf.cast(levels == n, tf.float32)
            self.bits[n].update_state(bits, sample_weight=of_level)
            self.squared_errors[n].update_state(errors, sample_weight=of_level)


def loss_of(
    pair: KerasPair,
    channels: Sequence[int],
    rate_weights: Sequence[float] | None,
    options: RateOptions,
    gains: Float32 | None = None,
) -> DistortionLoss | RateDistortionLoss | GainedRateDistortionLoss:
    """The loss that suits a pair and its levels.

    Args:
        pair: the encoder and the decoder.
        channels: number of channels of each level; of all together where levels share them.
        rate_weights: lambda of each level; None to minimize the distortion alone.
        options: details of the rate term.
        gains: (L, K) gains to start with, where levels differ by gains.

    Raises:
        ModelError: the numbers of levels, rate weights and loss weights do not fit each other.
    """
    if rate_weights is None:
        if len(channels) > 1:
            raise ModelError(
                f"{len(channels)} levels with channels of their own: give each a rate weight"
            )
        return DistortionLoss(pair)
    levels, level_weights = len(rate_weights), len(options.weights_of(len(rate_weights)))
    if levels == level_weights > len(channels) == 1 and len(pair.code_shape) == 3:
        fitting = gains if gains is not None and len(gains) == levels else None
        return GainedRateDistortionLoss(pair, rate_weights, options, fitting)
    if not level_weights == levels == len(channels):
        raise ModelError(
            f"{levels} rate weights and {level_weights} loss weights for {len(channels)} levels"
        )
    return RateDistortionLoss(pair, channels, rate_weights, options)


def _first_log_gains(rate_weights: Sequence[float], channels: int) -> Any:
    """(L, K) logarithms of gains: a step grows as the root of lambda, and 1 lies in the middle."""
    logarithms = np.log(np.array(rate_weights))
    return np.repeat((logarithms.mean() - logarithms)[:, None] / 2, channels, axis=1)


def _numbers_in(images: Any) -> int:
    """Height x width x channels of an image."""
    return math.prod(images.shape[1:])


def _bits_of_pictures(model: MixtureEntropyModel, latents: Any) -> Any:
    """(N,) bits of latents (N, ..., K)."""
    bits = model(tf.reshape(latents, (-1, latents.shape[-1])))
    return tf.reduce_sum(tf.reshape(bits, (tf.shape(latents)[0], -1)), axis=1)


def _noisy(latents: Any) -> Any:
    return latents + tf.random.uniform(tf.shape(latents), -0.5, 0.5)


def _softly_rounded(latents: Any) -> Any:
    """Move latents towards the nearest integers, in an increasing and differentiable way.

    See E. Agustsson and L. Theis, "Universally quantized neural compression", 2020.

    >>> [round(float(z), 2) for z in _softly_rounded(tf.constant([0.0, 0.2, 0.5, 0.8, 1.0]))]
    [0.0, 0.07, 0.5, 0.93, 1.0]
    """
    below = tf.floor(latents)
    from_middle = latents - below - 0.5
    widest = math.tanh(_SOFT_ROUNDING / 2)
    return below + 0.5 + 0.5 * tf.tanh(_SOFT_ROUNDING * from_middle) / widest


def _to_int8(latents: Any) -> Any:
    """Round latents to what int8 can hold."""
    return _straight_through(latents, tf.clip_by_value(tf.round(latents), -128, 127))


def _straight_through(latents: Any, integers: Any) -> Any:
    """The integers, with the gradient of the identity."""
    return latents + tf.stop_gradient(integers - latents)


def _costs(squared_errors: Any, bits: Any, rate_weights: Any) -> Any:
    """(N,) distortion and rate over the root of lambda, to which they are about proportional."""
    return (squared_errors + rate_weights * bits) / rate_weights**0.5


def _mean_squares(decoded: Any, images: Any) -> Any:
    """(N,) mean squared error of each picture."""
    difference = tf.cast(decoded, tf.float32) - tf.cast(images, tf.float32)
    return tf.reduce_mean(tf.square(difference), axis=range(1, len(images.shape)))


def _psnr(mean_squared_error: Any) -> Any:
    return -10 / math.log(10) * tf.math.log(mean_squared_error)
