"""How many numbers does a digit need?

One autoencoder for each code dimension, all trained in the same way for the squared error alone:
its error before and after quantization on the test set, the bytes of a digit at the finest level,
and the error of a principal component analysis of the same dimension for comparison.
"""

from __future__ import annotations

import tempfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.decomposition import PCA

from aecodec import Codec, metrics
from aecodec.arrays import Float32, Pixels
from aecodec.datasets.tiles import as_floats
from aecodec.imaging.plots import Comparison, comparison_figure
from aecodec.training import Autoencoder, mnist_decoder, mnist_encoder
from benchmarks.formats import PNG
from benchmarks.harness import Options, Row
from benchmarks.pictures import mnist

_DIMENSIONS = (1, 2, 3, 5, 10, 20, 32, 50, 100)
_SHOWN = (1, 3, 10, 100)
_A_THREE = 18
"""Index of the test digit in the figure."""

_RAW = 28 * 28
_FILES = 1000
"""Digits whose files are measured."""


class Reconstruction(NamedTuple):
    """What an autoencoder and its codec make of the test digits.

    Attributes:
        floats: (N, 28, 28) in 0..1 by the networks before quantization.
        pixels: (N, 28, 28) by the codec at its finest level.
        file_bytes: mean size of a file.
    """

    floats: Float32
    pixels: Pixels
    file_bytes: float


def add_arguments(parser: Options) -> None:
    """Add the data, the epochs and the figure."""
    parser.add_data(help="mnist.npz")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw a digit as PNG")


def measure(options: Namespace) -> Iterator[Row]:
    """One row per code dimension."""
    train, test = mnist(options.data)
    png = float(np.mean([len(PNG.encode(digit)) for digit in test[:_FILES]]))
    shown = []
    for dimension in _DIMENSIONS:
        made = _reconstruct(dimension, train, test, options.epochs)
        yield _row(dimension, made, test, png) | {"mse_pca": _pca_error(dimension, train, test)}
        if dimension in _SHOWN:
            shown.append(_comparison(dimension, made, test))
    if options.plot:
        options.plot.write_bytes(comparison_figure(shown))


def _reconstruct(dimension: int, train: Pixels, test: Pixels, epochs: int) -> Reconstruction:
    x_train, x_test = as_floats(train), as_floats(test)
    autoencoder = Autoencoder(
        mnist_encoder((28, 28), (dimension,)), mnist_decoder((dimension,), (28, 28))
    )
    autoencoder.train(x_train, epochs=epochs, batch_size=64, learning_rate=3e-3, verbose=0)
    latents = autoencoder.encoder.predict(x_test, verbose=0)
    floats = autoencoder.decoder.predict(latents, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        codec = autoencoder.to_codec(folder, x_train, held_out=x_test[:1000], context_units=0)
        finest = len(codec.spec.levels)
        codes = codec.encoder.codes(test[..., None], finest)
        pixels = codec.decoder.reconstruct(codes, finest)[..., 0]
        return Reconstruction(floats, pixels, _mean_size(codec, test[:_FILES], finest))


def _row(dimension: int, made: Reconstruction, test: Pixels, png: float) -> Row:
    exact = metrics.mse(test, 255 * made.floats.clip(0, 1))
    quantized = metrics.mse(test, made.pixels)
    return {
        "code_dimension": dimension,
        "mse": round(exact, 2),
        "psnr": round(metrics.psnr(exact), 3),
        "mse_quantized": round(quantized, 2),
        "psnr_quantized": round(metrics.psnr(quantized), 3),
        "bytes": round(made.file_bytes, 2),
        "ratio_to_raw": round(_RAW / made.file_bytes, 2),
        "ratio_to_png": round(png / made.file_bytes, 2),
    }


def _mean_size(codec: Codec, digits: Pixels, level: int) -> float:
    return float(np.mean([len(codec.compress(digit, level=level)) for digit in digits]))


def _pca_error(dimension: int, train: Pixels, test: Pixels) -> float:
    """Squared error of principal components that are not rounded, in grey levels squared."""
    x_train, x_test = (as_floats(digits.reshape(len(digits), -1)) for digits in (train, test))
    fitted = PCA(dimension).fit(x_train)
    error = fitted.inverse_transform(fitted.transform(x_test)) - x_test
    return round(float(np.mean(error**2) * 255**2), 2)


def _comparison(dimension: int, made: Reconstruction, test: Pixels) -> Comparison:
    return Comparison(
        test[_A_THREE][..., None],
        made.pixels[_A_THREE][..., None],
        f"{dimension} numbers, {made.file_bytes:.0f} bytes",
    )
