"""The networks that come with aecodec as the start of a training, learned from photographs.

A file has the kernels as int8 with a scale for each output, the biases, the gains of some levels
with their rate weights, and entropy models of the loss for some numbers of channels.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float32
from aecodec.training.autoencoder import Autoencoder
from aecodec.training.warm_start import fits, set_weights

_LARGEST, _SMALLEST_SCALE = 127, 1e-12


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
        """The start of networks with some of the channels of codes."""
        count = self.gains.shape[1]
        *features, kernel, bias = self.encoder
        encoder = [*features, kernel[..., channels], bias[channels]]
        takes_codes = [weight.ndim == 4 and weight.shape[2] == count for weight in self.decoder]
        decoder = [
            weight[:, :, channels] if takes else weight
            for weight, takes in zip(self.decoder, takes_codes, strict=True)
        ]
        return self._replace(encoder=encoder, decoder=decoder, gains=self.gains[:, channels])

    def gains_for(self, rate_weights: list[float]) -> Float32:
        """(L, K) gains between those of known levels; beyond, as a root of lambda."""
        known, logs = np.log(self.rate_weights), np.log(rate_weights)
        roots = self._at_levels(np.log(self.gains) + known[:, None] / 2, rate_weights)
        return np.exp(roots - logs[:, None] / 2).astype(np.float32)

    def entropy_model_for(self, channels: int, rate_weights: list[float]) -> list[Float32] | None:
        """Weights of the entropy model of levels; None if there is none for these channels."""
        weights = self.entropy_models.get(channels)
        return weights and [
            np.stack([self._at_levels(kind, rate_weights) for kind in weight])
            if weight.ndim == 3 and weight.shape[1] == len(self.rate_weights)
            else weight
            for weight in weights
        ]

    def _at_levels(self, values: npt.NDArray[Any], rate_weights: list[float]) -> Float32:
        """Values (L, n) of the known levels for other rate weights; the nearest level's beyond."""
        known, logs = np.log(self.rate_weights), np.log(rate_weights)
        order = np.argsort(known)
        columns = [np.interp(logs, known[order], column) for column in values[order].T]
        return np.stack(columns, axis=1).astype(np.float32)

    def packed(self) -> bytes:
        """The content of a file."""
        arrays: dict[str, Any] = {"rate_weights": self.rate_weights, "gains": self.gains}
        entropy = {f"entropy_{k}_": weights for k, weights in self.entropy_models.items()}
        for name, weights in ({"encoder": self.encoder, "decoder": self.decoder} | entropy).items():
            for number, weight in enumerate(weights):
                arrays[f"{name}{number}"], arrays[f"{name}{number}_scale"] = _quantized(weight)
        content = io.BytesIO()
        np.savez_compressed(content, **arrays)
        return content.getvalue()


def read_start(file: Path) -> Start:
    """Read a file of :meth:`Start.packed`."""
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
    """The start with a trained pair with gains, whose levels had these rate weights.

    The channels are sorted by the information in the codes of typical pictures (N, h, w, C) in
    0..1: the first channels are the best for grey pictures if these are grey.
    """
    assert autoencoder.gains is not None
    encoder, decoder = autoencoder.encoder, autoencoder.decoder
    deviations = np.asarray(encoder(pictures)).std(axis=(0, 1, 2)) * autoencoder.gains.max(axis=0)
    weights = encoder.get_weights(), decoder.get_weights()
    start = Start(*weights, np.array(rate_weights, np.float32), autoencoder.gains, {})
    return start.with_channels(np.argsort(-deviations))


def start_for(autoencoder: Autoencoder, file: Path) -> Start | None:
    """The start in a file for a pair for RGB or grey pictures; None if its networks differ."""
    start = read_start(file)
    fitting = start.with_channels(slice(autoencoder.code_dimension))
    models = autoencoder.encoder, autoencoder.decoder
    return fitting if fits(models, [*fitting.encoder, *fitting.decoder]) else None


def begin_with(start: Start, autoencoder: Autoencoder, rate_weights: list[float]) -> None:
    """Copy the weights of a start to a pair with the same shapes, with gains for its levels."""
    models = autoencoder.encoder, autoencoder.decoder
    set_weights(models, [*start.encoder, *start.decoder])
    autoencoder.gains = start.gains_for(rate_weights)
    autoencoder.entropy_model = start.entropy_model_for(autoencoder.code_dimension, rate_weights)


def _quantized(weight: Float32) -> tuple[npt.NDArray[Any], Float32]:
    """Integers of a kernel, and scales of its outputs; biases are unchanged."""
    if weight.ndim == 1:
        return weight, np.ones(1, np.float32)
    largest = np.abs(weight).max(axis=tuple(range(weight.ndim - 1)))
    scale = np.maximum(largest, _SMALLEST_SCALE) / _LARGEST
    return np.rint(weight / scale).astype(np.int8), scale.astype(np.float32)
