"""Start of a training with the networks of a codec.

The entropy model of the loss is learned again, because a codec file only has it in integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aecodec.arrays import Float32
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.levels import GAIN_UNITS
from aecodec.errors import ModelError, errors_about
from aecodec.keras_models.functional import IN_STEPS
from aecodec.keras_models.model_files import keras_half
from aecodec.training.autoencoder import Autoencoder


def start_from_codec(autoencoder: Autoencoder, folder: CodecFolder, levels: int) -> None:
    """Copy the weights of a codec's float networks to a pair, and its gains if it has any.

    Latents of a codec are in units of its int8 steps; latents of a pair in training are in units of
    the quantization steps in the middle of the levels.

    Raises CodecError if the codec's HDF5 files are missing or damaged, and ModelError if the codec
    has other networks or another number of levels.
    """
    if len(folder.spec.levels) != levels:
        raise ModelError(
            f"{folder.path} has {len(folder.spec.levels)} levels, but this training has {levels}: "
            "use as many levels as the codec"
        )
    gains = np.array([level.gains for level in folder.spec.levels], np.float32) / GAIN_UNITS
    middle = np.exp2(gains.mean(axis=0)) if gains.size else np.ones(1, np.float32)
    _copy(folder, Half.ENCODER, autoencoder.encoder, middle)
    _copy(folder, Half.DECODER, autoencoder.decoder, middle)
    if gains.size:
        autoencoder.gains = np.exp2(gains) / middle


def _copy(folder: CodecFolder, half: Half, model: Any, middle: Float32) -> None:
    stored = keras_half(folder, half)
    sources = [layer for layer in stored.layers if layer.weights]
    to_latents = middle * getattr(stored.layers[-1], "scale", 1)
    all_weights = []
    for source in sources:
        weights = source.get_weights()
        if source.name.endswith(IN_STEPS):  # written by `functional.rescaled`
            weights[0] = weights[0] / middle[:, None]
        elif source is sources[-1] and half is Half.ENCODER:
            weights = [array * to_latents for array in weights]
        all_weights += weights
    with errors_about(f"{folder.path}, {half.value}"):
        set_weights([model], all_weights)


def set_weights(models: Sequence[Any], weights: Sequence[Float32]) -> None:
    """Set the weights of models; weights for RGB also fit models for grey pictures.

    Models for grey pictures then compute about the same. Raises ModelError if the weights have
    other shapes.
    """
    pairs = _pairs(models, weights)
    if pairs is None:
        raise ModelError(
            "the networks have other shapes than those of this recipe: use the recipe of the codec"
        )
    for target, value in pairs:
        target.assign(value)


def fits(models: Sequence[Any], weights: Sequence[Float32]) -> bool:
    """Whether weights have the shapes of the weights of models, or fit them; see `set_weights`."""
    return _pairs(models, weights) is not None


def _pairs(models: Sequence[Any], weights: Sequence[Float32]) -> list[tuple[Any, Float32]] | None:
    """The weights of models with their values; None if the shapes differ."""
    targets = [weight for model in models for weight in model.weights]
    if len(targets) != len(weights):
        return None
    values = [_without_colours(w, tuple(t.shape)) for t, w in zip(targets, weights, strict=True)]
    pairs = list(zip(targets, values, strict=True))
    return pairs if all(t.shape == value.shape for t, value in pairs) else None


def _without_colours(weight: Float32, shape: tuple[int, ...]) -> Float32:
    """A kernel or bias for RGB as one for grey pictures, if the shape is that of one.

    A third of the colours remain, which are the first inputs: their kernels are added, and outputs
    are averaged.
    """
    missing = weight.shape[2] - shape[2] if weight.ndim == len(shape) == 4 else 0
    if missing > 0 and missing % 2 == 0 and missing <= 2 * shape[2]:
        pixels, rest = np.split(weight, [3 * missing // 2], axis=2)
        added = sum(pixels[:, :, colour::3] for colour in range(3))
        weight = np.concatenate([added, rest], axis=2)
    if weight.ndim == len(shape) and weight.shape[-1] == 3 * shape[-1]:
        weight = np.mean([weight[..., colour::3] for colour in range(3)], axis=0)
    return weight
