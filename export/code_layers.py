"""Encoders that return code numbers or quantized scalars, and their decoders.

aecodec runs an encoder to find the quantizer (VQ-VAE, FSQ, rounding) after its last vectors. A
search is the argmin or argmax of scores that are linear in the vectors; a scalar quantizer is a
function of each channel. Both, and the lookup of a decoder, become int8 layers of codes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from aecodec.base.arrays import Float32, Float64
from aecodec.base.errors import ModelError
from aecodec.keras_models.codes import (
    MOST_CODES,
    CodeVectors,
    NearestCode,
    ScalarCodes,
    bases_of,
    digits_of,
)
from aecodec.keras_models.functional import as_functional, calls_of, taking_steps
from aecodec.keras_models.inference_form import in_inference_form
from aecodec.keras_models.runners import outputs_of

_LARGEST = 127
_MOST_STEPS = 256
"""Maximum number of values of a channel, because they become a table of int8."""

_GRID = 4097
"""Number of values at which a quantizer of scalars is sampled; its thresholds lie between them."""

_MARGIN = 0.05
_SMALLEST_STEP = 1e-5
"""Differences up to this value come from rounding in float32."""

_AGREEMENT = 0.995
"""Minimum share of equal outputs; values near a threshold may fall to either side."""

_ROUNDING = 1e-5
_MOST_CUTS = 40
"""Number of calls at the end of an encoder in which aecodec looks for its quantizer."""

_MOST_MISSES = 3
"""Number of cuts without a search after which no shorter vectors are expected."""

_MOST_ENTRIES = 1 << 21
"""Maximum number of values in the table of a decoder, which take one byte each."""

_MOST_VECTORS = 4096
_REMEDY = (
    "return the argmin of the distances to fixed vectors (VQ-VAE), or round each channel (FSQ) to "
    f"at most {MOST_CODES} codes, as the last step of the encoder"
)


class _Cut(NamedTuple):
    """A Keras tensor (N, ..., D), its values for sample pictures, and the only model after it."""

    tensor: Any
    values: Float32
    rest: Any

    def run(self, rows: Float64) -> Float64:
        return _in_places(lambda batch: outputs_of(self.rest, batch), rows, self.values.shape[1:])


def _in_places(run: Callable[[Float32], Float32], rows: Any, shape: tuple[int, ...]) -> Float64:
    places = math.prod(shape) // rows.shape[-1]
    arranged = np.resize(rows, (-(-len(rows) // places) * places, rows.shape[-1]))
    outputs = run(arranged.reshape(-1, *shape).astype(np.float32))
    return outputs.reshape(len(arranged), -1)[: len(rows)].astype(np.float64)


def with_codes(encoder: Any, decoder: Any, inputs: Float32) -> tuple[Any, Any]:
    """Replace quantizer and lookup of flat models by layers of codes.

    `inputs` (N, ...) cover all ranges of pixels. If the latents are not codes, returns the models
    unchanged. Raises ModelError if they exceed int8, and the quantizer is not recognized.
    """
    latents = outputs_of(encoder, inputs)
    if not _are_codes(encoder, latents):
        return encoder, decoder
    layer = encoder.outputs[0]._keras_history.operation.name
    model, calls = calls_of(as_functional(encoder))
    tensors = [call.output for call in reversed(calls)][:_MOST_CUTS]
    counts = (latents.size, latents.size // latents.shape[-1])

    def cuts() -> Iterator[_Cut]:
        """The cuts at tensors with a vector for each latent, or for each vector of latents."""
        for cut in _cuts(model, tensors, inputs):
            if math.prod(cut.values.shape[:-1]) in counts:
                yield cut

    quantizer = _search(cuts()) or _scalars(cuts())
    if quantizer is not None:
        return quantizer.applied(model, decoder)
    if np.abs(latents).max() <= _LARGEST and "int" not in str(encoder.outputs[0].dtype):
        return encoder, decoder  # rounded latents, which become int8 as others do
    for cut in cuts():
        if _is_rounded_after(cut, latents):
            return keras.Model(model.inputs[0], cut.tensor, name="encoder"), decoder
    raise ModelError(f"layer {layer!r} of the encoder is an unknown kind of quantizer: {_REMEDY}")


def _are_codes(encoder: Any, latents: Float32) -> bool:
    if "int" in str(encoder.outputs[0].dtype):
        return True
    values = np.unique(latents.round(4))  # straight-through estimators add noise
    return len(values) <= _MOST_STEPS < latents.size / 4 or bool((values == np.rint(values)).all())


def _is_rounded_after(cut: _Cut, latents: Float32) -> bool:
    """Whether latents are the rounded values of a cut, which the codec can round itself."""
    if cut.values.shape != latents.shape or np.allclose(cut.values, latents, atol=1e-2):
        return False
    return bool(np.isclose(np.rint(cut.values), latents, atol=1e-2).mean() >= _AGREEMENT)


def _cuts(model: Any, tensors: list[Any], inputs: Any) -> Iterator[_Cut]:
    for tensor in tensors:
        if not keras.utils.is_keras_tensor(tensor) or "float" not in str(tensor.dtype):
            continue
        try:
            rest = keras.Model(tensor, model.outputs[0])
        except ValueError:  # the output depends on other tensors, too
            continue
        values = outputs_of(keras.Model(model.inputs[0], tensor), inputs)
        if len(values) == len(inputs) and values.ndim >= 2:
            yield _Cut(tensor, values, rest)


class _Search(NamedTuple):
    cut: _Cut
    kernel: Float64
    bias: Float64

    def applied(self, encoder: Any, decoder: Any) -> tuple[Any, Any]:
        count = len(self.bias)
        digits = digits_of(np.arange(count), count)
        codes = NearestCode.of(kernel=self.kernel, bias=self.bias, digits=digits)(self.cut.tensor)
        return (
            keras.Model(encoder.inputs[0], codes, name="encoder"),
            _with_table(decoder, codes, count),
        )


def _search(cuts: Iterator[_Cut]) -> _Search | None:
    """The search at the cut with the shortest vectors, and among these at the first cut."""
    best: _Search | None = None
    misses = 0
    for cut in cuts:
        search = _search_at(cut)
        if search and (best is None or len(search.kernel) <= len(best.kernel)):
            best = search
        misses += best is not None and search is None
        if misses > _MOST_MISSES:
            break
    return best


def _search_at(cut: _Cut) -> _Search | None:
    """The search after a cut, if its scores, or their squares, are linear except for an addend.

    The negated squares are those of distances with a square root, as torch.cdist returns them.
    """
    rows = cut.values.reshape(-1, cut.values.shape[-1]).astype(np.float64)
    rows = rows[np.random.default_rng(0).permutation(len(rows))[:_MOST_VECTORS]]
    size = max(float(np.abs(rows).max()), 1e-3)
    probes = size * np.vstack([np.zeros((1, rows.shape[1])), np.eye(rows.shape[1])])
    try:
        scores_of = _scores_of(cut.rest, cut.values.shape[1:])
        if scores_of is None:
            return None
        scores = scores_of(np.vstack([probes, -probes[1:]]))
        chosen = cut.run(rows)
    except (ValueError, tf.errors.OpError):  # the rest takes no vectors at arbitrary places
        return None
    length = rows.shape[1]
    for values in (scores, -np.square(scores)):
        kernel = (values[1 : 1 + length] - values[1 + length :]) / (2 * size)
        kernel, bias = (part - part.mean(axis=-1, keepdims=True) for part in (kernel, values[0]))
        fits = chosen.shape[1] == 1 and chosen.max() < len(bias) <= MOST_CODES
        if fits and np.abs(kernel).max() > 0 and _are_best(chosen[:, 0], rows @ kernel + bias):
            return _Search(cut, kernel, bias)
    return None


def _are_best(chosen: Float64, scores: Float64) -> bool:
    reached = np.take_along_axis(scores, chosen.astype(np.int64)[:, None], axis=1)[:, 0]
    lost = scores.max(axis=1) - reached
    return bool(np.mean(lost <= _ROUNDING * np.ptp(scores)) >= _AGREEMENT)


def _scores_of(rest: Any, shape: tuple[int, ...]) -> Callable[[Float64], Float64] | None:
    """The scores of a model's only argmax, or the negated scores of its only argmin, or None."""
    wrapped = tf.compat.v1.wrap_function(
        lambda vectors: rest(vectors, training=False), [tf.TensorSpec((None, *shape), tf.float32)]
    )
    operations = wrapped.graph.get_operations()
    extremes = [operation for operation in operations if operation.type in ("ArgMin", "ArgMax")]
    if len(extremes) != 1:
        return None
    compared, axis = extremes[0].inputs[0], int(tf.get_static_value(extremes[0].inputs[1]))
    part = wrapped.prune(wrapped.graph.inputs[0], compared)
    sign = -1 if extremes[0].type == "ArgMin" else 1

    def run(rows: Float64) -> Float64:
        return sign * _in_places(
            lambda batch: np.moveaxis(part(tf.constant(batch)).numpy(), axis, -1), rows, shape
        )

    return run


