"""Fitting a context network to codes, and making integers of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from aecodec.context import CEILING, MAX_SHIFT, MOST, POSITIONS, Context
from aecodec.fitting import pool_bank, shape_scales
from aecodec.prior import Codes, Prior
from aecodec.training.rate import logistic_mass

_INPUT_UNIT = 32
"""Inputs are shifted until their standard deviation is 16..32; a 32nd is what the network sees."""

_HIGHEST = 6.0
"""Hidden units pass a ReLU6, whose range is known."""

_HELD_OUT = 0.1
_DROPOUT = 0.1
_BATCH = 256
_LEARNING_RATE = 4e-3


def fit_context(
    prior: Prior, codes: Codes, units: int = 512, epochs: int = 40, seed: int = 0
) -> Prior:
    """Give a prior a context network, if that codes held-out vectors in fewer bits.

    Args:
        prior: fitted to these codes, its bank as :func:`aecodec.fitting.fit_prior` lays it out.
        codes: (N, K) integers; a tenth is held out. Fewer than some hundred, or more than 1024
            channels, get no network.
        units: H, hidden units, 0 to 1024; fewer are smaller and faster.
        epochs: passes over the codes.
        seed: of the first weights, the order and the dropout.

    Returns:
        The prior with its context network, or the prior as it was.

    >>> rng = np.random.default_rng(0)
    >>> codes = (rng.normal(0, 4, (4000, 1)) + rng.normal(0, 1, (4000, 6))).round().astype(np.int16)
    >>> from aecodec.fitting import fit_prior
    >>> alone = fit_prior(codes, priors=2)
    >>> bool(fit_context(alone, codes, 32).bits(codes).mean() < 0.9 * alone.bits(codes).mean())
    True
    """
    fitted_on, held_out = np.split(
        np.random.default_rng(seed).permutation(codes), [int((1 - _HELD_OUT) * len(codes))]
    )
    if not units or prior.code_dimension > MOST or len(fitted_on) < _BATCH:
        return prior
    network = _trained(prior, fitted_on, units, epochs, seed)
    fitted = pool_bank(replace(prior, context=network.quantized()), fitted_on)
    return fitted if fitted.bits(held_out).sum() < prior.bits(held_out).sum() else prior


def _trained(prior: Prior, codes: Codes, units: int, epochs: int, seed: int) -> _ContextRate:
    keras.utils.set_random_seed(seed)
    network = _ContextRate(prior, codes.std(axis=0), units)
    schedule = keras.optimizers.schedules.CosineDecay(
        _LEARNING_RATE, epochs * (len(codes) // _BATCH)
    )
    optimizer = keras.optimizers.Adam(schedule, beta_2=0.99)
    network.compile(optimizer, loss=lambda _, bits: bits)
    inputs = codes.astype(np.float32), prior.choose(codes)
    network.fit(inputs, np.zeros(len(codes)), _BATCH, epochs, verbose=0)
    return network


class _ContextRate(keras.Model):
    """Code vectors and their priors to the bits of the symbols, differentiable."""

    def __init__(self, prior: Prior, deviations: npt.NDArray[Any], units: int) -> None:
        super().__init__(name="context_rate")
        channels = prior.code_dimension
        scales = shape_scales(-prior.first, len(prior.bank))
        # What tells most comes first.
        self.order = np.argsort(-deviations, kind="stable").astype(np.uint16)
        self.deviations = np.asarray(deviations[self.order] + 0.05, np.float32)
        self.shape_ratio = float(np.log(scales[-1] / scales[0]) / (len(scales) - 1))
        self.input_shift = _input_shifts(self.deviations)
        self.reach = np.sort(np.arange(units) % channels).astype(np.uint16)
        self.readable = _mask(np.arange(channels)[:, None] < self.reach)
        self.usable = _mask(self.reach[:, None] <= np.arange(channels))[..., None]
        table = prior.table[:, self.order]
        self.offset = prior.offset[:, self.order].astype(np.float32)
        eighths = (table % POSITIONS).astype(np.float32) - POSITIONS // 2
        self.mean = self.offset + eighths / np.float32(POSITIONS)
        self.log_scale = np.log(scales).astype(np.float32)[table // POSITIONS]
        self.kernel = self.add_weight(shape=(channels, units), initializer="glorot_normal")
        self.bias = self.add_weight(
            shape=(prior.priors, units),
            initializer="zeros",
            constraint=lambda bias: tf.clip_by_value(bias, -_HIGHEST, _HIGHEST),
        )
        self.outputs_kernel = self.add_weight(
            shape=(units, channels, 2), initializer=keras.initializers.RandomNormal(stddev=0.01)
        )
        self.dropout = keras.layers.Dropout(_DROPOUT)
        self.built = True

    def call(self, vectors_and_priors: Any, training: bool = False) -> Any:
        """(N, K) codes and (N,) priors to (N, 1) bits."""
        codes, chosen = vectors_and_priors
        codes = tf.gather(codes, self.order.astype(np.int32), axis=1)
        distance = (codes - tf.gather(self.offset, chosen)) * 2.0**self.input_shift
        inputs = tf.clip_by_value(distance, -CEILING, CEILING) / _INPUT_UNIT
        sums = inputs @ (self.kernel * self.readable) + tf.gather(self.bias, chosen)
        hidden = self.dropout(tf.clip_by_value(sums, 0, _HIGHEST), training=training)
        moves = tf.einsum("nh,hkm->nkm", hidden, self.outputs_kernel * self.usable)
        mean = tf.gather(self.mean, chosen) + self.deviations * moves[..., 0]
        log_scale = tf.gather(self.log_scale, chosen) + moves[..., 1]
        mass = logistic_mass(codes - mean, log_scale)
        return -tf.reduce_sum(tf.math.log(mass), axis=-1, keepdims=True) / np.log(2)

    def quantized(self) -> Context:
        """The same network in integers."""
        unit_step = _HIGHEST / CEILING
        weights, unit_shift = _shifted(
            self.kernel.numpy() * self.readable / (_INPUT_UNIT * unit_step), axis=0
        )
        moves = np.stack(
            [POSITIONS * self.deviations, np.full_like(self.deviations, 1 / self.shape_ratio)], 1
        )
        outputs = self.outputs_kernel.numpy() * self.usable * unit_step * moves
        output_weights, output_shift = _shifted(outputs.transpose(1, 0, 2), axis=1)
        return Context(
            order=self.order,
            input_shift=self.input_shift,
            reach=self.reach,
            weights=weights,
            unit_shift=unit_shift,
            bias=np.rint(self.bias.numpy() / unit_step),
            output_weights=output_weights,
            output_shift=output_shift,
        )


def _mask(allowed: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    return allowed.astype(np.float32)


def _input_shifts(deviations: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    return np.clip(np.floor(np.log2(_INPUT_UNIT / deviations)), 0, 7).astype(np.uint8)


def _shifted(
    weights: npt.NDArray[Any], axis: int
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.uint8]]:
    """Weights as 8-bit integers, shifted left as far as they fit, alike along an axis."""
    largest = np.abs(weights).max(axis=axis, keepdims=True) + 2.0**-MAX_SHIFT
    shift = np.clip(np.floor(np.log2(CEILING / largest)), 0, MAX_SHIFT)
    integers = np.clip(np.rint(weights * 2.0**shift), -CEILING, CEILING)
    return integers.astype(np.int8), shift.squeeze(axis).astype(np.uint8)
