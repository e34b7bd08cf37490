"""Recipes, the pictures that they train on, and trainings that are interrupted."""

from __future__ import annotations

import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from tiny_recipe import tiny_recipe

import aecodec
from aecodec import UsageError
from aecodec.images import Pixels
from aecodec.metrics import mse, psnr
from aecodec.training import Autoencoder
from aecodec.training.data import ArrayPictures, Tiles, open_pictures, split_off
from aecodec.training.recipe import load_recipe
from aecodec.training.run import run_recipe

WITH_NETWORK = {"context_units": [16, 16], "batch_size": 64, "dtype": "mixed_bfloat16"}


def test_a_recipe_trains_and_an_interrupted_one_goes_on(
    digits: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, folder = tmp_path / "data.npz", tmp_path / "codec"
    recipe = tmp_path / "recipe.toml"
    np.savez(data, pictures=digits[:600])
    recipe.write_text(tiny_recipe(epochs=2, **WITH_NETWORK))
    with monkeypatch.context() as interrupted:
        interrupted.setattr(Autoencoder, "to_codec", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run_recipe(load_recipe(recipe), data, folder, verbose=0)
        (backup,) = folder.iterdir()
        trained = weights_in(backup)
        with pytest.raises(UsageError, match="--resume"):
            run_recipe(load_recipe(recipe), data, folder, verbose=0)
        with pytest.raises(KeyboardInterrupt):
            run_recipe(load_recipe(recipe), data, folder, resume=True, verbose=0)
    assert weights_in(backup) == trained
    codec = run_recipe(load_recipe(recipe), data, folder, resume=True, verbose=0)
    assert codec.spec.name == "tiny"
    assert len(codec.folder.measured["levels"]) == 2
    assert not backup.exists()
    with pytest.raises(UsageError, match="no interrupted training"):
        run_recipe(load_recipe(recipe), data, folder, resume=True, verbose=0)


def weights_in(backup: Path) -> bytes:
    return (backup / "latest.weights.h5").read_bytes()


class CtrlC(keras.callbacks.Callback):
    """Interrupts in the middle of the second epoch."""

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        if float(self.model.progress) > 0.6:
            raise KeyboardInterrupt


def test_ctrl_c_leaves_a_codec_and_what_it_takes_to_go_on(
    digits: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, folder = tmp_path / "data.npy", tmp_path / "codec"
    recipe = tmp_path / "recipe.toml"
    np.save(data, digits[:600])
    recipe.write_text(tiny_recipe(epochs=2))
    loaded = load_recipe(recipe)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        codec = run_recipe(loaded, data, folder, callbacks=[CtrlC()], verbose=0)
    assert any("interrupted" in str(warning.message) for warning in caught)
    assert codec.decompress(codec.compress(digits[0])).size == (28, 28)
    ends = []

    def only_measure(self: Autoencoder, _: Path, x: np.ndarray, *__: object, **___: object) -> None:
        decoded = self.decoder.predict(self.encoder.predict(x, verbose=0), verbose=0)
        ends.append(psnr(mse(255 * decoded.clip(0, 1), 255 * x)))

    monkeypatch.setattr(Autoencoder, "to_codec", only_measure)
    run_recipe(loaded, data, folder, resume=True, verbose=0)
    run_recipe(loaded, data, tmp_path / "whole", verbose=0)
    assert ends[0] == pytest.approx(ends[1], abs=2)


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("count = 3", ""), r"\[priors\] must have context_epochs, count"),
        (("[data]", "[dat]"), "not a recipe"),
        (('networks = "tile"', 'networks = "x"'), "no networks"),
        (('optimizer = "adam"', 'optimizer = "x"'), "no optimizer 'x': adam, muon"),
        (("cost_power = 1", "cost_power = 0"), "a cost_power above 0"),
        (("shares = [1, 2]", "shares = [1]"), "as many of each"),
    ],
)
def test_recipes_that_lack_something(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(tiny_recipe(epochs=1).replace(*change))
    with pytest.raises(UsageError, match=message):
        load_recipe(recipe)


def test_recipes_and_data_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ships \(digits, photo, picture\)"):
        load_recipe("nothing")
    (tmp_path / "bad.toml").write_text("name = ")
    with pytest.raises(UsageError, match="not a recipe"):
        load_recipe(tmp_path / "bad.toml")
    (tmp_path / "data.npz").write_bytes(b"PK\x03\x04 but no more")
    np.savez(tmp_path / "floats.npz", x=np.zeros((3, 28, 28)))
    (tmp_path / "empty").mkdir()
    for name, message in (
        ("data.npz", "no array"),
        ("nothing.npz", "no array"),
        ("floats.npz", "no array"),
        ("empty", "no images here"),
        ("nowhere", "no images here"),
    ):
        with pytest.raises(aecodec.ImageError, match=message):
            open_pictures(tmp_path / name)


def test_a_folder_of_all_sorts(digits: Pixels, photograph: Pixels, tmp_path: Path) -> None:
    for number in range(8):
        Image.fromarray(digits[number]).save(tmp_path / f"{number}.png")
    Image.fromarray(photograph).save(tmp_path / "photo.jpg")
    Image.fromarray(photograph[:5, :3]).save(tmp_path / "small.bmp")
    (tmp_path / "broken.png").write_bytes(b"not an image")
    whole = (tmp_path / "7.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.warns(aecodec.AecodecWarning, match=r"broken\.png: left out"):
        pictures = open_pictures(tmp_path)
    assert len(pictures.sizes) == 11
    tiles = Tiles(pictures, (32, 32), channels=3, flips=True, seed=1)
    with pytest.warns(aecodec.AecodecWarning, match=r"cut\.png: left out"):
        batches = [tiles.batch(step, 64) for step in range(5)]
    assert all(batch.shape == (64, 32, 32, 3) and batch.dtype == np.uint8 for batch in batches)
    for step, batch in enumerate(batches):
        assert (tiles.batch(step, 64) == batch).all()
    assert len(tiles) == 10 + (427 // 32) * (640 // 32)


def test_a_pass_sees_every_picture_once(digits: Pixels) -> None:
    pictures = ArrayPictures(digits[:200])
    trained, held_out = split_off(pictures, 0.1)
    assert len(trained) == 180
    assert not set(trained) & set(held_out)
    tiles = Tiles(pictures, (28, 28), channels=1, only=trained)
    for number in range(2):
        seen = np.concatenate([tiles.batch(9 * number + step, 20) for step in range(9)])
        assert {tile.tobytes() for tile in seen} == {digits[n].tobytes() for n in trained}
    assert (np.rint(tiles.whole(1000)[..., 0] * 255) == digits[trained]).all()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), [28, 44, 76]),
        (("with_levels", 3), [28, 44, 76]),
        (("with_levels", 1), [28]),
        (("with_levels", 5), [28, 35, 44, 58, 76]),
        (("with_code_dimension", 152), [56, 88, 152]),
    ],
)
def test_recipes_are_adjusted(options: tuple[str, int] | tuple[()], expected: list[int]) -> None:
    recipe = load_recipe("digits")
    if options:
        recipe = getattr(recipe, options[0])(options[1])
    assert recipe.levels["channels"] == expected