class _Scalars(NamedTuple):
    """A separate quantizer for each channel: `table` (D, n) has its results between `limits`."""

    cut: _Cut
    limits: Float64
    table: Float64

    def applied(self, encoder: Any, decoder: Any) -> tuple[Any, Any]:
        """The pair with codes; ModelError if values are not multiples of a step, or exceed int8."""
        steps = np.abs(np.diff(self.table))
        units = np.where(steps > _SMALLEST_STEP, steps, np.inf).min(axis=1, keepdims=True)
        units[np.isinf(units)] = 1
        units = np.where(np.isclose(units, np.rint(units), atol=1e-4), np.rint(units), units)
        if not _are_integers(self.table / units):
            units = units / 2  # the values lie halfway between the multiples of the step
        codes = np.rint(self.table / units)
        if not _are_integers(self.table / units) or np.abs(codes).max() > _LARGEST:
            raise ModelError(
                f"layer {self.cut.rest.outputs[0]._keras_history.operation.name!r} of the encoder "
                "rounds to values that are not integer multiples of one step, up to "
                f"{_LARGEST} steps: round to integers"
            )
        layer = ScalarCodes.of(limits=self.limits, table=codes)
        entry = keras.Input(decoder.input_shape[1:])
        floats = keras.Model(entry, in_inference_form(decoder, entry), name="decoder")
        return (
            keras.Model(encoder.inputs[0], layer(self.cut.tensor), name="encoder"),
            floats if (units == 1).all() else taking_steps(floats, units[:, 0]),
        )


