"""Fitting a context network to codes, and making integers of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from aecodec.competition import choose
from aecodec.context import (
    CEILING,
    MAX_SHIFT,
    MOST,
    POSITIONS,
    TREND_CEILING,
    AroundWeights,
    Context,
)
from aecodec.fitting import pool_bank, shape_scales
from aecodec.neighbours import KINDS, LED, TRENDS, Codes, Grid, parts_of
from aecodec.prior import Prior
from aecodec.training.neighbour_rate import slices_of
from aecodec.training.rate import logistic_mass

_INPUT_UNIT = 32
"""Inputs are shifted until their channel's standard deviation is 16..32; a 32nd is what the network
sees."""

_TREND_UNIT = 2 * _INPUT_UNIT
"""Likewise for trends, of two vectors each."""

_HIGHEST = 6.0
"""Hidden units pass a ReLU6, whose range is known."""

_HELD_OUT = 0.1
_BATCH = 256
_ALONE, _IN_GRIDS = (4e-3, 0.1), (1e-3, 0.0)
"""Highest learning rate, and dropout. Vectors of pictures are so many that they need no dropout."""


def fit_context(
    prior: Prior,
    codes: Codes,
    units: int = 512,
    epochs: int = 40,
    seed: int = 0,
    grid: Grid | None = None,
) -> Prior:
    """Give a prior a context network, if that codes held-out vectors in fewer bits.

    Args:
        prior: fitted to these codes, its bank as :func:`aecodec.fitting.fit_prior` lays it out.
        codes: (N, K) integers; a tenth is held out. Fewer than some hundred, or more than 1024
            channels (512 in a grid), get no network.
        units: H, hidden units, 0 to 1024; fewer are smaller and faster.
        epochs: passes over the codes.
        seed: of the first weights, the order and the dropout.
        grid: where the vectors lie in pictures, for the network to read what is around them; None
            for vectors that stand alone.

    Returns:
        The prior with its context network, or the prior as it was.

    >>> rng = np.random.default_rng(0)
    >>> codes = (rng.normal(0, 4, (4000, 1)) + rng.normal(0, 1, (4000, 6))).round().astype(np.int16)
    >>> from aecodec.fitting import fit_prior
    >>> alone = fit_prior(codes, priors=2)
    >>> bool(fit_context(alone, codes, 32).bits(codes).mean() < 0.9 * alone.bits(codes).mean())
    True
    """
    most = MOST if grid is None else MOST // 2
    pictures = np.random.default_rng(seed).permutation(grid[0] if grid else len(codes))
    whole = codes.reshape(len(pictures), -1, codes.shape[1])
    split = int((1 - _HELD_OUT) * len(pictures))
    fitted_on, held_out = (
        whole[each].reshape(-1, codes.shape[1]) for each in np.split(pictures, [split])
    )
    if not units or prior.code_dimension > most or len(fitted_on) < _BATCH:
        return prior
    grids = [(count, *grid[1:]) if grid else None for count in (split, len(pictures) - split)]
    network = _trained(prior, fitted_on, units, epochs, seed, grids[0])
    fitted = pool_bank(replace(prior, context=network.quantized()), fitted_on, grids[0])
    bits = [each.bits(held_out, grids[1]).sum() for each in (fitted, prior)]
    return fitted if bits[0] < bits[1] else prior


def _trained(
    prior: Prior, codes: Codes, units: int, epochs: int, seed: int, grid: Grid | None
) -> _ContextRate:
    keras.utils.set_random_seed(seed)
    learning_rate, dropout = _IN_GRIDS if grid else _ALONE
    network = _ContextRate(prior, codes, units, grid is not None, dropout)
    schedule = keras.optimizers.schedules.CosineDecay(
        learning_rate, epochs * (len(codes) // _BATCH)
    )
    optimizer = keras.optimizers.Adam(schedule, beta_2=0.99)
    network.compile(optimizer, loss=lambda _, bits: bits)
    inputs = codes.astype(np.float32), choose(prior, codes), *_around(codes, grid, network)
    network.fit(inputs, np.zeros(len(codes)), _BATCH, epochs, verbose=0)
    return network


def _around(
    codes: Codes, grid: Grid | None, network: _ContextRate
) -> tuple[npt.NDArray[np.float32], ...]:
    """For each vector (N, KINDS), 1 for the kind of its surroundings; (N, TRENDS, L) their trends,
    and (N, K) magnitudes.
    """
    if grid is None:
        return ()
    kinds = np.zeros((len(codes), KINDS), np.float32)
    led = network.order[:LED]
    trends = np.zeros((len(codes), TRENDS, len(led)), np.float32)
    magnitudes = np.zeros(codes.shape, np.float32)
    for part in parts_of(grid):
        around = part.surroundings(codes, network.centre, led)
        if around:
            kinds[part.members, around.kind] = 1
            trends[part.members] = around.trends
            magnitudes[part.members] = around.magnitudes
    return kinds, trends, magnitudes


class _ContextRate(keras.Model):
    """Code vectors and their priors to the bits of the symbols, differentiable."""

    def __init__(
        self,
        prior: Prior,
        codes: Codes,
        units: int,
        reads_around: bool,
        dropout: float,
    ) -> None:
        super().__init__(name="context_rate")
        self.reads_around = reads_around
        channels = prior.code_dimension
        scales = shape_scales(-prior.first, len(prior.bank))
        deviations = codes.std(axis=0)
        self.centre = np.clip(np.rint(codes.mean(axis=0)), -128, 127).astype(np.int16)
        # What tells most comes first.
        self.order = np.argsort(-deviations, kind="stable").astype(np.uint16)
        self.deviations = np.asarray(deviations[self.order] + 0.05, np.float32)
        self.shape_ratio = float(np.log(scales[-1] / scales[0]) / (len(scales) - 1))
        self.input_shift = _input_shifts(self.deviations)
        self.reach = (
            slices_of(channels, units) if reads_around else np.sort(np.arange(units) % channels)
        ).astype(np.uint16)
        places = np.arange(channels)
        self.readable = _mask(places[:, None] < self.reach)
        self.usable = _mask(self.reach[:, None] <= places)[..., None]
        table = prior.table[:, self.order]
        self.offset = prior.offset[:, self.order].astype(np.float32)
        eighths = (table % POSITIONS).astype(np.float32) - POSITIONS // 2
        self.mean = self.offset + eighths / np.float32(POSITIONS)
        self.log_scale = np.log(scales).astype(np.float32)[table // POSITIONS]
        self.kernel = self.add_weight(shape=(channels, units), initializer="glorot_normal")
        self.bias = self._add_bias(prior.priors, units)
        self.outputs_kernel = self.add_weight(
            shape=(units, channels, 2), initializer=keras.initializers.RandomNormal(stddev=0.01)
        )
        if reads_around:
            small = keras.initializers.RandomNormal(stddev=(2 * channels) ** -0.5)
            self.around_kernel = self.add_weight(shape=(KINDS, channels, units), initializer=small)
            self.around_bias = self._add_bias(KINDS, units)
            led = min(channels, LED)
            self.slope = self.add_weight(shape=(KINDS, TRENDS, led, led), initializer="zeros")
        self.dropout = keras.layers.Dropout(dropout)
        self.built = True

    def _add_bias(self, kinds: int, units: int) -> Any:
        return self.add_weight(
            shape=(kinds, units),
            initializer="zeros",
            constraint=lambda bias: tf.clip_by_value(bias, -_HIGHEST, _HIGHEST),
        )

    def call(self, vectors: Any, training: bool = False) -> Any:
        """(N, K) codes, (N,) priors and what is around to (N, 1) bits."""
        codes, chosen, *around = vectors
        codes = tf.gather(codes, self.order.astype(np.int32), axis=1)
        known = codes - tf.gather(self.offset, chosen)
        if self.reads_around:
            known = tf.abs(codes - self.centre[self.order].astype(np.float32))
        sums = self._inputs(known) @ (self.kernel * self.readable)
        sums += tf.gather(self.bias, chosen)
        mean = tf.gather(self.mean, chosen)
        if self.reads_around:
            more, moved = self._look_around(*around)
            sums, mean = sums + more, mean + moved
        hidden = self.dropout(tf.clip_by_value(sums, 0, _HIGHEST), training=training)
        moves = tf.einsum("nh,hkm->nkm", hidden, self.outputs_kernel * self.usable)
        mean += self.deviations * moves[..., 0]
        log_scale = tf.gather(self.log_scale, chosen) + moves[..., 1]
        mass = logistic_mass(codes - mean, log_scale)
        return -tf.reduce_sum(tf.math.log(mass), axis=-1, keepdims=True) / np.log(2)

    def _inputs(self, known: Any) -> Any:
        return tf.clip_by_value(known * 2.0**self.input_shift, -CEILING, CEILING) / _INPUT_UNIT

    def _look_around(self, kinds: Any, trends: Any, magnitudes: Any) -> tuple[Any, Any]:
        """What the surroundings add to the units (N, H), and to the means (N, K)."""
        order = self.order.astype(np.int32)
        inputs = self._inputs(tf.gather(magnitudes, order, axis=1) / 4)
        of_kinds = tf.einsum("nk,tkh->tnh", inputs, self.around_kernel)
        units = tf.einsum("tnh,nt->nh", of_kinds, kinds) + kinds @ self.around_bias
        return units, self._led(kinds, trends) * self.deviations

    def _led(self, kinds: Any, trends: Any) -> Any:
        """(N, K) where the trends lead, in deviations."""
        shifted = trends * 2.0 ** self.input_shift[:LED]
        inputs = tf.clip_by_value(shifted, -TREND_CEILING, TREND_CEILING) / _TREND_UNIT
        of_kinds = tf.einsum("npj,tpjk->tnk", inputs, self.slope)
        moved = tf.einsum("tnk,nt->nk", of_kinds, kinds)
        return tf.pad(moved, [[0, 0], [0, len(self.order) - moved.shape[1]]])

    def quantized(self) -> Context:
        """The same network in integers."""
        unit_step = _HIGHEST / CEILING
        channels, units = self.kernel.shape
        kernels = [self.kernel.numpy() * self.readable]
        if self.reads_around:
            kernels.append(self.around_kernel.numpy().reshape(-1, units))
        weights, unit_shift = _shifted(np.concatenate(kernels) / (_INPUT_UNIT * unit_step), axis=0)
        moves = np.stack(
            [POSITIONS * self.deviations, np.full_like(self.deviations, 1 / self.shape_ratio)], 1
        )
        outputs = self.outputs_kernel.numpy() * self.usable * unit_step * moves
        output_weights, output_shift = _shifted(outputs.transpose(1, 0, 2), axis=1)
        return Context(
            order=self.order,
            input_shift=self.input_shift,
            reach=self.reach,
            weights=weights[:channels],
            unit_shift=unit_shift,
            bias=np.rint(self.bias.numpy() / unit_step),
            output_weights=output_weights,
            output_shift=output_shift,
            around=self._around_weights(weights[channels:], unit_step),
        )

    def _around_weights(
        self, weights: npt.NDArray[np.int8], unit_step: float
    ) -> AroundWeights | None:
        if not self.reads_around:
            return None
        moves = POSITIONS * self.deviations[:LED] / _TREND_UNIT
        by_led = (self.slope.numpy() * moves).transpose(0, 3, 1, 2)
        slope, slope_shift = _shifted(by_led.reshape(*by_led.shape[:2], -1), axis=2)
        return AroundWeights(
            centre=self.centre[self.order],
            weights=weights.reshape(self.around_kernel.shape),
            bias=np.rint(self.around_bias.numpy() / unit_step),
            slope=slope.reshape(by_led.shape),
            slope_shift=slope_shift,
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
