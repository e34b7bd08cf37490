"""Start of a training with the networks of a codec.

The entropy model of the loss is learned again, because a codec file only has it in integers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aecodec.arrays import Float32
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.levels import GAIN_UNITS
from aecodec.errors import ModelError
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
    sources, targets = _with_weights(stored), _with_weights(model)
    if _shapes_of(sources) != _shapes_of(targets):
        raise ModelError(
            f"{folder.path}: its {half.value} has another shape than this recipe's networks: use "
            "the recipe of the codec"
        )
    to_latents = middle * getattr(stored.layers[-1], "scale", 1)
    for source, target in zip(sources, targets, strict=True):
        weights = source.get_weights()
        if _takes_steps(source):
            weights[0] = weights[0] / middle[:, None]
        elif source is sources[-1] and half is Half.ENCODER:
            weights = [array * to_latents for array in weights]
        target.set_weights(weights)


def _takes_steps(layer: Any) -> bool:
    """Whether the kernel of a stored layer takes latents in units of steps.

    In the files of built-in codecs, only the name of the layer shows it; see
    :func:`aecodec.keras_models.functional.rescaled`, which writes the name.
    """
    return bool(layer.name.endswith(IN_STEPS))


def _with_weights(model: Any) -> list[Any]:
    return [layer for layer in model.layers if layer.weights]


def _shapes_of(layers: list[Any]) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for layer in layers for weight in layer.weights]