def _are_integers(values: Float64) -> bool:
    return bool(np.allclose(values, np.rint(values), atol=1e-2))


def _scalars(cuts: Iterator[_Cut]) -> _Scalars | None:
    best: _Scalars | None = None
    for cut in cuts:
        scalars = _scalars_at(cut)
        if best and scalars is None:
            break
        best = scalars or best
    return best


def _scalars_at(cut: _Cut) -> _Scalars | None:
    rows = cut.values.reshape(-1, cut.values.shape[-1]).astype(np.float64)
    rng = np.random.default_rng(0)
    rows = rows[rng.permutation(len(rows))[:_MOST_VECTORS]]
    wide = (2 * np.abs(rows).max() + 8) * np.linspace(-1, 1, _GRID) ** 3  # dense near 0
    jumps = _jumps(cut, wide)
    if jumps is None:
        return None
    limits = np.array([wide[jumps.min()], wide[jumps.max() + 1]])
    limits += np.ptp(limits) * np.array([-_MARGIN, _MARGIN])
    grid = np.linspace(limits[0], limits[1], _GRID)
    table = cut.run(np.repeat(grid[:, None], rows.shape[1], axis=1)).T
    tests = np.vstack([rows, rng.permuted(rows, axis=0)])
    expected = ScalarCodes.of(limits=limits, table=table)(tests.astype(np.float32))
    is_equal = np.isclose(cut.run(tests), expected, rtol=1e-4, atol=1e-4)
    return _Scalars(cut, limits, table) if is_equal.mean() >= _AGREEMENT else None


def _jumps(cut: _Cut, grid: Float64) -> Any:
    channels = cut.values.shape[-1]
    outputs = cut.run(np.repeat(grid[:, None], channels, axis=1))
    differs = np.abs(np.diff(outputs, axis=0)) > _SMALLEST_STEP
    is_quantized = outputs.shape[1] == channels and 0 < differs.sum(axis=0).max() < _MOST_STEPS
    return np.nonzero(differs.any(axis=1))[0] if is_quantized else None


def _with_table(decoder: Any, codes: Any, count: int) -> Any:
    """A decoder of digits, which looks up the code vectors of a flat decoder first."""
    model, calls = calls_of(as_functional(decoder))
    shape = tuple(side or 16 for side in model.input_shape[1:])
    cut, table = _lookup(model, calls, count, shape)
    bases, offset = bases_of(count)
    layer = CodeVectors.of(bases=np.array(bases), offset=np.array([offset]), table=table)
    digits = keras.Input(codes.shape[1:])
    vectors = layer(digits)
    if vectors.shape[1:] != cut.tensor.shape[1:]:
        vectors = keras.layers.Reshape(cut.tensor.shape[1:])(vectors)
    return keras.Model(digits, in_inference_form(cut.rest, vectors), name="decoder")


def _lookup(model: Any, calls: Any, count: int, shape: tuple[int, ...]) -> tuple[_Cut, Float32]:
    """The last cut of a decoder before which it looks up numbers separately, and the table."""
    ranks = np.random.default_rng(0).permutation(count)
    batch = _arranged(np.arange(count), shape)
    best: tuple[_Cut, Float32] | None = None
    for cut in _cuts(model, [call.output for call in calls], batch):
        width = cut.values.shape[-1]
        is_number = cut.values.size == batch.size  # of a cast, or of arithmetic
        if is_number or width * count > _MOST_ENTRIES:
            continue
        if cut.tensor is model.outputs[0] or width * batch.size != cut.values.size:
            break
        head = keras.Model(model.inputs[0], cut.tensor)
        table = cut.values.reshape(-1, width)[:count]
        shuffled = outputs_of(head, _arranged(ranks, shape)).reshape(-1, width)
        if not np.allclose(shuffled[:count], table[ranks], atol=1e-5):
            break
        best = cut, table
    if best is None:
        raise ModelError(
            f"layer {calls[0].layer.name!r} of the decoder does not look up code vectors: "
            "begin the decoder with Embedding, keras.ops.take, or one_hot and matmul"
        )
    return best


def _arranged(numbers: Any, shape: tuple[int, ...]) -> Any:
    return np.resize(numbers, (-(-len(numbers) // math.prod(shape)), *shape))
