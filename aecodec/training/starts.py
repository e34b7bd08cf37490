"""Training that starts from trained networks, from a codec or from aecodec itself.

A codec file contains its entropy models only as integers, so the loss learns its own again. The
file of a built-in start contains the kernels as int8 with a scale for each output, the biases,
gains and rate weights, and entropy models of the loss for some numbers of channels.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Float32
from aecodec.base.errors import ModelError
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.levels import GAIN_UNITS
from aecodec.keras_models.functional import IN_STEPS
from aecodec.keras_models.model_files import keras_half
from aecodec.training.autoencoder import Autoencoder

_LARGEST, _SMALLEST_SCALE = 127, 1e-12


def start_from_codec(autoencoder: Autoencoder, folder: CodecFolder, levels: int) -> None:
    """Copy the weights of a codec's float networks to a pair, and its gains, if any.

    Latents of a codec are in units of its int8 steps; latents of a pair in training are in units of
    the quantization steps in the middle of the levels.

    Raises CodecError if the codec's HDF5 files are missing or damaged, and ModelError if the codec
    has different networks or a different number of levels.
    """
    if len(folder.spec.levels) != levels:
        raise ModelError(
            f"{folder.path} has {len(folder.spec.levels)} levels, but the recipe has {levels}: set "
            "the same number of levels in the recipe"
        )
    gains = np.array([level.gains for level in folder.spec.levels], np.float32) / GAIN_UNITS
    middle = np.exp2(gains.mean(axis=0)) if gains.size else np.ones(1, np.float32)
    for half, model in zip(Half, autoencoder.models, strict=True):
        if not set_weights([model], _in_training(keras_half(folder, half), half, middle)):
            raise ModelError(
                f"{folder.path}: the weights of the {half.value} do not fit the networks of this "
                "recipe; use the recipe that trained the codec"
            )
    if gains.size:
        autoencoder.gains = np.exp2(gains) / middle


def _in_training(stored: Any, half: Half, middle: Float32) -> list[Float32]:
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
    return all_weights


class Start(NamedTuple):
    """Weights of an encoder and a decoder, and gains (L, K) of levels with these rate weights.

    The weights of entropy models are stored by their numbers of channels.
    """

    encoder: list[Float32]
    decoder: list[Float32]
    rate_weights: Float32
    gains: Float32
    entropy_models: dict[int, list[Float32]]

    def with_channels(self, channels: npt.NDArray[np.intp] | slice) -> Start:
        count = self.gains.shape[1]
        *features, kernel, bias = self.encoder
        decoder = [
            weight[:, :, channels] if weight.ndim == 4 and weight.shape[2] == count else weight
            for weight in self.decoder
        ]
        encoder = [*features, kernel[..., channels], bias[channels]]
        return self._replace(encoder=encoder, decoder=decoder, gains=self.gains[:, channels])

    def packed(self) -> bytes:
        arrays: dict[str, Any] = {"rate_weights": self.rate_weights, "gains": self.gains}
        entropy = {f"entropy_{k}_": weights for k, weights in self.entropy_models.items()}
        for name, weights in ({"encoder": self.encoder, "decoder": self.decoder} | entropy).items():
            for number, weight in enumerate(weights):
                arrays[f"{name}{number}"], arrays[f"{name}{number}_scale"] = _quantized(weight)
        content = io.BytesIO()
        np.savez_compressed(content, **arrays)
        return content.getvalue()


def _quantized(weight: Float32) -> tuple[npt.NDArray[Any], Float32]:
    if weight.ndim == 1:
        return weight, np.ones(1, np.float32)
    largest = np.abs(weight).max(axis=tuple(range(weight.ndim - 1)))
    scale = np.maximum(largest, _SMALLEST_SCALE) / _LARGEST
    return np.rint(weight / scale).astype(np.int8), scale.astype(np.float32)


def read_start(file: Path) -> Start:
    with np.load(file) as stored:
        arrays = dict(stored)

    def weights(half: str) -> list[Float32]:
        names = [name for name in arrays if name.startswith(half) and not name.endswith("scale")]
        return [np.float32(arrays[f"{name}_scale"]) * arrays[name] for name in names]

    channels = {int(name.split("_")[1]) for name in arrays if name.startswith("entropy")}
    entropy = {k: weights(f"entropy_{k}_") for k in channels}
    return Start(
        weights("encoder"), weights("decoder"), arrays["rate_weights"], arrays["gains"], entropy
    )


def start_of(autoencoder: Autoencoder, rate_weights: list[float], pictures: Float32) -> Start:
    """Make a start from a trained pair with gains, whose levels had these rate weights.

    The channels are sorted by the information in the codes of typical pictures (N, h, w, C) in
    0..1: the first channels are the best for grey pictures if these are grey.
    """
    assert autoencoder.gains is not None
    encoder, decoder = autoencoder.encoder, autoencoder.decoder
    deviations = np.asarray(encoder(pictures)).std(axis=(0, 1, 2)) * autoencoder.gains.max(axis=0)
    weights = encoder.get_weights(), decoder.get_weights()
    start = Start(*weights, np.array(rate_weights, np.float32), autoencoder.gains, {})
    return start.with_channels(np.argsort(-deviations))


def begin_with(file: Path, autoencoder: Autoencoder, rate_weights: list[float]) -> bool:
    """Copy the start in a file to a pair, with gains and entropy model if the rate weights fit.

    Returns False, and changes nothing, if the shapes of the networks differ.
    """
    channels = autoencoder.code_dimension
    start = read_start(file).with_channels(slice(channels))
    if not set_weights(autoencoder.models, [*start.encoder, *start.decoder]):
        return False
    if np.array_equal(start.rate_weights, np.asarray(rate_weights, np.float32)):
        autoencoder.gains = start.gains
        autoencoder.entropy_model = start.entropy_models.get(channels)
    return True


def set_weights(models: Sequence[Any], weights: Sequence[Float32]) -> bool:
    """Set weights of models, for RGB or grey; False, and no change, if shapes differ."""
    targets = [weight for model in models for weight in model.weights]
    if len(targets) != len(weights):
        return False
    values = [_for_grey(w, tuple(t.shape)) for t, w in zip(targets, weights, strict=True)]
    if any(t.shape != value.shape for t, value in zip(targets, values, strict=True)):
        return False
    for target, value in zip(targets, values, strict=True):
        target.assign(value)
    return True


def _for_grey(weight: Float32, shape: tuple[int, ...]) -> Float32:
    """A kernel or bias for grey pictures: kernels of colours are added, outputs averaged."""
    missing = weight.shape[2] - shape[2] if weight.ndim == len(shape) == 4 else 0
    if missing > 0 and missing % 2 == 0 and missing <= 2 * shape[2]:
        pixels, rest = np.split(weight, [3 * missing // 2], axis=2)
        added = sum(pixels[:, :, colour::3] for colour in range(3))
        weight = np.concatenate([added, rest], axis=2)
    if weight.ndim == len(shape) and weight.shape[-1] == 3 * shape[-1]:
        weight = np.mean([weight[..., colour::3] for colour in range(3)], axis=0)
    return weight
