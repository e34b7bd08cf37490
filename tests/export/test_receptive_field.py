"""The receptive field of networks is measured as their layers imply it."""

from __future__ import annotations

import numpy as np
from helpers.networks.pairs import convolutional_pair

from aecodec.export.receptive_field import measure_receptive_field


def test_the_receptive_field_is_what_the_layers_imply() -> None:
    encoder, decoder = convolutional_pair()
    latents = np.random.default_rng(0).normal(0, 9, (4, 7, 7, 8)).astype(np.float32)
    assert measure_receptive_field(encoder, decoder, (4, 4), latents) == 2
