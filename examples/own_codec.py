# %% [markdown]
# # A codec of your own in an hour
#
# A rover photographs the ground below it and sends 64x64 pixels of grass or gravel by radio. You
# train an image codec for these pictures, from two Keras models that you write yourself. At equal
# PSNR, its files are smaller than those of JPEG, WebP and AVIF. Its networks are int8 TFLite
# models, and a browser decodes its files.
#
# Install `aecodec[train]`, `jupyterlab` and `scikit-image`, which contains the photographs. The
# notebook downloads nothing. The environment variable MINUTES sets the duration of the training.

# %%
import io
import logging
import os
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from IPython.display import IFrame
from keras import layers
from matplotlib import pyplot as plt
from PIL import Image
from skimage import data

from aecodec.training import Autoencoder, RunOptions

logging.getLogger("tensorflow").setLevel(logging.ERROR)
minutes = float(os.environ.get("MINUTES", "30"))
photographs = np.stack([data.grass(), data.gravel()])
trained, held_out = photographs[:, :, :368], photographs[:, :, 384:]

# %% [markdown]
# ## Pictures
#
# Training uses the left part of both photographs, in random crops that are turned and mirrored. The
# 32 test pictures come from the right part, behind a gap.

# %%
SIDE = 64
random = np.random.default_rng(0)


def crop(photograph):
    """Cut 64x64 pixels out of a photograph, turned and mirrored at random."""
    row, column = random.integers(0, np.array(photograph.shape) - SIDE + 1)
    pixels = photograph[row : row + SIDE, column : column + SIDE]
    return np.rot90(pixels, random.integers(4))[:, :: random.choice((-1, 1))]


x_train = np.stack([crop(trained[number % 2]) for number in range(6000)])[..., None]
x_train = x_train / np.float32(255)
test = held_out.reshape(2, 8, SIDE, 2, SIDE).swapaxes(2, 3).reshape(-1, SIDE, SIDE)
x_test = test[..., None] / np.float32(255)

# %% [markdown]
# ## Two Keras models
#
# Each block of 8x8 pixels becomes 48 latents. The layers named `linear` start with the principal
# components of the blocks, so that the models are a working codec before training. The
# convolutional layers next to them start at zero and learn to improve the codec.
#
# Latents are rounded to integers in the files. A good rounding step follows from `rate_weights`:
# each weight makes a level, and larger weights make smaller files.

# %%
BLOCK, LATENTS = 8, 48
rate_weights = [0.024, 0.01, 0.004, 0.0016]
step = np.sqrt(6 / np.log(2)) * np.exp(np.mean(np.log(rate_weights)) / 2)


def convolution(hidden, width, size=3, strides=1):
    return layers.Conv2D(width, size, strides, padding="same", activation="relu6")(hidden)


def enlarged(hidden, width):
    return layers.Conv2DTranspose(width, 4, 2, padding="same", activation="relu6")(hidden)


def residual_block(hidden, width):
    difference = layers.Conv2D(width, 3, padding="same")(convolution(hidden, width))
    return layers.ReLU(6)(layers.Add()([hidden, difference]))


pixels = keras.Input((None, None, 1))
hidden = residual_block(convolution(pixels, 32, size=8, strides=4), 32)
hidden = residual_block(convolution(hidden, 64, size=4, strides=2), 64)
learned = layers.Conv2D(LATENTS, 1, kernel_initializer="zeros")(hidden)
linear = layers.Conv2D(LATENTS, BLOCK, BLOCK, name="linear")(pixels)
encoder = keras.Model(pixels, layers.Add()([linear, learned]), name="encoder")

latents = keras.Input((None, None, LATENTS))
hidden = enlarged(residual_block(convolution(latents, 64), 64), 32)
hidden = residual_block(hidden, 32)
learned = layers.Conv2DTranspose(1, 8, 4, padding="same", kernel_initializer="zeros")(hidden)
overlapping = layers.Conv2DTranspose(1, 3 * BLOCK, BLOCK, padding="same", name="linear")
decoder = keras.Model(latents, layers.Add()([overlapping(latents), learned]), name="decoder")

blocks = x_train.reshape(-1, 8, BLOCK, 8, BLOCK).swapaxes(2, 3).reshape(-1, BLOCK**2)
mean = blocks.mean()
_, components = np.linalg.eigh(np.cov(blocks - mean, rowvar=False))
kernel = components[:, : -LATENTS - 1 : -1].reshape(BLOCK, BLOCK, 1, LATENTS)
shift = mean * kernel.sum(axis=(0, 1, 2))
encoder.get_layer("linear").set_weights([kernel / step, -shift / step])
wide = np.pad(kernel, ((BLOCK, BLOCK), (BLOCK, BLOCK), (0, 0), (0, 0)))
decoder.get_layer("linear").set_weights([wide * step, np.array([mean])])

# %% [markdown]
# ## Train
#
# A line per epoch shows the finished share of the training, and the estimated size and the quality
# of the test pictures at each level.

