"""Initial weights: the KLT for linear paths, and unit variance for the parallel networks."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

from aecodec.base.arrays import Float32, Float64
from aecodec.keras_models.functional import inputs_of
from aecodec.keras_models.layers import SpaceToDepth
from aecodec.keras_models.roles import Role, layer_with, role_of

CEILING = 6.0
FILTER_START = "filter"
"""Name of the layer that reads decoded pixels."""

_STARTING_TILES = 200

_FINEST_PIXELS, _FINEST_LATENTS, _FINEST_DECODED = 0.03, 0.3, 0.005
"""Least deviations that carry information: about 1/255 of pixels in 0..6; a part of a step; about
1/255 of pixels in 0..1."""

_EXCLUDED = Role.LATENTS, Role.LINEAR_PIXELS, Role.LEARNED_PIXELS

_MEAN, _DEVIATION = 1.0, 1.0
"""Mean and deviation of outputs before a ReLU6, with which most are neither 0 nor 6."""

_BRANCH_DEVIATION = 0.1
_SMALLEST_DEVIATION = 1e-6


def start_from_klt(
    encoder: Any,
    decoder: Any,
    tiles: Float32,
    rate_weights: list[float],
    scales: Float32 | None = None,
    *,
    side: int,
    code_scale: float = 1.0,
) -> None:
    """Set the linear paths of a pair to the KLT of blocks, and initialize their networks.

    The tiles (N, h, w, C) are in 0..1; blocks have `side` x `side` pixels. The steps fit the
    geometric mean of the `rate_weights`, lambdas in squared error per bit: at high rates, the
    slopes of rate and distortion are balanced if lambda = step^2 ln(2) / 6. `scales` (C,): roots of
    the channels' weights in the error. The decoder multiplies codes by `code_scale`.
    """
    step = math.sqrt(6 / math.log(2)) * math.sqrt(np.exp(np.log(rate_weights).mean()))
    scale = np.tile(np.ones(tiles.shape[-1]) if scales is None else np.float64(scales), side**2)
    _set_klt(encoder, decoder, tiles, side, step, scale, code_scale)
    sample = tiles[:_STARTING_TILES]
    _unit_variance(encoder, sample, _FINEST_PIXELS)
    _unit_variance(decoder, np.rint(encoder(sample)), _FINEST_LATENTS * code_scale)


def _set_klt(
    encoder: Any,
    decoder: Any,
    tiles: Float32,
    side: int,
    step: float,
    scale: Float64,
    code_scale: float,
) -> None:
    latents, linear = layer_with(encoder, Role.LATENTS), layer_with(decoder, Role.LINEAR_PIXELS)
    blocks = np.asarray(SpaceToDepth(side)(tiles)).reshape(-1, side**2 * tiles.shape[-1]) * scale
    mean, most = blocks.mean(axis=0), latents.kernel.shape[-1]
    _, _, basis = np.linalg.svd(np.cov(blocks - mean, rowvar=False), hermitian=True)
    kept = basis[:most]
    kernel = np.zeros(latents.kernel.shape, np.float32)
    kernel[0, 0, : len(mean), : len(kept)] = (kept * scale).T / step / CEILING
    latents.set_weights([kernel, np.pad(-kept @ mean / step, (0, most - len(kept)))])
    inverse = np.zeros(linear.kernel.shape, np.float32)
    middle = linear.kernel.shape[0] // 2
    inverse[middle, middle, : len(kept)] = kept / scale * step / code_scale
    linear.set_weights([inverse, mean / scale])


def _unit_variance(model: Any, inputs: Float32, finest: float) -> None:
    """Scale the weights of a model's convolutions for learning, with typical inputs (N, ...).

    Neighbouring pixels are nearly equal, so their sums with random kernels would be, too. The
    kernel of the first layer therefore decorrelates its inputs, and the outputs of each layer get a
    standard deviation of 1 (D. Mishkin and J. Matas, "All you need is a good init", 2016).

    `finest` is the least standard deviation of the first layer's inputs that carries information.
    """
    convolutions = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D) and role_of(layer) not in _EXCLUDED
    ]
    least = {FILTER_START: _FINEST_DECODED, convolutions[0].name: finest}
    for layer in convolutions:
        if layer.name in least:
            _decorrelate(layer, inputs_of(layer, model, inputs), least[layer.name])
        _scale(layer, inputs_of(layer, model, inputs))


def _decorrelate(layer: Any, inputs: Any, finest: float) -> None:
    kernel, bias = layer.get_weights()
    vectors = np.reshape(inputs, (-1, kernel.shape[2]))
    variances, components = np.linalg.eigh(np.cov(vectors, rowvar=False))
    components = components / np.sqrt(np.maximum(variances, 0) + finest**2)
    layer.set_weights([np.einsum("pc,hwco->hwpo", components, kernel), bias])


def _scale(layer: Any, inputs: Any) -> None:
    kernel, _ = layer.get_weights()
    outputs = np.asarray(layer.convolution_op(inputs, layer.kernel))
    all_but_last = tuple(range(outputs.ndim - 1))
    ends_branch = role_of(layer) is Role.BRANCH_END
    deviation, mean = (_BRANCH_DEVIATION, 0.0) if ends_branch else (_DEVIATION, _MEAN)
    scale = deviation / (outputs.std(all_but_last) + _SMALLEST_DEVIATION)
    layer.set_weights([kernel * scale, mean - outputs.mean(all_but_last) * scale])
