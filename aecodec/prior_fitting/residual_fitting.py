"""Fitting residual networks to pictures: training in floats, then rounding to integers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from aecodec.arrays import Float32, Int64
from aecodec.native.tables import ResidualValues
from aecodec.prior_fitting.residual_network import (
    INPUT_BITS,
    MOST_UNIT,
    OUTPUT_BITS,
    SHAPE_SIZE,
    TOTAL_BITS,
    UNIT_BITS,
    WEIGHT_BITS,
    ResidualNetwork,
    ResidualNetworks,
)

_LOG = logging.getLogger(__name__)
"""Reports the steps of long tasks."""

STEPS = 4000
_BATCH = 4096
UNITS = 48
_PRELIMINARY = 4
"""Preliminary networks are trained with this fraction of the batches."""

_LEARNING_RATE = 1e-2
_MOST_SAMPLES = 6_000_000
_WIDTHS = (-1.0, 0.0, 1.5)
"""Logarithms of the widths with which the training of the shape starts."""

_LEAST_MASS = 1e-6


class Example(NamedTuple):
    """A picture to fit networks to.

    Attributes:
        values: (B, height, width) values.
        base: their base, or None for networks without base.
        step: distance of two values that the bound can tell apart.
        limits: lowest and highest value of samples.
    """

    values: Int64
    base: Int64 | None
    step: int
    limits: tuple[int, int]


def fit_networks(
    examples: Sequence[Example],
    count: int,
    steps: int = STEPS,
    units: int = UNITS,
    seed: int = 0,
) -> ResidualNetworks:
    """Fit a network to each of the first bands; the last one serves all other bands, too.

    The contexts of a decoder depend on its networks. Preliminary networks are therefore fitted to
    values with random errors, and the final ones to values that the preliminary ones decode. The
    same examples give the same networks. `count` is the number of networks, `steps` the number of
    batches for a network, and `units` the number of its hidden units.
    """
    rng = np.random.default_rng(seed)
    title = f"residual network {'without' if examples[0].base is None else 'with a'} base"
    settings = _Settings(count, steps, units, seed, title)
    first = settings._replace(steps=max(1, steps // _PRELIMINARY), title=f"preliminary {title}")
    preliminary = _fit_all(examples, [_with_errors(e, rng) for e in examples], first)
    decoded = [_decoded(preliminary, example) for example in examples]
    return _fit_all(examples, decoded, settings)


class _Settings(NamedTuple):
    """The arguments of :func:`fit_networks`; `bands` is the number of networks.

    The title of the networks is for messages.
    """

    bands: int
    steps: int
    units: int
    seed: int
    title: str


def _fit_all(
    examples: Sequence[Example], known: Sequence[Int64], settings: _Settings
) -> ResidualNetworks:
    """Fit networks to values whose neighbours have the `known` values (B, height, width)."""
    keras.utils.set_random_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    networks = []
    for number in range(settings.bands):
        _LOG.info("fitting %s, %d of %d", settings.title, number + 1, settings.bands)
        is_last = number == settings.bands - 1
        samples = _samples(examples, known, number, is_last, rng)
        networks.append(_fit(samples, settings, rng))
    return ResidualNetworks(networks, examples[0].base is not None)


def _with_errors(example: Example, rng: np.random.Generator) -> Int64:
    """Values with errors of a uniform distribution within the bound."""
    errors = np.rint(rng.uniform(-0.5, 0.5, example.values.shape) * example.step)
    return np.clip(example.values + errors.astype(np.int64), *example.limits)


def _decoded(networks: ResidualNetworks, example: Example) -> Int64:
    """The values that a decoder gets."""
    return ResidualValues(*example).coded(networks.content)[0]


class _Samples(NamedTuple):
    """N samples with their contexts.

    Attributes:
        inputs: (N, I) inputs of the network.
        target: (N,) values as distances from the reference, in units of the context.
        width: (N,) steps in these units.
        is_lowest: (N,) whether the step of a value reaches the lowest value.
        is_highest: (N,) whether it reaches the highest one.
    """

    inputs: npt.NDArray[np.int16]
    target: Float32
    width: Float32
    is_lowest: npt.NDArray[np.bool_]
    is_highest: npt.NDArray[np.bool_]


def _samples(
    examples: Sequence[Example],
    known: Sequence[Int64],
    band: int,
    is_last: bool,
    rng: np.random.Generator,
) -> _Samples:
    """Samples of a band or, for the last network, of all bands from this one on."""
    suitable = [
        (example, values, number)
        for example, values in zip(examples, known, strict=True)
        for number in range(band, len(example.values) if is_last else band + 1)
        if number < len(example.values)
    ]
    total = sum(example.values[0].size for example, _, _ in suitable)
    share = min(1.0, _MOST_SAMPLES / total)
    parts = [_samples_of(*place, share, rng) for place in suitable]
    return _Samples(*map(np.concatenate, zip(*parts, strict=True)))


def _samples_of(
    example: Example, known: Int64, band: int, share: float, rng: np.random.Generator
) -> _Samples:
    """Some samples of a band."""
    values, base, step, limits = example
    picked = rng.permutation(values[0].size)[: max(1, round(share * values[0].size))]
    rows, columns = np.divmod(picked, values.shape[2])
    context = ResidualValues(known, base, step, limits).context(band, rows, columns)
    unit, target = 2.0**context.exponent, values[band, rows, columns]
    return _Samples(
        context.inputs,
        ((target - context.reference) / unit).astype(np.float32),
        (step / unit).astype(np.float32),
        target - step / 2 <= limits[0],
        target + step / 2 >= limits[1],
    )


class _Trainable(keras.Model):
    """A residual network in floats."""

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__(name="residual_network")
        self.hidden = self.add_weight(shape=(inputs, units), initializer="glorot_normal")
        self.bias = self.add_weight(shape=(units,), initializer="zeros")
        self.output_kernel = self.add_weight(shape=(units, 2), initializer="zeros")
        self.output_bias = self.add_weight(shape=(2,), initializer="zeros")
        self.direct = self.add_weight(shape=(inputs,), initializer="zeros")
        self.mixture = self.add_weight(shape=(len(_WIDTHS),), initializer="zeros")
        self.widths = self.add_weight(shape=(len(_WIDTHS),), initializer="zeros")
        self.widths.assign(_WIDTHS)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Means and natural logarithms of scales (N,), in units of the contexts."""
        most = MOST_UNIT / (1 << UNIT_BITS)
        units = tf.clip_by_value(inputs @ self.hidden + self.bias, 0, most)
        outputs = units @ self.output_kernel + self.output_bias
        mean = outputs[:, 0] + tf.linalg.matvec(inputs, self.direct)
        return mean, outputs[:, 1] * np.float32(np.log(2))

    def bits(self, samples: _Samples) -> Any:
        """Bits (N,) of samples."""
        mean, log_scale = self(samples.inputs)
        inverse = tf.exp(-log_scale)
        low = (samples.target - mean - samples.width / 2) * inverse
        high = (samples.target - mean + samples.width / 2) * inverse
        mass = tf.zeros_like(low)
        shapes = zip(tf.unstack(self.shares()), tf.unstack(tf.exp(-self.widths)), strict=True)
        for share, narrow in shapes:
            mass += share * _mass(low * narrow, high * narrow, samples)
        return -tf.math.log(tf.maximum(mass, _LEAST_MASS)) / np.float32(np.log(2))

    def shares(self) -> Any:
        """Shares of the logistics in the shape."""
        return tf.nn.softmax(self.mixture)

    def rounded(self) -> ResidualNetwork:
        """The network in integers."""
        places = np.arange(SHAPE_SIZE) / 32
        logistics = 1 / (1 + np.exp(-places[:, None] * np.exp(-self.widths.numpy())))
        mass = np.rint(logistics @ self.shares().numpy() * 2.0**TOTAL_BITS)
        shape = np.clip(mass, 1 << (TOTAL_BITS - 1), 1 << TOTAL_BITS)
        return ResidualNetwork(
            hidden=_fixed(self.hidden, WEIGHT_BITS, np.int16).T,
            bias=_fixed(self.bias, WEIGHT_BITS + INPUT_BITS, np.int32),
            outputs=_fixed(self.output_kernel, WEIGHT_BITS, np.int16).T,
            output_bias=_fixed(self.output_bias, OUTPUT_BITS, np.int32),
            direct=_fixed(self.direct, WEIGHT_BITS, np.int16),
            shape=shape.astype(np.int32),
        )


