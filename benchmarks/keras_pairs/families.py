"""The 24 families."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from benchmarks.keras_pairs import layers_of_ones_own as own
from benchmarks.keras_pairs.blocks import (
    LATENTS,
    activation,
    convolutional_decoder,
    convolutional_encoder,
    ending_in,
    relu,
    with_layers,
)
from benchmarks.keras_pairs.pair import Images, KerasFamily, Models, cross_entropy

_GREY_LEVELS = 256


def _flat(images: Images) -> Images:
    return images.reshape(len(images), -1)


def _to_bytes(images: Images) -> Images:
    return np.rint(images * 255)


def _to_signed(images: Images) -> Images:
    return 2 * images - 1


def _tutorial() -> Models:
    """The first pair of Keras's autoencoder tutorial."""
    return (
        keras.Sequential([keras.Input((784,)), layers.Dense(LATENTS, "relu")]),
        keras.Sequential([keras.Input((LATENTS,)), layers.Dense(784, "sigmoid")]),
    )


def _convolutional_tutorial() -> Models:
    """The convolutional pair of Keras's tutorial: pooling, transposed convolutions, sigmoid."""
    encoder = keras.Sequential([keras.Input((28, 28, 1))])
    for _ in range(2):
        encoder.add(layers.Conv2D(32, 3, activation="relu", padding="same"))
        encoder.add(layers.MaxPooling2D(2, padding="same"))
    decoder = keras.Sequential([keras.Input((7, 7, 32))])
    for _ in range(2):
        decoder.add(layers.Conv2DTranspose(32, 3, strides=2, activation="relu", padding="same"))
    decoder.add(layers.Conv2D(1, 3, activation="sigmoid", padding="same"))
    return encoder, decoder


def _transposed_sigmoid() -> Models:
    decoder = keras.Sequential(
        [
            keras.Input((LATENTS,)),
            layers.Dense(7 * 7 * 32, "relu"),
            layers.Reshape((7, 7, 32)),
            layers.Conv2DTranspose(32, 3, strides=2, activation="relu", padding="same"),
            layers.Conv2DTranspose(1, 3, strides=2, activation="sigmoid", padding="same"),
        ]
    )
    return convolutional_encoder(relu), decoder


def _rescaled_bytes() -> Models:
    """Pixels in 0..255 at both ends, with Keras's default name for the layer that scales them."""
    images = keras.Input((28, 28, 1))
    latents = convolutional_encoder(relu)(layers.Rescaling(1 / 255)(images))
    return keras.Model(images, latents), convolutional_decoder(relu, ending=layers.Rescaling(255.0))


def _exp_and_log() -> Models:
    """Logarithms of pixels in front, and exponentials at the end."""
    images = keras.Input((28, 28, 1))
    latents = convolutional_encoder(relu)(ops.log(images + 0.1))
    codes = keras.Input((LATENTS,))
    pixels = ops.exp(convolutional_decoder(relu)(codes) - 1.0) - 0.1
    return keras.Model(images, latents), keras.Model(codes, pixels)


def _variational() -> Models:
    images = keras.Input((28, 28, 1))
    hidden = layers.Dense(64, "relu")(convolutional_encoder(relu)(images))
    mean = layers.Dense(16, name="z_mean")(hidden)
    log_variance = layers.Dense(16, name="z_log_var", kernel_initializer="zeros")(hidden)
    sample = own.Sampling(name="z")([mean, log_variance])
    encoder = keras.Model(images, [mean, log_variance, sample])
    return encoder, convolutional_decoder(relu, ending="sigmoid", latents=16)


def _nested() -> Models:
    """Models within models within models."""
    images, codes = keras.Input((28, 28, 1)), keras.Input((LATENTS,))
    inner = keras.Sequential([convolutional_encoder(relu), layers.Dense(LATENTS, "relu")])
    outer = layers.Dense(LATENTS)(inner(images))
    decoder = keras.Sequential([convolutional_decoder(relu), layers.Activation("sigmoid")])
    return keras.Model(images, outer), keras.Model(codes, decoder(codes))


