"""Base classes and options of losses, and differentiable replacements of rounding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from aecodec.arrays import Float32
from aecodec.keras_models.pair import KerasPair
from aecodec.training.losses.mixture import Mixture, mean_squares

_SOFT_ROUNDING = 4.0
"""Hardness of the soft rounding: 0 for no rounding, infinite for exact rounding."""


@dataclass(frozen=True)
class RateOptions:
    """Details of the rate term of a loss.

    Attributes:
        loss_weights: weight of each level in the loss; None for 1.
        components: number of distributions that the entropy model mixes, if levels have separate
            channels.
        cost_power: positive exponent of each picture's cost of distortion and rate. With 1, the
            error of all pictures together is minimized, and difficult pictures matter most. Smaller
            values weight pictures more equally, as in a mean of PSNRs.
    """

    loss_weights: Sequence[float] | None = None
    components: int = 1
    cost_power: float = 1.0

    def weights_of(self, levels: int) -> list[float]:
        """Weights of the levels in the loss."""
        return [1.0] * levels if self.loss_weights is None else list(self.loss_weights)


class Loss(keras.Model):
    """A loss of a pair. Its weight `progress` is the finished share of the training."""

    def __init__(self, pair: KerasPair, distortion: Mixture) -> None:
        super().__init__()
        self.encoder, self.decoder, self.distortion = pair.encoder, pair.decoder, distortion
        self.cost = keras.metrics.Mean("loss")  # which callbacks of Keras monitor by default
        self.progress = self.add_weight(
            shape=(), initializer="zeros", trainable=False, name="progress"
        )

    @property
    def gains(self) -> Float32 | None:
        """(L, K) factors by which latents are multiplied at each level; None without gains."""
        return None

    def train_step(self, images: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            cost, results = self.measured(images, training=True)
        self.minimize(cost, tape)
        return results

    def test_step(self, images: Any) -> dict[str, Any]:
        return self.measured(images, training=False)[1]

    def measured(self, images: Any, training: bool) -> tuple[Any, dict[str, Any]]:
        """The cost of images, which is minimized, and the results so far."""
        raise NotImplementedError

    def minimize(self, loss: Any, tape: tf.GradientTape) -> None:
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)


class DistortionLoss(Loss):
    """The distortion of an autoencoder without any quantization."""

    def __init__(self, pair: KerasPair, distortion: Mixture) -> None:
        super().__init__(pair, distortion)
        self.squared_error = keras.metrics.Mean("mse")
        self.built = True  # all parts are built

    def measured(self, images: Any, training: bool) -> tuple[Any, dict[str, Any]]:
        decoded = self.decoder(self.encoder(images, training=training), training=training)
        cost = tf.reduce_mean(self.distortion(decoded, images))
        self.cost.update_state(cost)
        self.squared_error.update_state(mean_squares(decoded, images))
        return cost, {"loss": self.cost.result(), "psnr": psnr(self.squared_error.result())}


class LossOfLevels(Loss):
    """A loss that measures several levels."""

    def __init__(self, pair: KerasPair, distortion: Mixture, levels: int) -> None:
        super().__init__(pair, distortion)
        numbers = range(1, levels + 1)
        self.bits = [keras.metrics.Mean(f"bits{n}") for n in numbers]
        self.squared_errors = [keras.metrics.Mean(f"mse{n}") for n in numbers]

    def results(self) -> dict[str, Any]:
        """The loss, and bytes and PSNR of each level so far."""
        results: dict[str, Any] = {"loss": self.cost.result()}
        for n, (bits, error) in enumerate(zip(self.bits, self.squared_errors, strict=True), 1):
            results |= {f"bytes{n}": bits.result() / 8, f"psnr{n}": psnr(error.result())}
        return results


def costs(distortions: Any, bits: Any, rate_weights: Any) -> Any:
    """(N,) costs of distortion and rate, divided by the root of lambda to balance the levels."""
    return (distortions + rate_weights * bits) / rate_weights**0.5


def numbers_in(images: Any) -> int:
    """Number of values in an image: height x width x channels."""
    return math.prod(images.shape[1:])


def psnr(mean_squared_error: Any) -> Any:
    """PSNR in dB for a mean squared error of pixels in 0..1."""
    return -10 / math.log(10) * tf.math.log(mean_squared_error)


def noisy(latents: Any) -> Any:
    """Latents with uniform noise of one step, which has the rate of rounded latents."""
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


def to_int8(latents: Any) -> Any:
    """Round latents to int8 values, with the gradient of the identity."""
    return straight_through(latents, tf.clip_by_value(tf.round(latents), -128, 127))


def straight_through(latents: Any, integers: Any) -> Any:
    """The integers, with the gradient of the identity."""
    return latents + tf.stop_gradient(integers - latents)