def _mass(low: Any, high: Any, samples: _Samples) -> Any:
    """Mass of a logistic between two places, or beyond a place at the ends of the range."""
    is_right = low + high > 0  # on the other side, the difference does not lose digits
    near, far = tf.where(is_right, -low, high), tf.where(is_right, -high, low)
    inner = tf.sigmoid(near) - tf.sigmoid(far)
    above = tf.where(samples.is_highest, 1.0, tf.sigmoid(high))
    below = tf.where(samples.is_lowest, 0.0, tf.sigmoid(low))
    return tf.where(samples.is_lowest | samples.is_highest, above - below, inner)


def _fixed(variable: Any, bits: int, dtype: Any) -> npt.NDArray[Any]:
    most = np.iinfo(dtype).max
    return np.clip(np.rint(variable.numpy() * 2.0**bits), -most, most).astype(dtype)


def _fit(samples: _Samples, settings: _Settings, rng: np.random.Generator) -> ResidualNetwork:
    model = _Trainable(samples.inputs.shape[1], settings.units)
    schedule = keras.optimizers.schedules.PolynomialDecay(_LEARNING_RATE, settings.steps)
    optimizer = keras.optimizers.Adam(schedule)

    def train(batch: _Samples) -> Any:
        inputs = tf.cast(batch.inputs, tf.float32) * 2.0**-INPUT_BITS
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model.bits(batch._replace(inputs=inputs)))
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    train_batch = tf.function(train)
    for _ in range(settings.steps):
        picked = rng.integers(0, len(samples.target), _BATCH)
        train_batch(_Samples(*(tf.constant(field[picked]) for field in samples)))
    return model.rounded()
