"""Pairs whose codes are numbers: VQ-VAE and FSQ, with codes that fit int8 exactly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from helpers.networks.pairs import Pair, fsq_channels, vq_vae
from hypothesis import given
from hypothesis import strategies as st
from keras import layers, ops

from aecodec import ModelError
from aecodec.base.arrays import Pixels
from aecodec.export.code_layers import with_codes
from aecodec.export.from_keras import codec_from_keras
from aecodec.export.model_hints import ModelHints
from aecodec.export.tflite.code_tables import integer_scores
from aecodec.keras_models.codes import CodeVectors, NearestCode
from aecodec.metrics import mse
from aecodec.prior_fitting.fitting import PriorOptions


@given(st.integers(1, 300), st.integers(0, 1 << 30), st.integers(-128, 127))
def test_integer_scores_fit_32_bits(channels: int, seed: int, zero: int) -> None:
    rng = np.random.default_rng(seed)
    kernel, bias = rng.normal(size=(channels, 7)), rng.normal(scale=9, size=7)
    constants = {"kernel": kernel, "bias": bias, "digits": np.zeros((7, 1))}
    weights, more, _ = integer_scores(constants, (0.02, zero))
    assert (128 * np.abs(weights.astype(int)).sum(axis=1) + np.abs(more)).max() < 1 << 30
    vectors = rng.integers(-128, 128, (50, channels))
    expected = (vectors - zero) * 0.02 @ kernel + bias
    scores = vectors @ weights.T.astype(int) + more.astype(int)
    assert np.corrcoef(expected.ravel(), scores.ravel())[0, 1] > 0.9999


@pytest.mark.parametrize("make_pair", [vq_vae, pytest.param(fsq_channels, marks=pytest.mark.slow)])
def test_pairs_with_codes_become_codecs(
    make_pair: Callable[[np.ndarray], Pair], digits: Pixels, few_digits: Path, tmp_path: Path
) -> None:
    pair = make_pair(digits[::9, ..., None] / np.float32(255))
    images = digits[:40, ..., None] / np.float32(255)
    encoder, decoder = with_codes(*pair, images)
    codes = np.asarray(encoder(images))
    assert -128 <= codes.min() < codes.max() <= 127
    assert (codes == np.rint(codes)).all()
    error = np.abs(decoder(codes) - pair[1](pair[0](images))).max(axis=(1, 2, 3))
    assert (error < 1e-3).mean() >= 0.9  # a few vectors lie halfway between two codes
    options: Any = {"priors": PriorOptions(4, 0), "name": "mine", "hints": ModelHints(tile=28)}
    codec = codec_from_keras(pair, few_digits, tmp_path / "mine", **options)
    loss = codec.folder.measured["finest_level"]
    assert len(codec.spec.levels) == 1
    assert loss["float_pair"] - loss["codec"] < 0.3
    decoded = np.asarray(codec.decompress(codec.compress(digits[200])))
    assert mse(digits[200], decoded) < digits[200].var()


def test_an_unknown_quantizer_is_named_with_the_remedy(digits: Pixels) -> None:
    images = keras.Input((28, 28, 1))
    vectors = layers.Conv2D(4, 4, strides=4)(images)
    parts = [ops.argmax(part, axis=-1) for part in ops.split(vectors, 2, axis=-1)]
    indices = ops.add(parts[0] * 2, parts[1])
    codes = keras.Input((7, 7), dtype="int32")
    pixels = layers.Conv2DTranspose(1, 4, strides=4)(layers.Embedding(4, 3)(codes))
    pair = keras.Model(images, indices), keras.Model(codes, pixels)
    with pytest.raises(ModelError, match=r"layer 'add.*' of the encoder.*return the argmin"):
        with_codes(*pair, digits[:20, ..., None] / np.float32(255))


def test_the_codec_rounds_what_an_encoder_rounds_to_any_integer() -> None:
    images, codes = keras.Input((8, 8, 1)), keras.Input((4, 4, 2))
    latents = layers.Conv2D(2, 2, 2)(images)
    rounded = keras.Model(images, latents + ops.stop_gradient(ops.round(latents) - latents))
    inputs = 999 * np.random.default_rng(0).random((40, 8, 8, 1), np.float32)
    encoder, _ = with_codes(rounded, keras.Model(codes, layers.Conv2D(4, 1)(codes)), inputs)
    np.testing.assert_allclose(np.rint(encoder(inputs)), rounded(inputs), atol=1e-2)
    assert (np.asarray(encoder(inputs)) != np.asarray(rounded(inputs))).any()


def test_code_vectors_may_be_alike_and_numbers_taken_apart_by_arithmetic() -> None:
    rng = np.random.default_rng(0)
    vectors = np.repeat(rng.normal(size=(30, 4)), 2, axis=0).astype(np.float32)
    images, numbers = keras.Input((16, 16, 1)), keras.Input((4, 4), dtype="int32")
    conv = layers.Conv2D(4, 4, 4)(images)
    squares = ops.sum(ops.square(conv), -1, keepdims=True) + (vectors**2).sum(1)
    nearest = ops.argmin(squares - 2 * ops.matmul(conv, vectors.T), axis=-1)
    whole = ops.cast(numbers, "float32")
    digits = ops.stack([ops.mod(whole, 6.0), ops.floor(whole / 6)], axis=-1)
    pair = keras.Model(images, nearest), keras.Model(numbers, layers.Conv2D(16, 1)(digits))
    encoder, decoder = with_codes(*pair, rng.random((40, 16, 16, 1), np.float32))
    assert isinstance(encoder.layers[-1], NearestCode)
    assert encoder.layers[-1].input.shape[-1] == 4  # not the 60 distances
    assert isinstance(decoder.layers[1], CodeVectors)
