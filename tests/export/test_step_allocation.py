"""Each channel's quantization step follows the decoder's sensitivity."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from aecodec.export.step_allocation import channel_steps


def test_steps_follow_the_decoder() -> None:
    """A channel that the decoder multiplies by ten gets a step a tenth as large."""
    gains = np.float32([1, 10, 100])
    codes = keras.Input((3,))
    spread = layers.Dense(30, use_bias=False, kernel_initializer="orthogonal")
    decoder = keras.Model(codes, spread(layers.Rescaling(gains.tolist())(codes)))
    latents = np.random.default_rng(0).normal(0, 1, (500, 3)).astype(np.float32) / gains
    images = decoder.predict(latents, verbose=0)
    images += np.random.default_rng(1).normal(0, 0.05, images.shape).astype(np.float32)
    steps = channel_steps(decoder, images, latents)
    assert steps * gains == pytest.approx(np.full(3, steps[0]), rel=0.01)
