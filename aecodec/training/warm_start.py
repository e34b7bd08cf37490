"""Beginning a training where another one ended: with the networks of a codec.

The model of the rate is learned anew: a codec folder has it in integers alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.errors import ModelError
from aecodec.export.formats import keras_half
from aecodec.export.kinds import Half
from aecodec.levels import GAIN_UNITS
from aecodec.spec import CodecFolder
from aecodec.training.autoencoder import Autoencoder
from aecodec.training.models import IN_STEPS

Floats = npt.NDArray[np.float32]


def begin_with(autoencoder: Autoencoder, folder: CodecFolder, levels: int) -> None:
    """Give a pair the weights of a codec's float networks, and its gains if it has them.

    What the codec measures in steps of its integers, the pair measures in quantisation steps of the
    middle of the levels, as a training from nothing does.

    Args:
        autoencoder: built as the codec's was, by the same recipe.
        folder: the codec.
        levels: how many the training is of.

    Raises:
        CodecError: the codec's HDF5 files are absent or damaged.
        ModelError: the codec has other networks, or other levels.
    """
    if len(folder.spec.levels) != levels:
        raise ModelError(
            f"{folder.path}: {len(folder.spec.levels)} levels, and this makes {levels}"
        )
    gains = np.array([level.gains for level in folder.spec.levels], np.float32) / GAIN_UNITS
    middle = np.exp2(gains.mean(axis=0)) if gains.size else np.ones(1, np.float32)
    _copy(folder, Half.ENCODER, autoencoder.encoder, middle)
    _copy(folder, Half.DECODER, autoencoder.decoder, middle)
    if gains.size:
        autoencoder.gains = np.exp2(gains) / middle


def _copy(folder: CodecFolder, half: Half, model: Any, middle: Floats) -> None:
    codecs = keras_half(folder, half)
    sources, targets = ([each for each in m.layers if each.weights] for m in (codecs, model))
    shapes = [[weights.shape for each in m for weights in each.weights] for m in (sources, targets)]
    if shapes[0] != shapes[1]:
        raise ModelError(f"{folder.path}: its {model.name} is not of the shape that this makes")
    to_latents = middle * getattr(codecs.layers[-1], "scale", 1)
    for source, target in zip(sources, targets, strict=True):
        weights = source.get_weights()
        if source.name.endswith(IN_STEPS):
            weights[0] = weights[0] / middle[:, None]
        elif source is sources[-1] and half is Half.ENCODER:
            weights = [each * to_latents for each in weights]
        target.set_weights(weights)
