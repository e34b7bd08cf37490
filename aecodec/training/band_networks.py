"""A ready-made fully convolutional pair for pictures with bands of any depth.

As in :mod:`aecodec.training.picture_networks`, each half joins a convolutional network with a
linear path, which starts as the Karhunen-Loève transform (KLT) of 8x8 pixels of all bands. In the
decoder, the paths are joined before a single last layer, so that pixels are rounded once. After
training, :func:`int8_form` converts the networks to P channels per band, the phases of
:mod:`aecodec.imaging.transfer`. It also splits the largest components of the KLT into several
latents, the copies, because int8 has too few values. Each copy covers a window of the component and
saturates outside; the sum of all copies is the component.
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

from aecodec.base.arrays import Float32
from aecodec.export.step_allocation import Copies
from aecodec.keras_models.functional import inputs_of
from aecodec.keras_models.layers import DepthToSpace, SpaceToDepth
from aecodec.keras_models.roles import Role, layer_with, set_role
from aecodec.training import initialization, picture_networks
from aecodec.training.quantization_aware import LARGEST_INT8, SMALLEST_STEP

_STRIDE = 8
_STAGES = (picture_networks.Stage(64, 1), picture_networks.Stage(128, 1))
_CODE_SCALE = 0.15
"""Scale of codes before they are joined with values in 0..6, so that kernel weights are similar."""

_UNIT = initialization.CEILING / 255
CHANNELS_PER_BAND = _STRIDE**2
"""Number of latent channels per band in a complete KLT."""


def band_pair(tile_shape: tuple[int, int, int], code_dimension: int) -> tuple[Any, Any]:
    """Models between pictures (H, W, B) in 0..1 and latents (H / 8, W / 8, K).

    The tile shape is (height, width, bands). Raises ModelError if its sides are not multiples of 8.
    """
    picture_networks.check_sides(tile_shape, _STRIDE)
    bands = tile_shape[2]
    return picture_networks.encoder_of(bands, code_dimension, _STAGES), _decoder(
        code_dimension, bands
    )


def _decoder(code_dimension: int, channels: int, is_split: bool = False) -> Any:
    codes = values = keras.Input((None, None, code_dimension))
    if is_split:  # values in 0..6: the largest minus the code, within the window of a copy
        for name in ("lower_saturation", "upper_saturation"):
            values = layers.DepthwiseConv2D(1, activation="relu6", name=name)(values)
    else:
        values = layers.Rescaling(_CODE_SCALE)(codes)
    linear = layers.Conv2D(_STRIDE**2 * channels, 1, name="slow_pixels")
    pixels = linear(layers.Concatenate()([values, _features(values)]))
    set_role(linear, Role.LINEAR_PIXELS)
    return keras.Model(codes, DepthToSpace(_STRIDE)(pixels), name="decoder")


def _features(values: Any) -> Any:
    (finer, coarser), numbers = _STAGES, itertools.count()
    hidden = layers.Conv2D(coarser.width, 1, activation="relu6")(values)
    hidden = picture_networks.blocks_of(hidden, coarser, numbers)
    hidden = DepthToSpace(2)(picture_networks.convolution(4 * finer.width)(hidden))
    return SpaceToDepth(2)(picture_networks.blocks_of(hidden, finer, numbers))


start_from_block_klt = partial(initialization.start_from_klt, side=_STRIDE, code_scale=_CODE_SCALE)


def int8_form(
    encoder: Any, decoder: Any, steps: Float32, copies: Copies, phases: int, images: Float32
) -> tuple[Any, Any]:
    """The trained pair in its exported form: with phases, and with latents in units of int8 steps.

    `steps` (K,) are the sizes of the int8 steps; `copies` are the latents into which the K channels
    are split; `images` (N, h, w, B) are typical pictures. The models map (H, W, B * P) in 0..1 to
    latents (H / 8, W / 8, K'), and back.
    """
    bands = encoder.input_shape[-1]
    count, channels = len(copies.sources), bands * phases
    new_encoder = picture_networks.encoder_of(channels, count, _STAGES)
    new_decoder = _decoder(count, channels, is_split=True)
    _set_encoder(encoder, new_encoder, steps, copies, phases)
    _set_decoder(decoder, new_decoder, steps, copies, phases)
    latents = np.clip(np.rint(new_encoder(np.repeat(images, phases, axis=-1))), -128, 127)
    _round_pixels(new_decoder, latents, copies, phases)
    return new_encoder, new_decoder


def _set_encoder(trained: Any, model: Any, steps: Float32, copies: Copies, phases: int) -> None:
    first, *inner, last = _weights_of(trained)
    bands, sources = trained.input_shape[-1], copies.sources
    kernel, bias = ((weights / steps)[..., sources] for weights in last)
    latents = [_dithered_inputs(kernel[0, 0], bands, phases), bias - copies.offsets]
    _set_weights(
        model,
        [[np.repeat(first[0], phases, axis=2) / np.float32(phases), first[1]], *inner, latents],
    )


def _dithered_inputs(kernel: Float32, bands: int, phases: int) -> Float32:
    """A kernel (1, 1, inputs, outputs) for P phases of the pixels, rounded to the int8 grid.

    The sum over the phases of a pixel is P times as fine as int8. Sums over the pixels of a band
    are rounded, instead of single weights, so that errors cancel where a band is smooth.

    The weights (64 * B + n, outputs) start with those of 8x8 pixels; the last n do not change.
    """
    pixels, features = np.split(kernel, [_STRIDE**2 * bands])
    step = _int8_step(np.concatenate([pixels / phases, features])[None, None])
    sums = np.rint(np.cumsum((pixels / step).reshape(_STRIDE**2, bands, -1), axis=0))
    integers = np.diff(sums, axis=0, prepend=0).reshape(pixels.shape)
    turns = _turns(np.arange(len(pixels)), phases)
    of_phases = np.floor((integers[:, None] + turns[:, :, None]) / phases)  # their sum is integers
    limited = of_phases.clip(-LARGEST_INT8, LARGEST_INT8).reshape(-1, len(step)) * step
    return np.concatenate([limited, features])[None, None].astype(np.float32)


def _int8_step(kernel: Float32) -> Float32:
    return np.asarray(np.abs(kernel).max(axis=(0, 1, 2)) / LARGEST_INT8 + SMALLEST_STEP)


def _turns(numbers: npt.NDArray[np.int64], phases: int) -> npt.NDArray[np.int64]:
    return (np.arange(phases) + numbers[:, None]) % phases


def _set_decoder(trained: Any, model: Any, steps: Float32, copies: Copies, phases: int) -> None:
    first, *inner, last = _weights_of(trained)
    features, (kernel, bias) = (_over_copies(layer, steps, copies) for layer in (first, last))
    # The sum of round(x + (k + 1/2) / P - 1/2) over the phases k is P x, rounded.
    dither = np.tile(((np.arange(phases) + 0.5) / phases - 0.5) / 255, len(bias))
    pixels: list[npt.NDArray[Any]] = [
        np.repeat(kernel, phases, axis=-1),
        np.repeat(bias, phases) + dither,
    ]
    ones = np.ones((1, 1, len(copies.sources), 1), np.float32)
    low, high = (limit.astype(np.float32) for limit in copies.windows())
    lower, upper = [ones * _UNIT, -low * _UNIT], [-ones, (high - low) * _UNIT]
    _set_weights(model, [lower, upper, features, *inner, pixels])


def _over_copies(weights: list[Float32], steps: Float32, copies: Copies) -> list[Float32]:
    """Kernel (1, 1, K + n, outputs) and bias of a layer, for the saturated values of copies.

    A saturated value is (high - latent) * _UNIT, with the upper end of the window of the copy.
    """
    (kernel, bias), sources = weights, copies.sources
    rows = kernel[0, 0, : len(steps)] * (steps * _CODE_SCALE)[:, None]
    shift = np.bincount(sources, copies.windows()[1], len(steps)) + copies.constants
    merged = np.concatenate([-rows[sources] / _UNIT, kernel[0, 0, len(steps) :]])
    return [merged[None, None].astype(np.float32), (bias + shift @ rows).astype(np.float32)]


def _round_pixels(decoder: Any, latents: Float32, copies: Copies, phases: int) -> None:
    linear = layer_with(decoder, Role.LINEAR_PIXELS)
    kernel, bias = linear.get_weights()
    numbers = np.zeros(kernel.shape[2], np.int64)
    numbers[: len(copies.sources)] = copies.numbers
    rounded = dithered_kernel(kernel[..., ::phases], phases, numbers)
    mean = np.asarray(inputs_of(linear, decoder, latents)).mean(axis=(0, 1, 2))
    linear.set_weights([rounded, bias + mean @ (kernel - rounded)[0, 0]])


def dithered_kernel(kernel: Float32, phases: int, numbers: npt.NDArray[np.int64]) -> Float32:
    """A kernel (h, w, C, outputs) for P phases of each output, rounded to the int8 grid.

    Each weight is rounded differently in each phase, so that the sum over the phases is P times as
    fine as int8. Channels use the roundings in turn: if one phase rounded all channels up, phases
    would differ by more than their dither, and rounding them would add more noise. Copies of a
    channel saturate one after the other, so their weights are rounded such that the sum up to any
    copy is rounded. `numbers` (C,) is the number of each input among the copies of its channel,
    from 0.

    >>> kernel = np.array([[[[127], [0.25], [0.25]]]])
    >>> dithered_kernel(kernel, 4, np.array([0, 0, 1]))[0, 0].round(2).tolist()
    [[127.0, 127.0, 127.0, 127.0], [0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]]
    """
    step = _int8_step(kernel)
    shifts = (_turns(np.cumsum(numbers == 0), phases)[:, None] + 0.5) / phases
    exact, before = (kernel / step)[..., None], numbers[:, None, None]
    integers = np.floor((before + 1) * exact + shifts) - np.floor(before * exact + shifts)
    limited = integers.clip(-LARGEST_INT8, LARGEST_INT8) * step[:, None]
    return np.asarray(limited.reshape(*kernel.shape[:-1], -1), np.float32)


def _weights_of(model: Any) -> list[list[Float32]]:
    return [layer.get_weights() for layer in model.layers if layer.weights]


def _set_weights(model: Any, weights: list[list[npt.NDArray[Any]]]) -> None:
    with_weights = [layer for layer in model.layers if layer.weights]
    for layer, arrays in zip(with_weights, weights, strict=True):
        layer.set_weights(arrays)
