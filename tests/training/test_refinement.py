"""A decoder is trained further on the codes that the files of a codec hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from helpers.tiny_recipe import tiny_recipe

import aecodec
from aecodec.arrays import Pixels
from aecodec.codec_files.file_names import Half
from aecodec.entropy import coding
from aecodec.export.coded_tiles import CodedTiles, TileCoder
from aecodec.inference.litert import TileTransform
from aecodec.keras_models.model_files import keras_half
from aecodec.training.distortions.mixture import Mixture
from aecodec.training.losses.base import RateOptions
from aecodec.training.qat.int8 import qat_copy
from aecodec.training.recipe import load_recipe
from aecodec.training.refinement import Refinement
from aecodec.training.run import run_recipe


@pytest.fixture(scope="module")
def codec() -> aecodec.Codec:
    return aecodec.load_codec("digits")


@pytest.fixture(scope="module")
def coded(codec: aecodec.Codec, digits: Pixels) -> CodedTiles:
    levels = codec.spec.levels
    network = TileTransform(codec.folder.read(Half.ENCODER.tflite))
    priors = [codec.folder.prior(number) for number in range(1, len(levels) + 1)]
    return TileCoder(network, levels, priors).code(digits[:200, ..., None])


def test_tiles_are_coded_as_in_files(codec: aecodec.Codec, coded: CodedTiles) -> None:
    assert coded.latents.shape[:2] == coded.bits.shape == (len(codec.spec.levels), 200)
    for number, level in enumerate(codec.spec.levels, 1):
        codes = codec.encoder.codes(coded.pixels, number)
        own = coded.latents[number - 1][..., level.start : level.stop]
        assert (own.reshape(codes.shape) == level.dequantize(codes)).all()
        bits = coding.bits(codec.folder.prior(number), codes)
        assert coded.bits[number - 1].sum() == pytest.approx(bits.sum(), rel=1e-5)


def squared_error(decoder: Any, coded: CodedTiles) -> float:
    decoded = decoder.predict(coded.latents[1].astype(np.float32), verbose=0)
    return float(np.square(decoded.reshape(coded.pixels.shape) - coded.pixels / 255).mean())


def test_a_decoder_learns_its_codes(codec: aecodec.Codec, coded: CodedTiles) -> None:
    decoder = qat_copy(keras_half(codec.folder, Half.DECODER))
    rng = np.random.default_rng(0)
    decoder.set_weights([each + rng.normal(0, 0.01, each.shape) for each in decoder.get_weights()])
    before = squared_error(decoder, coded)
    rate_weights = load_recipe("digits").levels["rate_weights"]
    refinement = Refinement(
        rate_weights, RateOptions(), Mixture(), "adam", 1e-3, batch_size=16, steps=100
    )
    refinement.refine(decoder, coded)
    assert squared_error(decoder, coded) < 0.8 * before


class Progress(keras.callbacks.Callback):
    """Keeps what is trained; Ctrl-C is pressed once only the decoder is."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        self.seen.append(type(self.model).__name__)
        if self.seen[-1] == "DecoderLoss":
            raise KeyboardInterrupt


def test_the_decoder_is_trained_last_until_ctrl_c(digits: Pixels, tmp_path: Path) -> None:
    data, file, progress = tmp_path / "data.npy", tmp_path / "recipe.toml", Progress()
    np.save(data, digits[:120])
    share = "decoder_share = 0.5\ncost_power"
    file.write_text(tiny_recipe(epochs=2).replace("cost_power", share))
    codec = run_recipe(load_recipe(file), data, tmp_path / "mine", callbacks=[progress], verbose=0)
    pair_steps = 102 // 8  # 18 of the 120 pictures are held out; one of two epochs
    assert progress.seen == ["RateDistortionLoss"] * pair_steps + ["DecoderLoss"]
    assert codec.decompress(codec.compress(digits[0])).size == (28, 28)
    assert [path for path in (tmp_path / "mine").iterdir() if path.is_dir()] == []