def _shared() -> Models:
    """One layer called three times."""
    codes = keras.Input((LATENTS,))
    shared = layers.Conv2D(32, 3, padding="same", activation="relu")
    hidden = layers.Reshape((7, 7, 32))(layers.Dense(7 * 7 * 32, "relu")(codes))
    for _ in range(2):
        hidden = shared(layers.UpSampling2D()(hidden))
    hidden = layers.Add()([hidden, shared(hidden)])
    pixels = layers.Conv2D(1, 3, padding="same", activation="sigmoid")(hidden)
    return convolutional_encoder(relu), keras.Model(codes, pixels)


def _subclassed() -> Models:
    encoder, decoder = own.Encoder(), own.Decoder()
    decoder(encoder(np.zeros((1, 28, 28, 1), np.float32)))
    return encoder, decoder


def _attention() -> Models:
    """Patches of 7x7 pixels as tokens of a transformer, in both halves."""
    images, codes = keras.Input((28, 28, 1)), keras.Input((16, 8))
    tokens = layers.Reshape((16, 48))(layers.Conv2D(48, 7, strides=7)(images))
    latents = layers.Dense(8)(_transformer(tokens))
    decoded = layers.Dense(49)(_transformer(layers.Dense(48)(codes)))
    patches = layers.Reshape((4, 4, 7, 7))(decoded)
    pixels = ops.reshape(ops.transpose(patches, (0, 1, 3, 2, 4)), (-1, 28, 28, 1))
    return keras.Model(images, latents), keras.Model(codes, ops.sigmoid(pixels))


def _transformer(tokens: Any) -> Any:
    attended = layers.MultiHeadAttention(4, 12)(tokens, tokens)
    tokens = layers.LayerNormalization()(layers.Add()([tokens, attended]))
    hidden = layers.Dense(48)(layers.Dense(96, "gelu")(tokens))
    return layers.LayerNormalization()(layers.Add()([tokens, hidden]))


def _augmented() -> Models:
    """Augmentation, noise and dropout, and normalization that is told that it is training."""
    images, codes = keras.Input((28, 28, 1)), keras.Input((LATENTS,))
    hidden = layers.GaussianNoise(0.05)(layers.RandomTranslation(0.02, 0.02)(images))
    hidden = layers.Conv2D(16, 3, strides=2, padding="same")(hidden)
    hidden = layers.ReLU()(layers.BatchNormalization()(hidden, training=True))
    hidden = layers.Dropout(0.1)(layers.Flatten()(hidden), training=True)
    decoder = convolutional_decoder(relu, ending="sigmoid")
    return (
        keras.Model(images, layers.Dense(LATENTS)(hidden)),
        keras.Model(codes, decoder(layers.Dropout(0.05)(codes))),
    )


def _any_size() -> Models:
    """Fully convolutional, for pictures of any size, with separable convolutions."""
    images, codes = keras.Input((None, None, 1)), keras.Input((None, None, 8))
    hidden = layers.Conv2D(24, 5, strides=2, padding="same", activation="elu")(images)
    hidden = layers.SeparableConv2D(32, 3, strides=2, padding="same", activation="elu")(hidden)
    decoded = layers.Conv2D(32, 3, padding="same", activation="elu")(codes)
    decoded = layers.SeparableConv2D(32, 3, padding="same", activation="elu")(decoded)
    decoded = layers.Conv2D(16, 3, padding="same")(layers.UpSampling2D()(decoded))
    decoded = layers.UpSampling2D()(layers.ELU()(decoded))
    pixels = layers.Conv2D(1, 3, padding="same", activation="sigmoid")(decoded)
    latents = layers.Conv2D(8, 3, padding="same")(hidden)
    return keras.Model(images, latents), keras.Model(codes, pixels)


def _cross_entropy_of_levels(true: Any, found: Any) -> Any:
    levels = ops.cast(ops.squeeze(true, -1), "int32")
    return ops.mean(keras.losses.sparse_categorical_crossentropy(levels, found))


