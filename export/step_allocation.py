"""Quantization steps and levels of an encoder and a decoder.

If the levels share their channels, rounding should cost the same error in every channel (A. Gersho
and R. M. Gray, "Vector Quantization and Signal Compression", 1992, chapter 8). Steps are therefore
proportional to the inverse square root of the decoder's sensitivity to their channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Float32
from aecodec.codec_files.levels import GAIN_UNITS, MIN_GAIN, Level
from aecodec.keras_models.functional import rescaled
from aecodec.keras_models.pair import KerasPair
from aecodec.keras_models.runners import outputs_of
from aecodec.prior_fitting.context_network import MAX_UNITS

StepsAndLevels = tuple[Float32, tuple[Level, ...]]
"""(K,) quantization steps of the latents, and the levels, starting with the smallest files."""

_ALLOWED_ERROR = 1.1
"""Factor by which rounding at the middle level may increase the squared error."""

_LARGEST_STEP_RATIO = 1e3
_PROBE = 0.25
_SAMPLE = 300
_LARGEST_LATENT = 127

_STEPS_PER_FINEST_STEP = 3
"""int8 steps in the smallest quantization step; odd, so that rounding twice is exact."""

_HALF_WINDOW, _COARSEST_COPIES = 112, 30.0
"""Half the values of a copy of a latent, and its largest quantization step. A latent at an end of
int8 is at most half a step nearer to 0 after dequantization, so it is outside the window."""

_MARGIN = 1.15
"""Factor by which latents of unknown pictures may exceed latents of the training set."""

_CONSTANT, _LARGEST_DEVIATION = 8.0, 0.5
"""Almost constant channels, which networks use as a bias: at least so many deviations between 0 and
the mean, and at most this deviation in steps of the finest level."""

_WORTH_MOVING = 0.7
"""Maximum distance to an odd multiple at which a move to it costs less than rounding twice."""


def shared_steps(
    pair: KerasPair, images: Float32, levels: int, is_rate_trained: bool = False
) -> StepsAndLevels:
    """Steps and levels of a pair whose levels share all channels and differ in their step.

    The middle level has the step with which the rate was trained (1, if `is_rate_trained`), or the
    largest steps that barely increase the squared error. Steps are proportional to odd numbers: 5,
    3 and 1 for three levels. `images` (N, *image_shape) are in 0..1.
    """
    multiples = range(2 * levels - 1, 0, -2)
    sample = pair.checked(images)[:_SAMPLE]
    latents = outputs_of(pair.encoder, sample)
    middle = (
        np.ones(pair.code_dimension, np.float32)
        if is_rate_trained
        else channel_steps(pair.decoder, sample, latents)
    )
    finest = middle / multiples[(levels - 1) // 2]
    steps = np.maximum(finest, _largest_latents(latents) / _LARGEST_LATENT)
    return steps, tuple(Level(0, pair.code_dimension, multiple) for multiple in multiples)


def gained_steps(pair: KerasPair, images: Float32, gains: Float32) -> StepsAndLevels:
    """Steps and levels of a pair whose levels share all channels and differ in gains (L, K).

    Latents are multiplied by gains before rounding. If the range of int8 allows it, the int8 steps
    are finer than the steps of the best level. Steps of the levels are moved to nearby odd
    multiples of the int8 steps; all other multiples add the rounding error of int8 in quantization
    and in dequantization. `images` (N, *image_shape) are in 0..1.
    """
    latents = outputs_of(pair.encoder, pair.checked(images))
    gains = _equal_gains(latents, gains)
    finest = 1 / gains.max(axis=0) / _STEPS_PER_FINEST_STEP
    steps = np.maximum(finest, _largest_latents(latents) / _LARGEST_LATENT)
    return steps, _levels_of(gains * steps)


def _equal_gains(latents: Float32, gains: Float32) -> Float32:
    """The gains (L, K); channels that are almost constant have one gain, with which they are 1.

    Between two levels with different gains, such a channel would have codes that neither level's
    prior expects: three of 256 channels of `photo` took 17 % of a file at level 4.5.
    """
    axes = _all_but_last(latents)
    means, deviations = np.abs(latents.mean(axes)), latents.std(axes)
    is_constant = means > _CONSTANT * deviations
    is_constant &= deviations * gains.max(axis=0) < _LARGEST_DEVIATION
    return np.where(is_constant, 1 / np.where(is_constant, means, 1), gains)


def _levels_of(gains: Float32, coarsest: Float32 | float = np.inf) -> tuple[Level, ...]:
    multiples = np.minimum(_odd_where_near(np.asarray(1 / gains, np.float32)), coarsest)
    logarithms = np.rint(-GAIN_UNITS * np.log2(multiples)).clip(MIN_GAIN, 0)
    return tuple(
        Level(0, gains.shape[1], gains=tuple(level)) for level in logarithms.astype(int).tolist()
    )


@dataclass(frozen=True, eq=False)
class Copies:
    """The int8 latents into which the channels of an encoder are split.

    A channel with a wide range is split into copies, each minus an offset. Copies saturate at the
    ends of int8, and in the decoder at the ends of a smaller window, which is independent of the
    quantization. The sum of the copies in their windows, plus a constant, is the channel.

    Attributes:
        sources: (K',) the channel of each latent, ascending.
        offsets: (K',) subtracted from the channel.
        constants: (K,) added to the sum of the copies of a channel.
    """

    sources: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    constants: npt.NDArray[np.int64]

    @property
    def numbers(self) -> npt.NDArray[np.int64]:
        """(K',) number of each latent among the copies of its channel, from 0."""
        counts = np.bincount(self.sources)
        return np.arange(len(self.sources)) - np.repeat(np.cumsum(counts) - counts, counts)

    def without(self, channels: npt.NDArray[np.int64], values: Float32) -> Copies:
        """Copies of all channels except some, which have rounded `values` (K,) in the decoder."""
        is_kept, constants = ~np.isin(self.sources, channels), self.constants.copy()
        constants[channels] = np.rint(values[channels])
        return Copies(self.sources[is_kept], self.offsets[is_kept], constants)

    @property
    def is_copy(self) -> npt.NDArray[np.bool_]:
        return np.asarray(np.bincount(self.sources)[self.sources] > 1)

    def windows(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """(K',) lowest and highest value of each latent in the decoder."""
        return (
            np.where(self.is_copy, -_HALF_WINDOW, -_LARGEST_LATENT - 1),
            np.where(self.is_copy, _HALF_WINDOW - 1, _LARGEST_LATENT),
        )


def split_steps(latents: Float32, gains: Float32) -> tuple[Float32, Copies, tuple[Level, ...]]:
    """Steps (K,), copies, and levels with K' channels of an encoder with gains (L, K).

    Like :func:`gained_steps`, but channels with a range of more than 255 finest steps are split
    into copies. If there are more latents than a context network supports, channels with the
    smallest deviations are omitted.
    """
    gains = _equal_gains(latents, gains)
    finest, largest = 1 / gains.max(axis=0), _MARGIN * _largest_latents(latents)
    is_wide = largest > _LARGEST_LATENT * finest
    steps = np.where(
        is_wide, finest, np.maximum(finest / _STEPS_PER_FINEST_STEP, largest / _LARGEST_LATENT)
    ).astype(np.float32)
    axes = _all_but_last(latents)
    ends = _MARGIN * np.stack([latents.min(axes), latents.max(axes)]) / steps
    medians = np.median(latents, axes) / steps
    copies = _copies(ends, medians, is_wide)
    excess = len(copies.sources) - MAX_UNITS // 2  # more latents have no context network
    order = np.argsort(latents.std(axes) / finest)
    counts = np.bincount(copies.sources)[order]
    copies = copies.without(order[np.cumsum(counts) - counts < excess], medians)
    coarsest = np.where(copies.is_copy, _COARSEST_COPIES, np.inf)
    return steps, copies, _levels_of((gains * steps)[:, copies.sources], coarsest)


def _copies(ends: Float32, middle: Float32, is_wide: npt.NDArray[np.bool_]) -> Copies:
    """Copies of wide channels, whose medians (K,) are in the middle of a copy's window.

    Near a border, two copies change, which costs bits twice. `ends` (2, K) are in int8 steps.
    """
    width = 2 * _HALF_WINDOW - 1
    middle = np.where(is_wide, np.rint(middle), 0).astype(np.int64)
    distances = np.where(is_wide, np.abs(ends - middle), 0)
    below, above = np.ceil(np.maximum(distances - _HALF_WINDOW, 0) / width).astype(np.int64)
    sources = np.repeat(np.arange(len(middle)), below + above + 1)
    first = middle - width * below
    copies = Copies(sources, first[sources], first + _HALF_WINDOW * (below + above))
    return replace(copies, offsets=copies.offsets + width * copies.numbers)


def _odd_where_near(multiples: Float32) -> Float32:
    """Multiples of at least 1, moved to an odd number if its distance is less than 0.7.

    A step of s int8 steps adds two int8 rounding errors, which is 2 / s^2 of its own squared error.
    Moving the step by d away from the balance of rate and distortion costs about 2 (d / s)^2 of
    that error.
    """
    odd = 2 * np.floor(multiples / 2) + 1
    return np.where(np.abs(multiples - odd) < _WORTH_MOVING, odd, multiples)


def separate_steps(channels: Sequence[int]) -> StepsAndLevels:
    """Steps and levels of a pair whose levels have separate channels, trained with steps of 1."""
    stops = np.cumsum(channels).tolist()
    levels = (Level(stop - count, stop) for stop, count in zip(stops, channels, strict=True))
    return np.ones(stops[-1], np.float32), tuple(levels)


def in_steps(pair: KerasPair, steps: Float32) -> tuple[Any, Any]:
    """The encoder and the decoder of a pair, with latents in units of steps (K,)."""
    if (steps == 1).all():
        return pair.encoder, pair.decoder
    return rescaled(pair.encoder, pair.decoder, steps)


def channel_steps(decoder: Any, images: Float32, latents: Float32) -> Float32:
    """(K,) largest steps, balanced between channels, that barely increase the squared error.

    `latents` (N, ..., K) belong to the images (N, *image_shape).
    """
    relative: npt.NDArray[Any] = 1 / np.sqrt(sensitivities(decoder, latents))
    relative /= np.exp(np.log(relative).mean())

    def error(steps: Float32 | None) -> float:
        rounded = latents if steps is None else np.rint(latents / steps) * steps
        return float(np.mean((outputs_of(decoder, rounded) - images) ** 2))

    widest = float((_largest_latents(latents) / relative).max()) or 1.0
    allowed = _ALLOWED_ERROR * error(None)
    for factor in widest * 2.0 ** -np.arange(0, 12, 0.25):
        if error(relative * np.float32(factor)) <= allowed:
            break
    return np.asarray(relative * factor, np.float32)


def sensitivities(decoder: Any, latents: Float32) -> Float32:
    """(K,) squared error of the picture per unit of squared error in a channel.

    The latents are (N, ..., K).
    """
    exact = outputs_of(decoder, latents)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], latents.shape[:-1])
    deviations = latents.std(axis=_all_but_last(latents))
    measured = np.zeros(latents.shape[-1], np.float32)
    for channel, deviation in enumerate(deviations):
        moved, shift = latents.copy(), _PROBE * max(float(deviation), 1e-6)
        moved[..., channel] += shift * signs
        measured[channel] = np.mean((outputs_of(decoder, moved) - exact) ** 2) / shift**2
    return np.maximum(measured, measured.max() / _LARGEST_STEP_RATIO**2 + np.finfo(np.float32).tiny)


def _largest_latents(latents: Float32) -> Float32:
    return np.asarray(np.abs(latents).max(axis=_all_but_last(latents)))


def _all_but_last(latents: Float32) -> tuple[int, ...]:
    return tuple(range(latents.ndim - 1))
