"""What all losses of a pair have in common."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from aecodec.arrays import Float32
from aecodec.keras_models.pair import KerasPair
from aecodec.training.losses.mixture import Mixture


@dataclass(frozen=True)
class RateOptions:
    """Details of the rate term of a loss.

    Attributes:
        loss_weights: weight of each level in the loss; 1 for each if None.
        components: number of distributions that the entropy model mixes, where levels have channels
            of their own.
        cost_power: exponent, above 0, of each picture's cost of distortion and rate. With 1, the
            error of all pictures together is minimized, and the hard ones matter most; the
            smaller, the more equally pictures count, as in a mean of PSNRs.
    """

    loss_weights: Sequence[float] | None = None
    components: int = 1
    cost_power: float = 1.0

    def weights_of(self, levels: int) -> list[float]:
        """Weight of each level in the loss."""
        return [1.0] * levels if self.loss_weights is None else list(self.loss_weights)


class Loss(keras.Model):
    """A loss of a pair, which keeps the share of the training that is done.

    Args:
        pair: the encoder and the decoder.
        distortion: what decoded pictures are measured by.
    """

    def __init__(self, pair: KerasPair, distortion: Mixture) -> None:
        super().__init__()
        self.encoder, self.decoder, self.distortion = pair.encoder, pair.decoder, distortion
        self.progress = self.add_weight(
            shape=(), initializer="zeros", trainable=False, name="progress"
        )

    @property
    def gains(self) -> Float32 | None:
        """(L, K) factors by which the latents are multiplied at each level; None without gains."""
        return None

    def minimize(self, loss: Any, tape: tf.GradientTape) -> None:
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)


class LossOfLevels(Loss):
    """A loss that measures several levels.

    Args:
        pair: the encoder and the decoder.
        distortion: what decoded pictures are measured by.
        levels: number of levels.
    """

    def __init__(self, pair: KerasPair, distortion: Mixture, levels: int) -> None:
        super().__init__(pair, distortion)
        numbers = range(1, levels + 1)
        self.bits = [keras.metrics.Mean(f"bits{n}") for n in numbers]
        self.squared_errors = [keras.metrics.Mean(f"mse{n}") for n in numbers]

    def results(self) -> dict[str, Any]:
        """Bytes and PSNR of each level so far."""
        results: dict[str, Any] = {}
        for n, (bits, error) in enumerate(zip(self.bits, self.squared_errors, strict=True), 1):
            results |= {f"bytes{n}": bits.result() / 8, f"psnr{n}": psnr(error.result())}
        return results


def costs(distortions: Any, bits: Any, rate_weights: Any) -> Any:
    """(N,) distortion and rate over the root of lambda, to which they are about proportional."""
    return (distortions + rate_weights * bits) / rate_weights**0.5


def numbers_in(images: Any) -> int:
    """Height x width x channels of an image."""
    return math.prod(images.shape[1:])


def psnr(mean_squared_error: Any) -> Any:
    """PSNR in dB for a mean squared error of pixels in 0..1."""
    return -10 / math.log(10) * tf.math.log(mean_squared_error)
