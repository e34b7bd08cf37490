"""How many bytes do a step per dimension and competing priors save at equal quality?

A plain dense pair of code dimension 50, trained for the squared error alone, becomes three codecs:
one step for all dimensions; a step for each; and the latter with a single prior. The saving is the
BD-rate over the levels of the codecs, in payload bytes on the MNIST test set.
"""

from __future__ import annotations

import tempfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from keras import Sequential, layers

from aecodec import Codec, Level, metrics
from aecodec.arrays import Float32, Pixels
from aecodec.datasets.tiles import as_floats
from aecodec.entropy import coding
from aecodec.export.codec_folder import export_codec
from aecodec.export.step_allocation import channel_steps, scaled_to_error
from aecodec.keras_models.functional import rescaled
from aecodec.training import Autoencoder
from benchmarks.bd_rate import bd_rate
from benchmarks.harness import Options, Row
from benchmarks.pictures import mnist

_DIMENSION = 50
_MULTIPLES = (7, 5, 3, 1)
_SAMPLE = 1000
"""Digits that steps are found on."""

Curve = list[tuple[float, float]]


def add_arguments(parser: Options) -> None:
    """Add the data and the epochs."""
    parser.add_data(help="mnist.npz")
    parser.add_argument("--epochs", type=int, default=10)


def measure(options: Namespace) -> Iterator[Row]:
    """One row per codec with its curve, then one per saving."""
    train, test = mnist(options.data)
    x_train = as_floats(train)
    autoencoder = _trained(x_train, options.epochs)
    equal, balanced = _steps(autoencoder, x_train[:_SAMPLE])
    codecs = {
        "one step, 64 priors": (equal, 64),
        "a step per dimension, 64 priors": (balanced, 64),
        "a step per dimension, one prior": (balanced, 1),
    }
    curves = []
    for name, (steps, priors) in codecs.items():
        curves.append(_curve(autoencoder, steps / np.float32(3), priors, x_train, test))
        yield {"codec": name, "points": curves[-1]}
    one_step, both, one_prior = curves
    yield {"saving": "a step per dimension", "bd_rate": round(bd_rate(both, one_step), 4)}
    yield {"saving": "competing priors", "bd_rate": round(bd_rate(both, one_prior), 4)}


def _trained(x_train: Float32, epochs: int) -> Autoencoder:
    encoder = Sequential(
        [
            layers.Input((28, 28)),
            layers.Flatten(),
            layers.Dense(256, "relu"),
            layers.Dense(_DIMENSION),
        ]
    )
    decoder = Sequential(
        [
            layers.Input((_DIMENSION,)),
            layers.Dense(256, "relu"),
            layers.Dense(784),
            layers.Reshape((28, 28)),
        ]
    )
    autoencoder = Autoencoder(encoder, decoder)
    autoencoder.train(x_train, epochs=epochs, learning_rate=2e-3, verbose=0)
    return autoencoder


def _steps(autoencoder: Autoencoder, images: Float32) -> tuple[Float32, Float32]:
    """(K,) steps of the same squared error: the same for all dimensions, and one for each."""
    latents = autoencoder.encoder.predict(images, verbose=0)
    ones = np.ones(_DIMENSION, np.float32)
    equal = scaled_to_error(autoencoder.decoder, images, latents, ones)
    return equal, channel_steps(autoencoder.decoder, images, latents)


def _curve(
    autoencoder: Autoencoder, steps: Float32, priors: int, x_train: Float32, test: Pixels
) -> Curve:
    """Payload bytes per digit and PSNR of each level."""
    levels = [Level(0, _DIMENSION, multiple) for multiple in _MULTIPLES]
    with tempfile.TemporaryDirectory() as folder:
        exported = export_codec(
            *rescaled(autoencoder.encoder, autoencoder.decoder, steps),
            Path(folder),
            name="steps",
            levels=levels,
            images=x_train,
            held_out=as_floats(test[:1000]),
            priors=priors,
            context_units=0,
        )
        codec = Codec(exported)
        return [_point(codec, test[..., None], number) for number in range(1, len(levels) + 1)]


def _point(codec: Codec, test: Pixels, level: int) -> tuple[float, float]:
    codes = codec.encoder.codes(test, level)
    bits = coding.bits(codec.folder.prior(level), codes).sum() / len(test)
    error = metrics.mse(test, codec.decoder.reconstruct(codes, level))
    return round(float(bits) / 8, 3), round(metrics.psnr(error), 3)
