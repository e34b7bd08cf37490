"""Starting a training with the networks of a codec.

The entropy model of the loss is learned again: a codec folder has it as integers alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aecodec.arrays import Float32
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.coding.levels import GAIN_UNITS
from aecodec.errors import ModelError
from aecodec.keras_models.functional import IN_STEPS
from aecodec.keras_models.model_files import keras_half
from aecodec.training.autoencoder import Autoencoder


def start_from_codec(autoencoder: Autoencoder, folder: CodecFolder, levels: int) -> None:
    """Give a pair the weights of a codec's float networks, and its gains if it has any.

    The codec's decoder may lack the last layers of the pair's, such as a filter, which then stay as
    they are; its kernels may be smaller, and are then padded with zeros. A codec measures latents
    in steps of its int8 latents; a pair in training measures them in quantization steps of the
    middle of the levels.

    Args:
        autoencoder: built by the same recipe as the codec, or by one whose decoder has more layers
            at its end.
        folder: the codec.
        levels: number of levels of the training.

    Raises:
        CodecError: the codec's HDF5 files are absent or damaged.
        ModelError: the codec has other networks, or another number of levels.
    """
    if len(folder.spec.levels) != levels:
        raise ModelError(
            f"{folder.path}: {len(folder.spec.levels)} levels, and this training has {levels}"
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
    if half is Half.DECODER:
        targets = targets[: len(sources)]
    if not _fit(sources, targets):
        raise ModelError(
            f"{folder.path}: the shape of its {half.value} is not that of this recipe's networks"
        )
    to_latents = middle * getattr(stored.layers[-1], "scale", 1)
    for source, target in zip(sources, targets, strict=True):
        weights = source.get_weights()
        if _takes_steps(source):
            weights[0] = weights[0] / middle[:, None]
        elif source is sources[-1] and half is Half.ENCODER:
            weights = [each * to_latents for each in weights]
        target.set_weights(
            [_padded(*pair) for pair in zip(weights, target.get_weights(), strict=True)]
        )


def _takes_steps(layer: Any) -> bool:
    """Whether the kernel of a stored layer takes latents in steps.

    The files of shipped codecs say so by the name of the layer alone; see
    :func:`aecodec.keras_models.functional.rescaled`, which writes the name.
    """
    return bool(layer.name.endswith(IN_STEPS))


def _with_weights(model: Any) -> list[Any]:
    return [layer for layer in model.layers if layer.weights]


def _fit(sources: list[Any], targets: list[Any]) -> bool:
    """Whether the weights of the targets have the shapes of the sources', or larger kernels."""
    smaller, larger = (
        [weight.shape for layer in layers for weight in layer.weights]
        for layers in (sources, targets)
    )
    return len(smaller) == len(larger) and all(map(_fits_within, smaller, larger))


def _fits_within(kernel: tuple[int, ...], larger: tuple[int, ...]) -> bool:
    """Whether a kernel has as many inputs and outputs, and fits into the middle of a larger one."""
    sides = zip(kernel[:-2], larger[:-2], strict=False)
    return (
        len(kernel) == len(larger)
        and kernel[-2:] == larger[-2:]
        and all(side <= other and (other - side) % 2 == 0 for side, other in sides)
    )


def _padded(kernel: Float32, like: Float32) -> Float32:
    """A kernel in the middle of zeros, with the shape of another."""
    missing = [other - side for side, other in zip(kernel.shape, like.shape, strict=True)]
    return np.pad(kernel, [(each // 2, each // 2) for each in missing])
