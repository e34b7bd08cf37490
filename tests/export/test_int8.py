"""Int8 TFLite models run even where XNNPACK refuses them."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from keras import layers

from aecodec.codec_files.file_names import Half
from aecodec.export.tflite.int8 import int8_tflite
from aecodec.export.tflite.runners import FloatRunner
from aecodec.keras_models.runners import float_predictor


def test_units_that_are_hardly_ever_active_are_converted() -> None:
    """XNNPACK refuses the scales of such a layer; LiteRT's own kernels run it."""
    codes = keras.Input((4,))
    hidden = layers.Dense(6, "relu")
    decoder = keras.Model(codes, layers.Reshape((4, 4))(layers.Dense(16)(hidden(codes))))
    hidden.set_weights([np.eye(4, 6), np.full(6, 1e-4 - 10)])
    latents = np.random.default_rng(0).integers(0, 11, (300, 4)).astype(np.float32)
    error_of = lambda result: float(np.square(result).mean())  # noqa: E731
    model = int8_tflite(decoder, Half.DECODER, latents, error_of).content
    with pytest.raises(RuntimeError, match="XNNPACK"):
        Interpreter(model_content=model).allocate_tensors()
    expected = (255 * float_predictor(decoder)(latents) - 128).reshape(-1, 4, 4)
    answer = 255 * FloatRunner(model)(latents) - 128
    assert np.abs(answer - expected).max() < 1.5
