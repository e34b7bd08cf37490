"""How many numbers does a digit need?

    python -m benchmarks.code_dimension mnist.npz [--epochs 5] [--json FILE] [--plot FOLDER]

One autoencoder for each code dimension, trained alike for the squared error alone; its error before
and after quantisation on the test set, the bytes of a digit at the finest level, and the error of a
principal component analysis of the same dimension as the yardstick.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA

from aecodec import Codec, metrics
from aecodec.figures import Comparison, comparison_figure, rate_distortion_figure
from aecodec.images import Pixels
from aecodec.training import Autoencoder, mnist_decoder, mnist_encoder
from benchmarks.peers_in_pillow import LOSSLESS, saved
from benchmarks.rows import arguments, write_rows

_DIMENSIONS = (1, 2, 3, 5, 10, 20, 32, 50, 100)
_SHOWN = (1, 3, 10, 100)
_A_THREE = 18
"""The test digit of the pictures."""


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--plot", type=Path, help="folder for the pictures")
    options = parser.parse_args()
    with np.load(options.data) as arrays:
        trained, tested = arrays["x_train"], arrays["x_test"]
    png = float(np.mean([len(saved(digit, *LOSSLESS["PNG"])) for digit in tested[:1000]]))
    rows, shown = [], []
    for dimension in _DIMENSIONS:
        row, comparison = _measure(dimension, trained, tested, options.epochs, png)
        print(row, flush=True)
        rows.append(row)
        shown.append(comparison)
    write_rows(options.json, rows)
    if options.plot:
        _draw(options.plot, rows, shown)


def _measure(
    dimension: int, trained: Pixels, tested: Pixels, epochs: int, png: float
) -> tuple[dict[str, Any], Comparison]:
    x_train, x_test = trained / np.float32(255), tested / np.float32(255)
    autoencoder = Autoencoder(
        mnist_encoder((28, 28), (dimension,)), mnist_decoder((dimension,), (28, 28))
    )
    autoencoder.train(x_train, epochs=epochs, batch_size=64, learning_rate=3e-3, verbose=0)
    latents = autoencoder.encoder.predict(x_test, verbose=0)
    floats = autoencoder.decoder.predict(latents, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        codec = autoencoder.to_codec(folder, x_train, held_out=x_test[:1000], context_units=0)
        finest = len(codec.spec.levels)
        codes = codec.encoder.codes(tested[..., None], finest)
        restored = codec.decoder.planes(codes, finest)[..., 0]
        file_bytes = _file_bytes(codec, tested[:1000], finest)
    exact = metrics.mse(tested, 255 * floats.clip(0, 1))
    quantized = metrics.mse(tested, restored)
    row = {
        "code_dimension": dimension,
        "mse": round(exact, 2),
        "psnr": round(metrics.psnr(exact), 3),
        "mse_quantized": round(quantized, 2),
        "psnr_quantized": round(metrics.psnr(quantized), 3),
        "bytes": round(file_bytes, 2),
        "ratio_to_raw": round(784 / file_bytes, 2),
        "ratio_to_png": round(png / file_bytes, 2),
        "mse_pca": round(_pca_error(dimension, x_train, x_test), 2),
    }
    comparison = Comparison(
        tested[_A_THREE][..., None],
        restored[_A_THREE][..., None],
        f"{dimension} numbers, {file_bytes:.0f} bytes",
    )
    return row, comparison


def _file_bytes(codec: Codec, digits: Pixels, level: int) -> float:
    return float(np.mean([len(codec.compress(digit, level)) for digit in digits]))


def _pca_error(
    dimension: int, x_train: npt.NDArray[np.float32], x_test: npt.NDArray[np.float32]
) -> float:
    """Of unrounded components, in grey levels squared."""
    fitted = PCA(dimension).fit(x_train.reshape(len(x_train), -1))
    flat = x_test.reshape(len(x_test), -1)
    return float(np.mean((fitted.inverse_transform(fitted.transform(flat)) - flat) ** 2) * 255**2)


def _draw(folder: Path, rows: list[dict[str, Any]], shown: list[Comparison]) -> None:
    by_dimension = {row["code_dimension"]: each for row, each in zip(rows, shown, strict=True)}
    figure = comparison_figure([by_dimension[dimension] for dimension in _SHOWN])
    (folder / "code_dimension.png").write_bytes(figure)
    curve = [(8 * row["bytes"] / 784, row["psnr_quantized"]) for row in rows]
    (folder / "code_dimension_curve.png").write_bytes(
        rate_distortion_figure({"code dimensions 1 to 100": curve})
    )


if __name__ == "__main__":
    main()
