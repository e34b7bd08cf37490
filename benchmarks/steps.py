"""What do a step for each dimension, and priors that compete, save at equal quality?

    python -m benchmarks.steps mnist.npz [--epochs 10] [--json FILE]

A plain dense pair of code dimension 50, trained for the squared error alone, becomes three codecs:
one step for all dimensions; a step for each; and, of the latter, with a single prior. The saving is
the BD-rate over the codecs' levels, in payload bytes on the MNIST test set.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from keras import Sequential, layers

from aecodec import metrics
from aecodec.codec import Codec
from aecodec.export.codec_folder import export_codec
from aecodec.levels import Level
from aecodec.training import Autoencoder
from aecodec.training.models import rescaled
from aecodec.training.steps import channel_steps, scaled_to_error
from benchmarks.bd_rate import bd_rate
from benchmarks.rows import arguments, write_rows

_DIMENSION = 50
_MULTIPLES = (7, 5, 3, 1)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    with np.load(options.data) as arrays:
        x_train, x_test = (arrays[name] / np.float32(255) for name in ("x_train", "x_test"))
    autoencoder = _trained(x_train, options.epochs)
    latents = autoencoder.encoder.predict(x_train[:1000], verbose=0)
    balanced = channel_steps(autoencoder.decoder, x_train[:1000], latents)
    ones = np.ones(_DIMENSION, np.float32)
    equal = scaled_to_error(autoencoder.decoder, x_train[:1000], latents, ones)
    made = {
        "one step, 64 priors": (equal, 64),
        "a step a dimension, 64 priors": (balanced, 64),
        "a step a dimension, one prior": (balanced, 1),
    }
    curves = {
        name: _curve(autoencoder, steps / 3, priors, x_train, x_test)
        for name, (steps, priors) in made.items()
    }
    one_step, both, one_prior = curves.values()
    rows: list[dict[str, Any]] = [
        {"codec": name, "points": curve} for name, curve in curves.items()
    ]
    rows.append({"saving": "a step a dimension", "bd_rate": round(bd_rate(both, one_step), 4)})
    rows.append({"saving": "competing priors", "bd_rate": round(bd_rate(both, one_prior), 4)})
    for row in rows:
        print(row)
    write_rows(options.json, rows)


def _trained(x_train: Any, epochs: int) -> Autoencoder:
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
    autoencoder.train(x_train, epochs=epochs, learning_rate=2e-3, verbose=2)
    return autoencoder


def _curve(
    autoencoder: Autoencoder, steps: Any, priors: int, x_train: Any, x_test: Any
) -> list[tuple[float, float]]:
    """Payload bytes a digit and PSNR of each level."""
    levels = [Level(0, _DIMENSION, multiple) for multiple in _MULTIPLES]
    with tempfile.TemporaryDirectory() as folder:
        exported = export_codec(
            *rescaled(autoencoder.encoder, autoencoder.decoder, steps),
            Path(folder),
            name="steps",
            levels=levels,
            images=x_train,
            held_out=x_test[:1000],
            priors=priors,
            context_units=0,
        )
        codec, tested = Codec(exported), np.rint(x_test * 255).astype(np.uint8)[..., None]
        return [_point(codec, tested, number) for number in range(1, len(levels) + 1)]


def _point(codec: Codec, tested: Any, level: int) -> tuple[float, float]:
    codes = codec.encoder.codes(tested, level)
    bits = codec.folder.prior(level).bits(codes).sum() / len(tested)
    error = metrics.mse(tested, codec.decoder.planes(codes, level))
    return round(float(bits) / 8, 3), round(metrics.psnr(error), 3)


if __name__ == "__main__":
    main()
