"""Recipes are read, adjusted and followed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.tiny_recipe import tiny_recipe

from aecodec import AecodecError, ImageError, UsageError
from aecodec.base.arrays import Pixels
from aecodec.training.recipe import load_recipe, recipe_for_bands
from aecodec.training.run import run_recipe


def test_what_a_training_cannot_use_is_refused_before_its_first_step(
    digits: Pixels, tmp_path: Path
) -> None:
    recipe, bands = load_recipe("digits"), tmp_path / "bands.npy"
    np.save(bands, digits[:1])
    with pytest.raises(ImageError, match=r"bands\.npy: one picture is not enough"):
        run_recipe(recipe, bands, tmp_path / "codec")
    np.save(bands, digits[:20])
    (tmp_path / "old").mkdir()
    (tmp_path / "old/encoder.tflite").touch()
    with pytest.raises(UsageError, match="replace=True"):
        run_recipe(recipe, bands, tmp_path / "old")
    with pytest.raises(AecodecError, match="a file, not a folder"):
        run_recipe(recipe, bands, bands / "codec")
    with pytest.raises(UsageError, match="printable"):
        run_recipe(replace(recipe, name="\n"), bands, tmp_path / "codec")


@pytest.mark.filterwarnings("ignore:the best level restores held-out pictures")
@pytest.mark.slow
@pytest.mark.parametrize("networks", ["tile", "picture"])
def test_one_seed_gives_one_codec(
    digits: Pixels, photograph: Pixels, tmp_path: Path, networks: str
) -> None:
    file, data = tmp_path / "recipe.toml", tmp_path / "data.npy"
    if networks == "tile":
        np.save(data, digits[:200])
        file.write_text(tiny_recipe(1, context_units=[8, 8]))
    else:
        np.save(
            data,
            photograph[:192, :192].reshape(2, 96, 2, 96, 3).swapaxes(1, 2).reshape(4, 96, 96, 3),
        )
        file.write_text(tiny_recipe(1, networks="picture", tile=32, channels=[12]))
    ids = {run_recipe(load_recipe(file), data, tmp_path / name).spec.codec_id for name in "ab"}
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("count = 3", ""), r"\[priors\] is incomplete: add count"),
        (("channels =", "chanels ="), r"\[levels\] has an unknown key chanels: use channels"),
        (("[data]", "[dat]"), "not a recipe"),
        (('networks = "tile"', 'networks = "x"'), "unknown networks"),
        (('optimizer = "adam"', 'optimizer = "x"'), "unknown optimizer 'x': use adam, muon"),
        (("cost_power = 1", "cost_power = 0"), "cost_power"),
        (("cost_power", "ssimulacra2 = -1\ncost_power"), "a weight of at least 0"),
        (("flips = false", "flips = false\nsmooth = 2"), "smooth must be a fraction"),
        (("loss_weights = [1, 2]", "loss_weights = [1]"), "the same number"),
        (
            ("count = 3", "count = 3\nrdoq = { most = 256 }"),
            "rdoq has the keys 'most' and 'masking'",
        ),
    ],
)
def test_recipes_that_lack_something_are_refused(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(tiny_recipe(epochs=1).replace(*change))
    with pytest.raises(UsageError, match=message):
        load_recipe(recipe)


def test_recipes_for_other_images_are_rejected() -> None:
    with pytest.raises(UsageError, match="use the recipe bands"):
        recipe_for_bands(load_recipe("digits"), 4)
