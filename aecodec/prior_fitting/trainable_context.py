"""A context network in floats for training, and its conversion to 8-bit integers.

Apart from rounding, its results equal the library's (docs/FORMAT.md, section 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from aecodec.base.arrays import Codes, Float32
from aecodec.native.tables import Grid, neighbours
from aecodec.prior_fitting.context_network import (
    BY_DIFFERENCE,
    GRADIENTS,
    KINDS,
    MAX_ACTIVATION,
    MAX_GRADIENT,
    MAX_SHIFT,
    POSITIONS,
    PREDICTED_CHANNELS,
    ContextNetwork,
    SpatialWeights,
    slice_degrees,
)
from aecodec.prior_fitting.level_tables import choices
from aecodec.prior_fitting.prior import Prior, shape_scales

_INPUT_UNIT = 32
"""Divisor of inputs, which are shifted left to a standard deviation of 16..32."""

_GRADIENT_UNIT = 2 * _INPUT_UNIT
"""Divisor of the gradients, which are sums or differences of two vectors."""

_CEILING = 6.0
"""Maximum output of the hidden units, whose activation is ReLU6."""

_UNIT_STEP = _CEILING / MAX_ACTIVATION
"""Value of an integer step of a hidden unit."""

_MAX_INPUT_SHIFT = 7
_LEAST_PROBABILITY = 1e-7

_NARROWEST_LOG_SCALE = -7.0
"""Without a limit, training on flat areas narrows distributions until their scales overflow."""


class _Measures:
    """Statistics of a prior and its codes, for scaling, in the order of coding.

    The order starts with the channel that has the largest deviation.
    """

    def __init__(self, prior: Prior, codes: Codes) -> None:
        scales = shape_scales(-prior.first, len(prior.bank))
        deviations = codes.std(axis=0)
        self.order = np.argsort(-deviations, kind="stable").astype(np.int32)
        mean = np.rint(codes.mean(axis=0))[self.order]
        self.centre = np.clip(mean, -128, 127).astype(np.int16)
        self.deviations = np.asarray(deviations[self.order] + 0.05, np.float32)
        shifts = np.floor(np.log2(_INPUT_UNIT / self.deviations))
        self.input_shift = np.clip(shifts, 0, _MAX_INPUT_SHIFT).astype(np.uint8)
        steps = np.diff(codes.astype(np.float32), axis=0).var(axis=0)  # mostly between neighbours
        self.by_difference = (steps < codes.var(axis=0))[self.order]
        self.by_difference[PREDICTED_CHANNELS:] = False
        table = prior.table[:, self.order]
        eighths = (table % POSITIONS).astype(np.float32) - POSITIONS // 2
        self.offset = prior.offset[:, self.order].astype(np.float32)  # (P, K)
        self.mean = self.offset + eighths / np.float32(POSITIONS)  # of the prior's tables
        self.log_scale = np.log(scales).astype(np.float32)[table // POSITIONS]
        self.shape_ratio = float(np.log(scales[-1] / scales[0]) / (len(scales) - 1))

    @property
    def spread(self) -> Float32:
        """(K,) inputs at one standard deviation."""
        return self.deviations * np.float32(2) ** self.input_shift

    def inputs(self, distances: Any) -> Any:
        shifted = distances * 2.0**self.input_shift
        return tf.clip_by_value(shifted, -MAX_ACTIVATION, MAX_ACTIVATION) / _INPUT_UNIT


class TrainableContext(keras.layers.Layer):
    """A differentiable context network, from code vectors and priors to numbers of bits.

    The `prior` was fitted to the `codes` (N, K). Some of H `units` are dropped in training.
    """

    def __init__(
        self, prior: Prior, codes: Codes, units: int, is_spatial: bool, dropout: float
    ) -> None:
        super().__init__(name="context_network")
        channels = prior.code_dimension
        self.prior, self.measures = prior, _Measures(prior, codes)
        self.degree = (
            slice_degrees(channels, units) if is_spatial else np.sort(np.arange(units) % channels)
        ).astype(np.uint16)
        places = np.arange(channels)
        self.readable = (places[:, None] < self.degree).astype(np.float32)
        self.usable = (self.degree[:, None] <= places).astype(np.float32)
        small = keras.initializers.RandomNormal(stddev=0.01)
        self.kernel = self.add_weight(shape=(channels, units), initializer="glorot_normal")
        self.bias = _add_bias(self, prior.priors, units)
        self.to_mean = self.add_weight(shape=(units, channels), initializer=small)
        self.to_scale = self.add_weight(shape=(units, channels), initializer=small)
        self.spatial = _SpatialTerms(self.measures, units) if is_spatial else None
        self.dropout = keras.layers.Dropout(dropout)
        self.built = True

    def inputs(self, codes: Codes, grid: Grid | None) -> tuple[npt.NDArray[Any], ...]:
        """Codes (N, K) in the order of coding, selected priors (N,), and their spatial context."""
        ordered = codes[:, self.measures.order].astype(np.int16)
        spatial = self.spatial.inputs(ordered, grid) if self.spatial and grid else ()
        selected = choices(self.prior, codes).priors if self.prior.priors > 1 else 0
        return ordered, np.broadcast_to(np.int32(selected), len(codes)), *spatial

    def call(self, vectors: Any, counts: Sequence[int], training: bool = False) -> Any:
        """Bits (n,) of vectors with these inputs.

        The vectors are sorted by the kind of their neighbours; `counts` are the numbers of vectors
        of each kind, and without neighbours.
        """
        codes, selected, *spatial = vectors
        codes = tf.cast(codes, tf.float32)
        sums = self.measures.inputs(self._distances(codes, selected)) @ (
            self.kernel * self.readable
        )
        sums += tf.gather(self.bias, selected)
        mean = tf.gather(self.measures.mean, selected)
        if self.spatial:
            from_neighbours, moved = self.spatial(spatial, counts=counts)
            sums, mean = sums + from_neighbours, mean + moved
        hidden = self.dropout(tf.clip_by_value(sums, 0, _CEILING), training=training)
        mean += self.measures.deviations * (hidden @ (self.to_mean * self.usable))
        log_scale = tf.gather(self.measures.log_scale, selected)
        log_scale += hidden @ (self.to_scale * self.usable)
        mass = logistic_mass(codes - mean, log_scale)
        return -tf.reduce_sum(tf.math.log(mass), axis=-1) / np.log(2)

    def _distances(self, codes: Any, selected: Any) -> Any:
        if self.spatial:
            return tf.abs(codes - self.measures.centre.astype(np.float32))
        return codes - tf.gather(self.measures.offset, selected)

    def start_from(self, network: TrainableContext) -> None:
        """Copy the weights of a network with as many units for the codes of a different level."""
        places = np.argsort(network.measures.order)[self.measures.order]
        ratios = (network.measures.spread[places] / self.measures.spread)[:, None]
        self.kernel.assign((network.kernel * network.readable).numpy()[places] * ratios)
        self.bias.assign(network.bias)
        self.to_mean.assign((network.to_mean * network.usable).numpy()[:, places])
        self.to_scale.assign((network.to_scale * network.usable).numpy()[:, places])
        if self.spatial and network.spatial:
            self.spatial.start_from(network.spatial, places, ratios)

    def quantized(self) -> ContextNetwork:
        channels, units = self.kernel.shape
        kernels = [self.kernel.numpy() * self.readable]
        if self.spatial:  # the units shift the sum of both products
            kernels.append(self.spatial.kernel.numpy().reshape(-1, units))
        weights, unit_shift = _to_int8(np.concatenate(kernels) / (_INPUT_UNIT * _UNIT_STEP), axis=0)
        deviations = self.measures.deviations
        per_shape = np.full_like(deviations, 1 / self.measures.shape_ratio)
        moves = np.stack([POSITIONS * deviations, per_shape], axis=1)  # eighths of a symbol; shapes
        outputs = np.stack([self.to_mean.numpy(), self.to_scale.numpy()], axis=-1)
        outputs *= self.usable[..., None] * _UNIT_STEP * moves
        output_weights, output_shift = _to_int8(outputs.transpose(1, 0, 2), axis=1)
        return ContextNetwork(
            order=self.measures.order.astype(np.uint16),
            input_shift=self.measures.input_shift
            + BY_DIFFERENCE * (self.measures.by_difference & bool(self.spatial)),
            degree=self.degree,
            weights=weights[:channels],
            unit_shift=unit_shift,
            bias=np.rint(self.bias.numpy() / _UNIT_STEP),
            output_weights=output_weights,
            output_shift=output_shift,
            spatial=self.spatial.quantized(weights[channels:]) if self.spatial else None,
        )


class _SpatialTerms(keras.layers.Layer):
    def __init__(self, measures: _Measures, units: int) -> None:
        super().__init__()
        self.measures, channels = measures, len(measures.order)
        small = keras.initializers.RandomNormal(stddev=(2 * channels) ** -0.5)
        self.kernel = self.add_weight(shape=(KINDS, channels, units), initializer=small)
        self.bias = _add_bias(self, KINDS, units)
        predicted = min(channels, PREDICTED_CHANNELS)
        self.gradient_kernel = self.add_weight(
            shape=(KINDS, GRADIENTS, predicted, predicted), initializer="zeros"
        )
        self.built = True

    def inputs(self, codes: Codes, grid: Grid) -> tuple[npt.NDArray[np.int16], ...]:
        """(N, K) activity and (N, GRADIENTS, L) gradients of codes in the order, or zeros."""
        predicted = self.gradient_kernel.shape[-1]
        activity = np.zeros(codes.shape, np.int16)
        gradients = np.zeros((len(codes), GRADIENTS, predicted), np.int16)
        kind, pairs = neighbours(*grid[1:])
        members = np.flatnonzero(kind >= 0)
        smooth = np.flatnonzero(self.measures.by_difference)
        for first in range(0, len(codes), len(kind)):  # of a picture
            places = first + members
            known = codes[first + pairs[members]] - self.measures.centre
            first_of_pair, second = known[..., :predicted].transpose(2, 0, 1, 3)
            gradients[places] = np.concatenate(sum_and_difference(first_of_pair, second), axis=1)
            activity[places] = np.abs(known).sum(axis=(1, 2))
            differences = np.abs(known[:, :, 0] - known[:, :, 1]).sum(axis=1)
            activity[np.ix_(places, smooth)] = differences[:, smooth]
        return activity, gradients

    def start_from(self, trained: _SpatialTerms, places: Any, ratios: Float32) -> None:
        self.kernel.assign(trained.kernel.numpy()[:, places] * ratios)
        self.bias.assign(trained.bias)
        predicted = self.gradient_kernel.shape[-1]
        places = np.where(places < predicted, places, predicted)[:predicted]
        kernel = np.pad(trained.gradient_kernel, [(0, 0), (0, 0), (0, 1), (0, 1)])
        self.gradient_kernel.assign(kernel[:, :, places][..., places] * ratios[:predicted])

    def call(self, context: Any, counts: Sequence[int]) -> tuple[Any, Any]:
        by_kind = zip(*(tf.split(values, counts) for values in context), strict=True)
        terms = [self._of_kind(kind, *values) for kind, values in enumerate(by_kind)]
        sums, moved = (tf.concat(parts, axis=0) for parts in zip(*terms, strict=True))
        missing = len(self.measures.order) - moved.shape[1]
        return sums, tf.pad(moved, [[0, 0], [0, missing]]) * self.measures.deviations

    def _of_kind(self, kind: int, activity: Any, gradients: Any) -> tuple[Any, Any]:
        if kind == KINDS:  # none
            count = tf.shape(activity)[0]
            return tf.zeros((count, self.bias.shape[1])), tf.zeros((count, gradients.shape[2]))
        inputs = self.measures.inputs(tf.cast(activity, tf.float32) / 4)
        shift = self.measures.input_shift[:PREDICTED_CHANNELS]
        shifted = tf.cast(gradients, tf.float32) * 2.0**shift
        changes = tf.clip_by_value(shifted, -MAX_GRADIENT, MAX_GRADIENT) / _GRADIENT_UNIT
        moved = tf.tensordot(changes, self.gradient_kernel[kind], 2)
        return inputs @ self.kernel[kind] + self.bias[kind], moved

    def quantized(self, weights: npt.NDArray[np.int8]) -> SpatialWeights:
        moves = POSITIONS * self.measures.deviations[:PREDICTED_CHANNELS] / _GRADIENT_UNIT
        by_channel = (self.gradient_kernel.numpy() * moves).transpose(0, 3, 1, 2)
        flat = by_channel.reshape(*by_channel.shape[:2], -1)
        gradient_weights, gradient_shift = _to_int8(flat, axis=2)
        return SpatialWeights(
            centre=self.measures.centre.astype(np.int8),
            weights=weights.reshape(self.kernel.shape),
            bias=np.rint(self.bias.numpy() / _UNIT_STEP),
            gradient_weights=gradient_weights.reshape(by_channel.shape),
            gradient_shift=gradient_shift,
        )


def logistic_mass(distance: Any, log_scale: Any) -> Any:
    """Probability, at least 1e-7, of the quantization step of width 1 around a point.

    The logistic is integrated over the step, as in J. Ballé et al., "Variational image compression
    with a scale hyperprior", 2018. The tensors `distance`, from points to the mean, and
    `log_scale`, the logarithms of the scales, are in steps.
    """
    side = -tf.abs(distance)  # on this side, the difference below does not lose digits
    narrow = tf.exp(-tf.maximum(log_scale, _NARROWEST_LOG_SCALE))
    mass = tf.sigmoid((side + 0.5) * narrow) - tf.sigmoid((side - 0.5) * narrow)
    return tf.maximum(mass, _LEAST_PROBABILITY)


def sum_and_difference(first: Any, second: Any) -> tuple[Any, Any]:
    """The gradients of pairs of opposite neighbours, arrays or tensors of any shape."""
    return first + second, first - second


def _add_bias(layer: Any, kinds: int, units: int) -> Any:
    return layer.add_weight(
        shape=(kinds, units),
        initializer="zeros",
        constraint=lambda bias: tf.clip_by_value(bias, -_CEILING, _CEILING),
    )


def _to_int8(
    weights: npt.NDArray[Any], axis: int
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.uint8]]:
    """Round weights to 8-bit integers, shifted left as far as possible, equally along an axis."""
    largest = np.abs(weights).max(axis=axis, keepdims=True) + 2.0**-MAX_SHIFT
    shift = np.clip(np.floor(np.log2(MAX_ACTIVATION / largest)), 0, MAX_SHIFT)
    integers = np.clip(np.rint(weights * 2.0**shift), -MAX_ACTIVATION, MAX_ACTIVATION)
    return integers.astype(np.int8), shift.squeeze(axis).astype(np.uint8)
