"""How many numbers does a digit need?

The benchmark trains one autoencoder for each code dimension, always to minimize the squared error.
It measures the error on the test set before and after quantization, the bytes of a digit at the
finest level, and the error of a principal component analysis with the same dimension.
"""

from __future__ import annotations

import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA

from aecodec import metrics
from aecodec.base.arrays import Float32, Pixels
from aecodec.datasets.tiles import as_floats
from aecodec.imaging.plots import Comparison, comparison_figure
from aecodec.training import Autoencoder, PriorOptions, mnist_decoder, mnist_encoder
from benchmarks.formats import PNG
from benchmarks.harness import Row
from benchmarks.pictures import mnist

_DIMENSIONS = (1, 2, 3, 5, 10, 20, 32, 50, 100)
_SHOWN = (1, 3, 10, 100)
_A_THREE = 18
"""Index of the test digit in the figure."""

_FILES = 1000


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("data", type=Path, help="mnist.npz")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw a digit as PNG")


def measure(options: Namespace) -> Iterator[Row]:
    train, test = mnist(options.data)
    png = float(np.mean([len(PNG.encode(digit)) for digit in test[:_FILES]]))
    shown = []
    for dimension in _DIMENSIONS:
        autoencoder = _trained(dimension, as_floats(train), options.epochs)
        exact = metrics.mse(test, 255 * _floats(autoencoder, as_floats(test)))
        pixels, size = _coded(autoencoder, train, test)
        yield {
            "code_dimension": dimension,
            **_quality("", exact),
            **_quality("_quantized", metrics.mse(test, pixels)),
            "bytes": round(size, 2),
            "ratio_to_raw": round(28 * 28 / size, 2),
            "ratio_to_png": round(png / size, 2),
            "mse_pca": _pca_error(dimension, train, test),
        }
        if dimension in _SHOWN:
            original, decoded = (digits[_A_THREE][..., None] for digits in (test, pixels))
            caption = f"{dimension} numbers, {size:.0f} bytes"
            shown.append(Comparison(original, decoded, caption))
    if options.plot:
        options.plot.write_bytes(comparison_figure(shown))


def _trained(dimension: int, x_train: Float32, epochs: int) -> Autoencoder:
    autoencoder = Autoencoder(
        mnist_encoder((28, 28), (dimension,)), mnist_decoder((dimension,), (28, 28))
    )
    autoencoder.train(x_train, epochs=epochs, batch_size=64, learning_rate=3e-3, verbose=0)
    return autoencoder


def _floats(autoencoder: Autoencoder, x_test: Float32) -> Float32:
    """Decoded digits in 0..1, before quantization."""
    latents = autoencoder.encoder.predict(x_test, verbose=0)
    return np.asarray(autoencoder.decoder.predict(latents, verbose=0)).clip(0, 1)


def _coded(autoencoder: Autoencoder, train: Pixels, test: Pixels) -> tuple[Pixels, float]:
    """Digits decoded at the finest level, and the mean size of a file."""
    x_train, held_out = as_floats(train), as_floats(test[:1000])
    with tempfile.TemporaryDirectory() as folder:
        priors = PriorOptions(context_units=0)
        codec = autoencoder.to_codec(folder, x_train, held_out=held_out, priors=priors)
        finest = len(codec.spec.levels)
        codes = codec.encoder.codes(test[..., None], finest)
        sizes = [len(codec.compress(digit, level=finest)) for digit in test[:_FILES]]
        return codec.decoder.reconstruct(codes, finest)[..., 0], float(np.mean(sizes))


def _quality(suffix: str, error: float) -> Row:
    return {f"mse{suffix}": round(error, 2), f"psnr{suffix}": round(metrics.psnr(error), 3)}


def _pca_error(dimension: int, train: Pixels, test: Pixels) -> float:
    """Squared error of principal components that are not rounded, in grey levels squared."""
    x_train, x_test = (as_floats(digits.reshape(len(digits), -1)) for digits in (train, test))
    fitted = PCA(dimension).fit(x_train)
    error = fitted.inverse_transform(fitted.transform(x_test)) - x_test
    return round(float(np.mean(error**2) * 255**2), 2)
