"""Choice of the loss for a pair and its levels."""

from __future__ import annotations

from collections.abc import Sequence

from aecodec.arrays import Float32
from aecodec.errors import ModelError
from aecodec.keras_models.pair import KerasPair
from aecodec.training.losses.base import DistortionLoss, RateOptions
from aecodec.training.losses.gained import GainedRateDistortionLoss, WeightedLoss
from aecodec.training.losses.mixture import Mixture
from aecodec.training.losses.separate_channels import RateDistortionLoss


def loss_of(
    pair: KerasPair,
    channels: Sequence[int],
    rate_weights: Sequence[float] | None,
    options: RateOptions,
    distortion: Mixture,
    gains: Float32 | None = None,
    is_weighted: bool = False,
) -> DistortionLoss | RateDistortionLoss | GainedRateDistortionLoss:
    """Choose the loss for a pair and its levels.

    `channels` are the numbers of channels of the levels, a single number if they share their
    channels. `rate_weights` are their lambdas; None minimizes only the distortion. `gains` (L, K)
    are initial gains. With `is_weighted`, batches have weights of the samples, and levels differ in
    gains.

    Raises ModelError if the numbers of levels, rate weights and loss weights do not fit each other.
    """
    if rate_weights is None:
        if len(channels) > 1:
            raise ModelError(
                f"{len(channels)} levels have separate channels: give a rate weight for each level"
            )
        return DistortionLoss(pair, distortion)
    levels, level_weights = len(rate_weights), len(options.weights_of(len(rate_weights)))
    if levels == level_weights > len(channels) == 1 and len(pair.code_shape) == 3:
        fitting = gains if gains is not None and len(gains) == levels else None
        gained = WeightedLoss if is_weighted else GainedRateDistortionLoss
        return gained(pair, rate_weights, options, distortion, fitting)
    if not level_weights == levels == len(channels):
        raise ModelError(
            f"{levels} rate weights and {level_weights} loss weights for {len(channels)} levels: "
            "give one of each per level"
        )
    return RateDistortionLoss(pair, channels, rate_weights, options, distortion)
