"""An autoencoder is trained, saved, and becomes a codec of its own."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from itertools import repeat
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers.networks.pairs import dense_pair
from keras import layers
from PIL import Image

from aecodec import ModelError, UsageError
from aecodec.base.arrays import Pixels
from aecodec.training import (
    Autoencoder,
    PriorOptions,
    TrainingOptions,
    mnist_decoder,
    mnist_encoder,
)
from aecodec.training.inputs import data_of


@pytest.mark.slow
def test_a_pair_is_trained_saved_and_opened_without_aecodec(x: np.ndarray, tmp_path: Path) -> None:
    autoencoder = Autoencoder(mnist_encoder(x[0].shape, (50,)), mnist_decoder((50,), x[0].shape))
    history = autoencoder.train(x[:300], epochs=3, batch_size=32, learning_rate=4e-3, verbose=0)
    assert history.history["psnr"][-1] > history.history["psnr"][0] + 1
    autoencoder.save_models("test", tmp_path)
    program = (
        "import sys, numpy as np, tensorflow as tf\n"
        "e, d = (tf.keras.models.load_model(f'{h}test.hdf5') for h in ('encoder', 'decoder'))\n"
        "code = e.predict(np.zeros((1, 28, 28)), verbose=0)\n"
        "print(code.shape, d.predict(code, verbose=0).shape, 'aecodec' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "(1, 50) (1, 28, 28) False"


def test_colour_tiles_with_grids_of_code_vectors_become_a_codec(
    photograph: Pixels, tmp_path: Path
) -> None:
    pixels = photograph[:416, :640].reshape(13, 32, 20, 32, 3).swapaxes(1, 2)
    tiles = pixels.reshape(-1, 32, 32, 3) / 255
    encoder = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(12, 8, strides=8)])
    decoder = keras.Sequential([keras.Input((4, 4, 12)), layers.Conv2DTranspose(3, 8, strides=8)])
    autoencoder = Autoencoder(encoder, decoder)
    autoencoder.train(tiles, epochs=4, batch_size=16, learning_rate=5e-3, verbose=0)
    codec = autoencoder.to_codec(tmp_path, tiles, priors=PriorOptions(4, 0))
    assert codec.spec.vectors == 16
    errors = []
    for level in range(1, len(codec.spec.levels) + 1):
        data = codec.compress(np.rint(255 * tiles[:50]).astype(np.uint8), level=level)
        restored = codec.decoder.decompress_picture(data).pixels
        errors.append(np.square(restored / 255 - tiles[:50]).mean())
    exact = autoencoder.decoder(autoencoder.encoder(tiles[:50])).numpy().clip(0, 1)
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1.2 * np.square(exact - tiles[:50]).mean()
    grey = codec.decompress(codec.compress(photograph[:50, :70, 0]))
    assert grey.size == (70, 50)
    with pytest.raises(UsageError, match="replace=True"):
        autoencoder.to_codec(tmp_path, tiles)


def test_shapes_that_do_not_fit_are_both_named() -> None:
    with pytest.raises(ModelError, match=r"\(28, 28\).*\(32, 32\)"):
        Autoencoder(mnist_encoder((32, 32), (5,)), mnist_decoder((5,), (28, 28)))
    with pytest.raises(ModelError, match=r"\(5,\).*\(6,\)"):
        Autoencoder(mnist_encoder((28, 28), (5,)), mnist_decoder((6,), (28, 28)))
    with pytest.raises(ModelError, match="have 7 channels in total"):
        Autoencoder(mnist_encoder((28, 28), (5,)), mnist_decoder((5,), (28, 28)), levels=(3, 4))
    with pytest.raises(ModelError, match="multiples of 4"):
        mnist_encoder((27, 28), (5,))


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    check = "aecodec.training.autoencoder.check_pair_convertible"
    monkeypatch.setattr(check, lambda pair: None)  # takes a second


class Indexed(keras.utils.PyDataset):
    def __init__(self, x: np.ndarray) -> None:
        super().__init__()
        self._x = x

    def __len__(self) -> int:
        return (len(self._x) + 15) // 16

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        batch = self._x[16 * number :][:16]
        return batch, batch


@pytest.fixture
def sources(x: np.ndarray, tmp_path: Path) -> dict[str, Any]:
    """The same 40 digits in each form that a training accepts."""
    digits = x[:40]
    for number, digit in enumerate(digits):
        Image.fromarray(np.rint(255 * digit).astype(np.uint8)).save(tmp_path / f"{number:02}.png")
    return {
        "array": digits,
        "data set": tf.data.Dataset.from_tensor_slices((digits, digits)).batch(16),
        "index": Indexed(digits),
        "generator": (digits[start : start + 16] for start in (0, 16, 32)),
        "folder": str(tmp_path),
        "files": sorted(tmp_path.glob("*.png")),
    }


def test_all_sources_give_the_same_batches(sources: dict[str, Any]) -> None:
    pair, options = Autoencoder(*dense_pair((28, 28), 5)), TrainingOptions(validation_split=0.2)
    first, *others = [data_of(pair, s, None, 16, options) for s in sources.values()]
    assert (first.steps, len(first.held_out)) == (2, 8)
    for data in others:
        assert (data.tiles.batch(3, 16) == first.tiles.batch(3, 16)).all()
        assert (data.held_out == first.held_out).all()
        assert data[1:3] == first[1:3]


@pytest.mark.usefixtures("unchecked")
def test_callbacks_of_keras_act_and_the_best_epoch_is_kept(x: np.ndarray, tmp_path: Path) -> None:
    autoencoder, saved = Autoencoder(*dense_pair((28, 28), 5)), tmp_path / "best.keras"
    callbacks = [
        keras.callbacks.EarlyStopping(patience=2),
        keras.callbacks.ReduceLROnPlateau(patience=0, factor=0.5, min_lr=-1),
        keras.callbacks.ModelCheckpoint(saved, save_best_only=True),
    ]
    settings = {"optimizer": keras.optimizers.SGD(-0.5), "callbacks": callbacks, "verbose": 0}
    trained = autoencoder.train(
        x[:40], 9, 20, validation_data=x[40:60], **settings
    )  # the loss rises
    assert trained.history["learning_rate"] == [-0.5, -0.5, -0.25]
    errors = trained.history["val_loss"]
    assert errors[0] < errors[1] < errors[2]
    restored = autoencoder.decoder(autoencoder.encoder(x[40:60]))
    assert np.square(restored - x[40:60]).mean() == pytest.approx(errors[0])
    encoder, decoder = keras.models.load_model(saved).layers
    assert (decoder(encoder(x[40:60])) == restored).numpy().all()


@pytest.mark.usefixtures("unchecked")
def test_images_that_do_not_fit_are_refused(x: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aecodec.training.inputs._MOST_BYTES", 1 << 22)
    autoencoder = Autoencoder(*dense_pair((28, 28), 5))
    with pytest.raises(ModelError, match="divide 8-bit pixels by 255"):
        autoencoder.train(x * 255)
    with pytest.raises(ModelError, match="the encoder expects"):
        autoencoder.train(x[:, :20])
    x = np.where(np.arange(len(x))[:, None, None] == 17, np.nan, x)
    with pytest.raises(ModelError, match="the first has index 17"):
        autoencoder.train(x)
    with pytest.raises(ModelError, match="batch 3: 1 of 8 pictures contain NaN"):
        autoencoder.train(iter(np.split(x[:80], 10)))
    with pytest.raises(UsageError, match="are endless"):
        autoencoder.train(repeat(x[20:80]))
    with pytest.raises(UsageError, match="validation_data, not both"):
        autoencoder.train(x[:8], validation_data=x[:8], validation_split=0.1)
    x = np.nan_to_num(x)
    with pytest.raises(ModelError, match="epoch 1: the loss is NaN or infinite"):
        autoencoder.train(x[:8], 1, 2, learning_rate=1e20, optimizer="sgd", verbose=0)
    with pytest.raises(UsageError, match="unknown optimizer 'best'"):
        autoencoder.train(x, optimizer="best")
    with pytest.raises(ModelError, match="set a rate weight for each"):
        Autoencoder(*dense_pair((28, 28), 5), levels=(2, 3)).train(x)
    with pytest.raises(ModelError, match="2 rate weights"):
        autoencoder.train(x, rate_weight=[1, 2])


def test_a_training_may_end_by_the_clock(
    x: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    autoencoder = Autoencoder(*dense_pair((28, 28), 5))
    options = TrainingOptions(minutes=0.03, backup=tmp_path)
    began = time.monotonic()
    autoencoder.train(x[:200], learning_rate=3e-3, options=options)
    assert 1.8 <= time.monotonic() - began < 20
    assert re.match(r"epoch 1, \d+%, 0 min left; held out: \d+\.\d\d dB\n", capsys.readouterr().out)
    again = autoencoder.train(x[:200], learning_rate=3e-3, verbose=0, options=options)
    assert len(again.history["psnr"]) <= 1


def test_models_that_no_codec_can_be_made_of_are_refused_before_the_training() -> None:
    encoder, decoder = dense_pair((4, 4), 3)
    images = keras.Input((4, 4))
    strange = keras.Model(images, keras.layers.Dense(3)(keras.ops.erfinv(encoder(images))))
    with pytest.raises(ModelError, match="erfinv"):
        Autoencoder(strange, decoder).train(np.zeros((8, 4, 4)), epochs=10**6)
