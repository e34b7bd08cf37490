"""TensorFlow Compression's tutorial model on MNIST; the benchmark `equal_training` runs it.

    python tfc_model.py mnist.npz MINUTES DISTORTION LAMBDA FILE

It runs where tensorflow 2.14 and tensorflow-compression 2.14 are installed, and needs nothing of
aecodec. The model is that of https://www.tensorflow.org/tutorials/generative/data_compression, with
its layers and its entropy model: two strided convolutions and two dense layers to 50 latents, their
mirror image back to pixels, a logistic prior with a scale for each latent.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_compression as tfc  # type: ignore[import-not-found]

LATENTS, BATCH, RATE = 50, 128, 1e-3
LEAKY = "leaky_relu"


def transforms() -> tuple[Any, Any]:
    """The analysis and the synthesis transform of the tutorial."""
    analysis = tf.keras.Sequential(
        [
            tf.keras.layers.Conv2D(20, 5, strides=2, padding="same", activation=LEAKY),
            tf.keras.layers.Conv2D(50, 5, strides=2, padding="same", activation=LEAKY),
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(500, activation=LEAKY),
            tf.keras.layers.Dense(LATENTS),
        ]
    )
    synthesis = tf.keras.Sequential(
        [
            tf.keras.layers.Dense(500, activation=LEAKY),
            tf.keras.layers.Dense(7 * 7 * 50, activation=LEAKY),
            tf.keras.layers.Reshape((7, 7, 50)),
            tf.keras.layers.Conv2DTranspose(20, 5, strides=2, padding="same", activation=LEAKY),
            tf.keras.layers.Conv2DTranspose(1, 5, strides=2, padding="same", activation=LEAKY),
        ]
    )
    return analysis, synthesis


class Trainer(tf.keras.Model):
    """The model, trained for rate + weight x distortion (`mae` or `mse`)."""

    def __init__(self, distortion: str, weight: float) -> None:
        super().__init__()
        self.analysis, self.synthesis = transforms()
        self.log_scales = tf.Variable(tf.zeros((LATENTS,)))
        self.distortion, self.weight = distortion, weight

    @property
    def prior(self) -> Any:
        """Logistic distribution of each latent."""
        return tfc.NoisyLogistic(loc=0.0, scale=tf.exp(self.log_scales))

    def train_step(self, images: Any) -> dict[str, Any]:
        """One step, by the optimizer of `compile`."""
        with tf.GradientTape() as tape:
            model = tfc.ContinuousBatchedEntropyModel(self.prior, coding_rank=1, compression=False)
            latents, bits = model(self.analysis(images, training=True), training=True)
            difference = self.synthesis(latents, training=True) - images
            error = tf.abs(difference) if self.distortion == "mae" else tf.square(difference)
            loss = tf.reduce_mean(bits) + self.weight * tf.reduce_mean(error)
        variables = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return {"bits": tf.reduce_mean(bits), "error": tf.reduce_mean(error)}


class Deadline(tf.keras.callbacks.Callback):
    """Stops the training after some minutes."""

    def __init__(self, minutes: float) -> None:
        super().__init__()
        self.end = time.monotonic() + 60 * minutes

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Check the time."""
        if time.monotonic() > self.end:
            self.model.stop_training = True


def score(trainer: Trainer, images: Any) -> dict[str, float]:
    """Payload bytes per digit, PSNR of the mean error, and mean absolute error."""
    model = tfc.ContinuousBatchedEntropyModel(trainer.prior, coding_rank=1, compression=True)
    latents = trainer.analysis.predict(images, verbose=0)
    strings = model.compress(latents).numpy()
    decoded = model.decompress(strings, ())
    restored = np.clip(trainer.synthesis.predict(decoded, verbose=0), 0, 1)
    pixels = np.rint(255 * images).astype(np.int16)
    difference = np.rint(255 * restored).astype(np.int16) - pixels
    return {
        "bytes": float(np.mean([len(string) for string in strings])),
        "psnr": float(10 * np.log10(255**2 / np.mean(np.square(difference, dtype=np.float64)))),
        "mae": float(np.abs(difference).mean()),
    }


def main() -> None:
    """Train for some minutes, measure on the test set, and write a row of figures to the file."""
    data, minutes, distortion, weight, file = sys.argv[1:]
    with np.load(data) as arrays:
        trained, tested = (arrays[n][..., None] / np.float32(255) for n in ("x_train", "x_test"))
    trainer = Trainer(distortion, float(weight))
    trainer.compile(tf.keras.optimizers.Adam(RATE))
    batches = tf.data.Dataset.from_tensor_slices(trained).shuffle(len(trained)).batch(BATCH, True)
    trainer.fit(batches, epochs=10**6, callbacks=[Deadline(float(minutes))], verbose=0)
    with open(file, "w") as out:
        json.dump(
            {"distortion": distortion, "weight": float(weight), **score(trainer, tested)}, out
        )


if __name__ == "__main__":
    main()