# %%
autoencoder = Autoencoder(encoder, decoder)
history = autoencoder.train(
    x_train,
    batch_size=16,
    rate_weight=rate_weights,
    validation_data=x_test,
    run_options=RunOptions(minutes=minutes),
)

# %% [markdown]
# ## Make the codec
#
# `to_codec` quantizes both models to int8 and fits the probabilities of the latents. A small
# context network predicts them from neighbouring blocks.

# %%
codec = autoencoder.to_codec(
    "ground",
    x_train[:1000],
    name="ground",
    held_out=x_test,
    priors=1,
    context_units=128,
    context_epochs=4 if minutes >= 1 else 1,
    replace=True,
)
levels = range(1, len(rate_weights) + 1)


# %% [markdown]
# ## Compare
#
# Sizes are means of whole files, and quality is the PSNR of the mean squared error of all test
# pictures. Pictures this small favour formats with small headers: an AVIF file of a single grey
# level has 297 bytes, and a JPEG file 174.


# %%
def measured(round_trip):
    """Mean bytes of the test pictures, and their PSNR in dB."""
    sizes, decoded = zip(*map(round_trip, test), strict=True)
    error = np.mean((np.float64(test) - np.stack(decoded)) ** 2)
    return np.mean(sizes), 10 * np.log10(255**2 / error)


def at_level(level):
    def round_trip(picture):
        file = codec.compress(picture, level=level)
        return len(file), np.asarray(codec.decompress(file))

    return round_trip


def at_quality(image_format, quality, **options):
    def round_trip(picture):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, image_format, quality=quality, **options)
        return file.tell(), np.asarray(Image.open(file).convert("L"))

    return round_trip


formats = {"JPEG": {"optimize": True}, "WebP": {"method": 6}, "AVIF": {"speed": 2}}
curves = {"ground": [measured(at_level(level)) for level in levels]}
for name, options in formats.items():
    qualities = range(0, 71, 10)
    curves[name] = [measured(at_quality(name, quality, **options)) for quality in qualities]


def bytes_at(name, psnr):
    """Bytes that a format needs for a PSNR; NaN outside of the measured qualities."""
    sizes, qualities = np.transpose(curves[name])
    return np.exp(np.interp(psnr, qualities, np.log(sizes), left=np.nan, right=np.nan))


print("level     dB  ground" + "".join(f"{name:>8}" for name in formats))
for level, (size, psnr) in zip(levels, curves["ground"], strict=True):
    row = [size, *(bytes_at(name, psnr) for name in formats)]
    print(f"{level:5} {psnr:6.1f}" + "".join(f"{number:8.0f}" for number in row))

figure, axis = plt.subplots(figsize=(5, 3.5), layout="constrained")
for name, curve in curves.items():
    axis.plot(*np.transpose(curve), marker=".", label=name)
axis.set(xlabel="bytes per picture", ylabel="PSNR, dB", xlim=(0, 1200), ylim=(20, 33))
axis.legend()
figure.savefig("ground.png", dpi=80)

# %% [markdown]
# ## TFLite
#
# The folder `ground` contains `encoder.tflite` and `decoder.tflite`. LiteRT runs both without
# aecodec. A rover only needs the encoder.

# %%
interpreter = Interpreter("ground/encoder.tflite")
(source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
interpreter.resize_tensor_input(source["index"], (1, SIDE, SIDE, 1))
interpreter.allocate_tensors()
scale, zero = source["quantization"]
quantized = np.rint(x_test[:1] / scale) + zero
interpreter.set_tensor(source["index"], quantized.clip(-128, 127).astype(source["dtype"]))
interpreter.invoke()
print(target["dtype"].__name__, interpreter.get_tensor(target["index"]).shape)

# %% [markdown]
# ## Browser
#
# `aecodec web` writes a page that compresses pictures with the codec and decodes `.aec` files, all
# in WebAssembly. The small page `ground.html` next to it shows two test pictures from their
# files. To publish both pages, upload the folder `site` to any static host.

# %%
shown = {"grass": test[0], "gravel": test[16]}
site, samples = Path("site"), Path("samples")
samples.mkdir(exist_ok=True)
for name, picture in shown.items():
    Image.fromarray(picture).save(samples / f"{name}.png")
web = ["web", "ground", "--samples", samples, "-o", site, "--force", "--quiet"]
subprocess.run([sys.executable, "-m", "aecodec", *web], check=True)

page = '<!DOCTYPE html><script type="module" src="aecodec/element.js"></script>'
for name, picture in shown.items():
    (site / f"{name}.aec").write_bytes(codec.compress(picture, level=2))
    page += f' <aec-img src="{name}.aec" alt="{name}" style="width: 192px"></aec-img>'
(site / "ground.html").write_text(page)


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        """Keep the notebook free of a line per request."""


server = ThreadingHTTPServer(("localhost", 0), partial(Handler, directory=site))
threading.Thread(target=server.serve_forever, daemon=True).start()

# %%
IFrame(f"http://localhost:{server.server_port}/ground.html", width=420, height=220)