def _expected_level(probabilities: Images) -> Images:
    return probabilities @ np.linspace(0, 1, _GREY_LEVELS, dtype=np.float32)


FAMILIES = {
    "tutorial": KerasFamily(
        "Keras's tutorial: flat vectors, Dense(sigmoid)",
        _tutorial,
        to_input=_flat,
        to_target=_flat,
        loss=cross_entropy,
        options=("--image-shape", "28x28"),
    ),
    "convolutional_tutorial": KerasFamily(
        "Keras's tutorial: pooling, Conv2D(sigmoid)", _convolutional_tutorial, loss=cross_entropy
    ),
    "transposed_sigmoid": KerasFamily(
        "Conv2DTranspose(sigmoid)", _transposed_sigmoid, loss=cross_entropy
    ),
    "tanh": KerasFamily(
        "tanh, pixels in -1..1",
        ending_in("tanh"),
        to_input=_to_signed,
        to_target=_to_signed,
        to_unit=lambda found: (found + 1) / 2,
    ),
    "relu": KerasFamily("ReLU at the end", ending_in("relu")),
    "hard_sigmoid": KerasFamily("hard sigmoid at the end", ending_in("hard_sigmoid")),
    "softmax": KerasFamily(
        "softmax over 256 grey levels",
        ending_in("softmax", _GREY_LEVELS),
        to_target=_to_bytes,
        to_unit=_expected_level,
        loss=_cross_entropy_of_levels,
    ),
    "rescaling": KerasFamily(
        "Rescaling layers, pixels in 0..255, linear end",
        _rescaled_bytes,
        to_input=_to_bytes,
        to_target=_to_bytes,
        to_unit=lambda found: found / 255,
        loss=lambda true, found: ops.mean(ops.square(true - found)) / 255**2,
    ),
    "mish": KerasFamily("mish", with_layers(activation("mish")), loss=cross_entropy),
    "softplus": KerasFamily("softplus", with_layers(activation("softplus")), loss=cross_entropy),
    "exp_log": KerasFamily("logarithm in front, exponential at the end", _exp_and_log),
    "layer_normalization": KerasFamily(
        "LayerNormalization", with_layers(layers.LayerNormalization, relu), loss=cross_entropy
    ),
    "group_normalization": KerasFamily(
        "GroupNormalization",
        with_layers(lambda: layers.GroupNormalization(8), relu),
        loss=cross_entropy,
    ),
    "batch_normalization": KerasFamily(
        "BatchNormalization, LeakyReLU",
        with_layers(layers.BatchNormalization, layers.LeakyReLU),
        loss=cross_entropy,
    ),
    "prelu": KerasFamily("PReLU", with_layers(layers.PReLU), loss=cross_entropy),
    "swish": KerasFamily("swish", with_layers(activation("swish")), loss=cross_entropy),
    "gelu": KerasFamily("gelu", with_layers(activation("gelu")), loss=cross_entropy),
    "variational": KerasFamily(
        "variational, a Sampling layer of one's own",
        _variational,
        loss=cross_entropy,
        latents_of=lambda outputs: outputs[0],
        options=("--custom-objects", "benchmarks.keras_pairs.layers_of_ones_own:Sampling"),
    ),
    "nested": KerasFamily("nested models", _nested, loss=cross_entropy),
    "shared": KerasFamily("one layer called three times", _shared, loss=cross_entropy),
    "subclassed": KerasFamily(
        "subclassed models",
        _subclassed,
        loss=cross_entropy,
        options=(
            "--custom-objects",
            "benchmarks.keras_pairs.layers_of_ones_own:Encoder",
            "--custom-objects",
            "benchmarks.keras_pairs.layers_of_ones_own:Decoder",
        ),
    ),
    "attention": KerasFamily("multi-head attention", _attention, loss=cross_entropy),
    "augmented": KerasFamily(
        "augmentation, noise, dropout, training=True", _augmented, loss=cross_entropy
    ),
    "any_size": KerasFamily("any size, separable convolutions", _any_size, loss=cross_entropy),
}
"""The families by name."""
