"""What training minimises: distortion, and what the codes will cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aecodec.levels import DEAD_ZONE
from aecodec.training.neighbour_rate import NeighbourRate
from aecodec.training.optimizer import FAST
from aecodec.training.precision import policy_in
from aecodec.training.rate import MixtureRate

_HARDNESS = 4.0
"""Of the soft rounding: 0 for none, infinite for true rounding."""


class DistortionObjective(keras.Model):
    """The squared error of an autoencoder, without any quantisation.

    Args:
        encoder: images to latents.
        decoder: latents to images.
    """

    def __init__(self, encoder: Any, decoder: Any) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.progress = _progress(self)
        self.squared_error = keras.metrics.Mean("mse")
        self.built = True  # of parts that are

    def train_step(self, images: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            error = self._error(images, training=True)
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(error, variables), variables)
        return self._report(error)

    def test_step(self, images: Any) -> dict[str, Any]:
        return self._report(self._error(images, training=False))

    def _error(self, images: Any, training: bool) -> Any:
        latents = self.encoder(images, training=training)
        return tf.reduce_mean(_mean_squares(self.decoder(latents, training=training), images))

    def _report(self, error: Any) -> dict[str, Any]:
        self.squared_error.update_state(error)
        return {"psnr": _psnr(self.squared_error.result())}


class _LevelsObjective(keras.Model):
    """What is measured of several levels.

    Args:
        encoder: images to latents.
        decoder: latents to images.
        levels: how many.
    """

    def __init__(self, encoder: Any, decoder: Any, levels: int) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.progress = _progress(self)
        numbers = range(1, levels + 1)
        self.bits = [keras.metrics.Mean(f"bits{n}") for n in numbers]
        self.squared_errors = [keras.metrics.Mean(f"mse{n}") for n in numbers]

    def _results(self) -> dict[str, Any]:
        """Bytes and PSNR of each level so far."""
        report: dict[str, Any] = {}
        for n, (bits, error) in enumerate(zip(self.bits, self.squared_errors, strict=True), 1):
            report |= {f"bytes{n}": bits.result() / 8, f"psnr{n}": _psnr(error.result())}
        return report


class RateDistortionObjective(_LevelsObjective):
    """Distortion + rate weight x rate, for one level or several at once.

    Each level has its own channels of the code and its own rate weight; its decoder input holds
    zeros in the channels of the others. The encoder sees a batch once, the decoder once a level.
    Losses are divided by the root of the rate weight, so that no level drowns the others, and
    weighted by the levels' shares.
    Rounding is replaced by uniform noise for the rate (J. Ballé et al., "End-to-end optimized
    image compression", 2017), and by rounding with a straight-through gradient for the
    distortion (L. Theis et al., "Lossy image compression with compressive autoencoders", 2017).

    Args:
        encoder: images to latents.
        decoder: latents to images.
        channels: how many of the code's channels each level has.
        rate_weights: lambda of each level, in squared error of a picture (of pixels in 0..1,
            summed) a bit.
        shares: what each level counts in the loss beside the others.
        priors: how many components the learned rate model mixes.
        cost_power: what each picture's distortion and rate together are raised to.
    """

    def __init__(
        self,
        encoder: Any,
        decoder: Any,
        channels: Sequence[int],
        rate_weights: Sequence[float],
        shares: Sequence[float],
        priors: int,
        cost_power: float = 1.0,
    ) -> None:
        super().__init__(encoder, decoder, len(channels))
        self.channels, self.rate_weights = list(channels), list(rate_weights)
        self.shares, self.cost_power = list(shares), cost_power
        self.rates = [MixtureRate(priors, k, seed) for seed, k in enumerate(channels)]
        self.built = True  # of parts that are

    def start_from(self, images: Any) -> None:
        """Let the rate models begin where an untrained encoder's latents are."""
        latents = tf.split(tf.cast(self.encoder(images), tf.float32), self.channels, axis=-1)
        for rate, latent in zip(self.rates, latents, strict=True):
            rate.start_from(np.reshape(latent, (-1, latent.shape[-1])).std(axis=0))

    def train_step(self, images: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            bits, errors = self._measure(images, training=True)
            loss = self._loss(bits, errors, pixels=_pixels(images))
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return self._report(bits, errors)

    def test_step(self, images: Any) -> dict[str, Any]:
        return self._report(*self._measure(images, training=False))

    def _loss(self, bits: list[Any], errors: list[Any], pixels: int) -> Any:
        terms = zip(bits, errors, self.rate_weights, self.shares, strict=True)
        return tf.add_n(
            [
                share * tf.reduce_mean(_costs(pixels * error, rate, w) ** self.cost_power)
                for rate, error, w, share in terms
            ]
        )

    def _measure(self, images: Any, training: bool) -> tuple[list[Any], list[Any]]:
        """Of each level, (N,) bits and mean squared error of each picture."""
        latents = tf.split(self.encoder(images, training=training), self.channels, axis=-1)
        bits = [
            self._bits(rate, _noisy(latent) if training else tf.round(latent))
            for rate, latent in zip(self.rates, latents, strict=True)
        ]
        codes = tf.concat([self._among_zeros(n, _rounded(z)) for n, z in enumerate(latents)], 0)
        decoded = tf.split(self.decoder(codes, training=training), len(self.channels))
        return bits, [_mean_squares(each, images) for each in decoded]

    def _bits(self, rate: MixtureRate, latents: Any) -> Any:
        vectors = tf.reshape(latents, (-1, latents.shape[-1]))
        return tf.reduce_sum(tf.reshape(rate(vectors), (tf.shape(latents)[0], -1)), axis=1)

    def _among_zeros(self, level: int, latents: Any) -> Any:
        before, after = sum(self.channels[:level]), sum(self.channels[level + 1 :])
        return tf.pad(latents, [*[[0, 0]] * (len(latents.shape) - 1), [before, after]])

    def _report(self, bits: list[Any], errors: list[Any]) -> dict[str, Any]:
        for n, (rate, error) in enumerate(zip(bits, errors, strict=True)):
            self.bits[n].update_state(rate)
            self.squared_errors[n].update_state(error)
        return self._results()


class GainedObjective(_LevelsObjective):
    """Distortion + rate weight x rate, for levels that share their channels.

    Before they are rounded, latents are multiplied by gains, one for each channel and level, and
    divided by them for the decoder (Z. Cui et al., "Asymmetric gained deep image compression
    with continuous rate adaptation", 2021). Each picture of a batch is at a level of its own. For
    noise, rounding and the levels' shares see :class:`RateDistortionObjective`.

    The noise is added to latents that are softly rounded. At the coarse levels most latents are
    far below half a step; rounding makes them zeros that cost nothing, but noise alone would
    charge a quarter of a bit or so for each.

    Args:
        encoder: images (h, w, C) to latents (rows, columns, K).
        decoder: latents to images.
        rate_weights: lambda of each level, in squared error of a picture (of pixels in 0..1,
            summed) a bit.
        shares: what each level counts in the loss beside the others.
        gains: (L, K) to begin with; as the rate weights want them if None.
        cost_power: what each picture's distortion and rate together are raised to.
    """

    def __init__(
        self,
        encoder: Any,
        decoder: Any,
        rate_weights: Sequence[float],
        shares: Sequence[float],
        gains: Any = None,
        cost_power: float = 1.0,
    ) -> None:
        super().__init__(encoder, decoder, len(rate_weights))
        weights, channels = np.array(rate_weights), encoder.output_shape[-1]
        self.rate_weights = tf.constant(weights, tf.float32)
        self.shares, self.cost_power = tf.constant(np.array(shares), tf.float32), cost_power
        # A step grows as the root of lambda; that of 1 lies in the middle.
        log_gains = (np.log(weights).mean() - np.log(weights)) / 2
        first = np.repeat(log_gains[:, None], channels, 1) if gains is None else np.log(gains)
        self.log_gains = self.add_weight(
            shape=(len(weights), channels),
            initializer=keras.initializers.Constant(first),
            name=f"{FAST}log_gains",
        )
        self.rate = NeighbourRate(channels, len(weights), dtype=policy_in(decoder))
        self.built = True  # of parts that are

    @property
    def gains(self) -> Any:
        """(L, K) what the latents are multiplied by at each level."""
        return np.exp(self.log_gains.numpy())

    def start_from(self, images: Any) -> None:
        """Let the rate model begin where an untrained encoder's latents are."""
        latents = np.asarray(self.encoder(images), np.float32)
        self.rate.start_from(latents.std(axis=(0, 1, 2)))

    def train_step(self, images: Any) -> dict[str, Any]:
        numbers = tf.range(tf.shape(images)[0]) + tf.random.uniform((), 0, 1 << 20, tf.int32)
        levels = numbers % len(self.bits)  # all come up as often; the pictures are in random order
        with tf.GradientTape() as tape:
            bits, errors = self._measure(images, levels, training=True)
            loss = self._loss(bits, errors, levels, pixels=_pixels(images))
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        self._count(bits, errors, levels)
        return self._results()

    def test_step(self, images: Any) -> dict[str, Any]:
        numbers, pictures = tf.range(len(self.bits)), tf.shape(images)[0]

        def at_level(number: Any) -> tuple[Any, Any]:
            return self._measure(images, tf.fill([pictures], number), training=False)

        # The graph of one level is made sooner than that of each.
        measured = tf.map_fn(at_level, numbers, 1, fn_output_signature=(tf.float32, tf.float32))
        bits, errors = (tf.reshape(each, [-1]) for each in measured)
        self._count(bits, errors, tf.repeat(numbers, pictures))
        return self._results()

    def _loss(self, bits: Any, errors: Any, levels: Any, pixels: int) -> Any:
        costs = _costs(pixels * errors, bits, tf.gather(self.rate_weights, levels))
        return tf.reduce_mean(tf.gather(self.shares, levels) * costs**self.cost_power)

    def _measure(self, images: Any, levels: Any, training: bool) -> tuple[Any, Any]:
        """(N,) bits and mean squared error of each picture."""
        gains = tf.exp(tf.gather(self.log_gains, levels))
        everywhere = gains[:, None, None]
        latents = tf.cast(self.encoder(images, training=training), tf.float32) * everywhere
        codes = tf.where(tf.abs(latents) < DEAD_ZONE, 0.0, tf.round(latents))
        known = _straight_through(latents, codes)
        coded = _noisy(_softly_rounded(latents)) if training else codes
        bits = self.rate(coded, known, gains, levels)
        decoded = self.decoder(known / everywhere, training=training)
        return bits, _mean_squares(decoded, images)

    def _count(self, bits: Any, errors: Any, levels: Any) -> None:
        for n in range(len(self.bits)):
            of_level = tf.cast(levels == n, tf.float32)
            self.bits[n].update_state(bits, sample_weight=of_level)
            self.squared_errors[n].update_state(errors, sample_weight=of_level)


def _pixels(images: Any) -> int:
    """Numbers that an image has."""
    return math.prod(images.shape[1:])


def _progress(objective: Any) -> Any:
    """How much of the training is done, in 0..1; kept and restored with the weights."""
    return objective.add_weight(shape=(), initializer="zeros", trainable=False, name="progress")


def _noisy(latents: Any) -> Any:
    return latents + tf.random.uniform(tf.shape(latents), -0.5, 0.5)


def _softly_rounded(latents: Any) -> Any:
    """Nearer to the integers, increasing, and differentiable.

    See E. Agustsson and L. Theis, "Universally quantized neural compression", 2020.

    >>> [round(float(z), 2) for z in _softly_rounded(tf.constant([0.0, 0.2, 0.5, 0.8, 1.0]))]
    [0.0, 0.07, 0.5, 0.93, 1.0]
    """
    below = tf.floor(latents)
    from_middle = latents - below - 0.5
    return below + 0.5 + 0.5 * tf.tanh(_HARDNESS * from_middle) / math.tanh(_HARDNESS / 2)


def _rounded(latents: Any) -> Any:
    """To what int8 can hold."""
    return _straight_through(latents, tf.clip_by_value(tf.round(latents), -128, 127))


def _straight_through(latents: Any, integers: Any) -> Any:
    """The integers, with the gradient of the identity."""
    return latents + tf.stop_gradient(integers - latents)


def _costs(squared_errors: Any, bits: Any, rate_weights: Any) -> Any:
    """(N,) distortion and rate, over the root of lambda, to which they are about proportional."""
    return (squared_errors + rate_weights * bits) / rate_weights**0.5


def _mean_squares(decoded: Any, images: Any) -> Any:
    """(N,) of each picture."""
    difference = tf.cast(decoded, tf.float32) - tf.cast(images, tf.float32)
    return tf.reduce_mean(tf.square(difference), axis=range(1, len(images.shape)))


def _psnr(mean_squared_error: Any) -> Any:
    return -10 / math.log(10) * tf.math.log(mean_squared_error)
