"""Each channel's quantization step follows the decoder's sensitivity."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers

from aecodec.export.step_allocation import channel_steps, gained_steps, split_steps
from aecodec.keras_models.pair import KerasPair


def test_steps_follow_the_decoder() -> None:
    gains = np.float32([1, 10, 100])
    codes = keras.Input((3,))
    spread = layers.Dense(30, use_bias=False, kernel_initializer="orthogonal")
    decoder = keras.Model(codes, spread(layers.Rescaling(gains.tolist())(codes)))
    latents = np.random.default_rng(0).normal(0, 1, (500, 3)).astype(np.float32) / gains
    images = decoder(latents).numpy()
    images += np.random.default_rng(1).normal(0, 0.05, images.shape).astype(np.float32)
    steps = channel_steps(decoder, images, latents)
    assert steps * gains == pytest.approx(np.full(3, steps[0]), rel=0.01)


def test_steps_of_levels_are_odd_where_an_odd_number_is_near() -> None:
    """Latents of at most 0.1 leave room in int8: the finest steps, of 1, are three of theirs."""
    images = np.random.default_rng(0).uniform(0, 0.1, (10, 5)).astype(np.float32)
    codes = keras.Input((5,))
    pair = KerasPair(*(keras.Model(codes, layers.Activation("linear")(codes)) for _ in range(2)))
    coarser = np.float32([4.1, 4.4, 5.6, 7.8, 3.0])
    steps, (coarse, finest) = gained_steps(pair, images, np.stack([3 / coarser, np.ones(5)]))
    assert steps == pytest.approx(np.full(5, 1 / 3))
    assert (1 << 15) / finest.factors == pytest.approx(np.full(5, 3), rel=2e-3)
    assert (1 << 15) / coarse.factors == pytest.approx([4.1, 5, 5, 7.8, 3], rel=2e-3)


@given(st.floats(0.01, 100), st.sampled_from((-1, 1)), st.floats(9, 1000), st.floats(0.001, 1))
def test_codes_of_a_constant_are_equal_between_any_two_levels(
    mean: float, sign: int, ratio: float, coarsest: float
) -> None:
    deviation = mean / ratio
    latents = sign * np.float32(mean + deviation * np.linspace(-1.7, 1.7, 50)[:, None])
    steps, _, levels = split_steps(
        latents, np.float32([[coarsest], [1]]) * np.float32(0.49 / deviation)
    )
    coarse, finest = levels
    between = [coarse.interpolate(finest, sixteenths) for sixteenths in range(1, 16)]
    for level in (coarse, *between, finest):
        assert (level.quantize(np.rint(latents / steps).astype(np.int8)) == sign).all()
