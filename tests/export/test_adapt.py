"""Pairs as people write them become pairs of images in 0..1 and one latent, or are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from aecodec import AecodecWarning, ModelError, UsageError
from aecodec.export.adapt import adapt_models
from aecodec.export.model_hints import (
    UNIT,
    ModelHints,
    parse_conventions,
    parse_image_shape,
    parse_pixel_ranges,
    parse_words,
)
from aecodec.keras_models.layers import Standardization

IMAGES = np.random.default_rng(0).random((20, 4, 4, 1)).astype(np.float32)


def adapted(encoder: Any, decoder: Any, hints: ModelHints | None = None) -> Any:
    stated = hints or ModelHints()
    ranges = (UNIT, UNIT) if None in stated.pixel_ranges else stated.pixel_ranges
    stated = replace(stated, pixel_ranges=ranges, force=True)
    return adapt_models(encoder, decoder, pictures_of, stated)


def pictures_of(shape: tuple[int | None, ...]) -> np.ndarray:
    height, width = shape[:2]
    return IMAGES if height is None else IMAGES.reshape(-1, height, width, 1)


def lossless(shape: tuple[int, ...] = (4, 4, 1)) -> Any:
    return of(shape, layers.Flatten()), of((16,), layers.Reshape(shape))


def test_flat_vectors_become_pictures_of_the_stated_shape() -> None:
    encoder, decoder = lossless(shape=(16,))
    with pytest.raises(ModelError, match="--image-shape 4x4"):
        adapted(encoder, decoder)
    pair = adapted(encoder, decoder, ModelHints(image_shape=(2, 8)))
    assert pair.image_shape == pair.decoder.output_shape[1:] == (2, 8)
    with pytest.raises(ModelError, match=r"--image-shape 3x5.*15 values"):
        adapted(encoder, decoder, ModelHints(image_shape=(5, 3)))


def test_channels_that_are_normalized_get_equal_deviations_first() -> None:
    convolution, normalization = layers.Conv2D(3, 3), layers.GroupNormalization(-1)
    encoder = of((4, 4, 1), convolution, normalization)
    kernel, bias = convolution.get_weights()
    convolution.set_weights([kernel * (1, 1e-2, 3), bias + 5])
    pair = adapted(encoder, of((2, 2, 3), layers.Conv2DTranspose(1, 3)))
    np.testing.assert_allclose(pair.encoder(IMAGES), encoder(IMAGES), rtol=1e-3, atol=1e-4)
    scale = next(layer.scale for layer in pair.encoder.layers if isinstance(layer, Standardization))
    deviations = np.std(convolution(IMAGES), axis=(0, 1, 2))
    np.testing.assert_allclose(scale * deviations, 1, rtol=1e-4)


@pytest.mark.parametrize(
    ("padding", "kernel", "advice"), [("same", 3, "--tile 3"), ("valid", 2, 'padding="same"')]
)
def test_sizes_that_do_not_come_back_are_refused(padding: str, kernel: int, advice: str) -> None:
    images, codes = keras.Input((None, None, 1)), keras.Input((None, None, 8))
    encoder = keras.Model(images, layers.Conv2D(8, kernel, strides=kernel, padding=padding)(images))
    enlarged = layers.Conv2DTranspose(1, 3, strides=kernel, padding=padding)(codes)
    with pytest.raises(ModelError, match=advice):
        adapted(encoder, keras.Model(codes, enlarged))


def variational(*names: str) -> Any:
    images = keras.Input((4, 4, 1))
    flat = layers.Flatten()(images)
    return keras.Model(images, [layers.Dense(16, name=name)(flat) for name in names])


@pytest.mark.parametrize(
    ("names", "mean"), [(("z_mean", "z_log_var", "z"), "z_mean"), (("log_sigma", "mu"), "mu")]
)
def test_the_mean_of_a_variational_encoder_is_coded(names: tuple[str, ...], mean: str) -> None:
    encoder = variational(*names)
    with pytest.warns(AecodecWarning, match=f"the mean, {mean}"):
        pair = adapted(encoder, lossless()[1])
    expected = encoder.get_layer(mean).output
    assert np.allclose(pair.encoder(IMAGES), keras.Model(encoder.inputs[0], expected)(IMAGES))


class Sampling(layers.Layer):
    """Draws latents, as in Keras's tutorial of variational autoencoders."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1)

    def call(self, inputs: Any) -> Any:
        mean, log_variance = inputs
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_variance) * noise


def two_inputs() -> Any:
    images, condition = keras.Input((4, 4, 1)), keras.Input((16,))
    return keras.Model([images, condition], layers.Flatten()(images) + condition)


def whole() -> Any:
    encoder, decoder = lossless()
    return keras.Sequential([keras.Input((4, 4, 1)), encoder, decoder])


def drawing() -> Any:
    codes = keras.Input((16,))
    return keras.Model(codes, layers.Reshape((4, 4, 1))(Sampling(name="draw")([codes, codes])))


def of(*parts: Any) -> Any:
    return keras.Sequential([keras.Input(parts[0]), *parts[1:]])


@pytest.mark.parametrize(
    ("encoder", "decoder", "reason"),
    [
        (two_inputs, None, r"has 2 inputs .* but must have one"),
        (
            lambda: variational("codes", "classes"),
            None,
            r"has 2 outputs \(codes, classes\), but must have one",
        ),
        (lambda: of((4, 4, 5), layers.Flatten()), None, "not a picture shape"),
        (lambda: of((4, None, 1), layers.ReLU()), None, "not a picture shape"),
        (lambda: of((3, 4, 4), layers.Flatten()), None, "channels last"),
        (
            lambda: of((4, 4, 1), layers.Flatten(), layers.Dense(9)),
            None,
            r"returns \(9,\), but the decoder expects \(16,\)",
        ),
        (whole, whole, "seems to be the whole autoencoder"),
        (None, drawing, "decoder returns different values each time, because layer 'draw'"),
        (
            lambda: of((9,), layers.Dense(16), layers.Reshape((4, 4, 1))),
            lambda: of((4, 4, 1), layers.Flatten(), layers.Dense(9)),
            "swap --encoder and --decoder",
        ),
        (
            None,
            lambda: of((16,), layers.Dense(25), layers.Reshape((5, 5, 1))),
            r"decoder returns \(5, 5, 1\).*encoder expects \(4, 4, 1\)",
        ),
    ],
)
def test_what_cannot_be_a_codec_is_refused(encoder: Any, decoder: Any, reason: str) -> None:
    halves = [
        make() if make else half for make, half in zip((encoder, decoder), lossless(), strict=True)
    ]
    with pytest.raises(ModelError, match=reason):
        adapted(*halves)


def test_other_image_shapes_and_pixel_ranges_are_refused() -> None:
    for text in ("28", "28x", "0x28", "28x28x2", "axb", "28x28x3x1", ""):
        with pytest.raises(UsageError, match="--image-shape"):
            parse_image_shape(text)
    for text in ("", "1", "0..x", "0..0", "0..inf", "0..1,", "0..1,0..1,0..1"):
        with pytest.raises(UsageError, match="--pixel-range"):
            parse_pixel_ranges(text)
    for text in ("bgrr", "rgb,bgr,rgb", ""):
        with pytest.raises(UsageError, match="--channel-order"):
            parse_words("--channel-order", text, ("rgb", "bgr"))
    for mean, std in (("0.5,0.5", "1"), ("x", "1"), ("0.5", "0"), ("0.5", "inf")):
        with pytest.raises(UsageError, match=r"--(mean|std)"):
            parse_conventions(None, mean, std)
