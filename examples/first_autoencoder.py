# %% [markdown]
# # From an autoencoder to an image codec
#
# Train a small autoencoder on handwritten digits, look at its reconstructions, compare several
# sizes of its code, and build an image codec from it, with priors and models for a device.

# %%
from pathlib import Path

import numpy as np
import tensorflow as tf
from matplotlib import pyplot as plt

from aecodec.data.samples import sample_paths
from aecodec.training import Autoencoder, mnist_decoder, mnist_encoder

codec_folder = Path("my-codec")
if codec_folder.exists():
    raise FileExistsError(f"{codec_folder} exists: name another folder")

try:
    (x_train, _), (x_test, _) = tf.keras.datasets.mnist.load_data()
    x_train, x_test = x_train / 255.0, x_test / 255.0
except Exception as error:  # no internet access
    print(f"MNIST is not here, using aecodec's ten sample digits, moved a little ({error})")
    samples = np.stack([plt.imread(path) for path in sample_paths()])
    move = tf.keras.Sequential(
        [tf.keras.layers.RandomRotation(0.05), tf.keras.layers.RandomTranslation(0.1, 0.1)]
    )
    moved = np.asarray(move(np.repeat(samples[..., None], 500, axis=0), training=True))[..., 0]
    x_train, x_test = moved, samples

# %% [markdown]
# ## Train
#
# You can use any two Keras models if the output of each has the shape of the other's input.
# This encoder turns a digit into 50 numbers.

# %%
code_shape = (50,)
encoder = mnist_encoder(x_train[0].shape, code_shape)
decoder = mnist_decoder(code_shape, x_train[0].shape)

autoencoder = Autoencoder(encoder, decoder)
autoencoder.train(x_train, epochs=5, learning_rate=3e-3)
autoencoder.save_models("test")

# %% [markdown]
# ## Look
#
# The two files are ordinary Keras models, which open without aecodec.

# %%
loaded_encoder = tf.keras.models.load_model("encodertest.hdf5")
loaded_decoder = tf.keras.models.load_model("decodertest.hdf5")


def show(originals, reconstructions, file):
    """Draw one row per digit: the original, the reconstruction, and their difference."""
    figure, axes = plt.subplots(len(originals), 3, figsize=(6, 2 * len(originals)), squeeze=False)
    for row, original, reconstructed in zip(axes, originals, reconstructions, strict=True):
        for axis, picture in zip(
            row, (original, reconstructed, np.abs(original - reconstructed)), strict=True
        ):
            axis.imshow(picture, cmap="Greys", vmin=0, vmax=1)
            axis.axis("off")
    for axis, title in zip(axes[0], ("Original", "Reconstructed", "Difference"), strict=True):
        axis.set_title(title)
    figure.savefig(file)
    plt.close(figure)


originals = x_test[:4]
codes = loaded_encoder.predict(originals, verbose=0)
show(originals, loaded_decoder.predict(codes, verbose=0), "reconstructed.png")

# %% [markdown]
# ## Change the size of the code
#
# One number says little about a digit, ten identify it, and a hundred keep nearly every detail.

# %%
for size in (1, 3, 10, 100):
    trial = Autoencoder(mnist_encoder((28, 28), (size,)), mnist_decoder((size,), (28, 28)))
    trial.train(x_train, epochs=2, learning_rate=3e-3, verbose=0)
    shown = trial.decoder.predict(trial.encoder.predict(originals, verbose=0), verbose=0)
    show(originals, shown, f"code{size}.png")
    print(f"{size:3d} numbers: mean squared error {np.mean((shown - originals) ** 2):.4f}")

# %% [markdown]
# ## Make a codec
#
# The codec has quantized networks, fitted priors and three levels. You can also use it in the
# shell: `aecodec compress --codec my-codec`.

# %%
codec = autoencoder.to_codec(codec_folder, x_train)
digit = np.rint(255 * x_test[0]).astype(np.uint8)
for level in (1, 2, 3):
    data = codec.compress(digit, level=level)
    error = np.mean((np.asarray(codec.decompress(data)) / 255 - x_test[0]) ** 2)
    print(f"level {level}: {len(data)} bytes, mean squared error {error:.4f}")
