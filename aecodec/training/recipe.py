"""Recipes: TOML files with all settings for making a codec, and the networks that they name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from aecodec import data
from aecodec.base.errors import UsageError, errors_about
from aecodec.codec_files.levels import read_rate_weight
from aecodec.keras_models.roles import Role
from aecodec.training.band_networks import CHANNELS_PER_BAND, band_pair, start_from_block_klt
from aecodec.training.distortions import check_sides_for_ssimulacra2
from aecodec.training.optimizers import optimizer_of
from aecodec.training.picture_networks import LARGE, LARGEST, picture_pair, start_from_klt
from aecodec.training.tile_networks import tile_pair

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Networks:
    """Functions that build and initialize a pair.

    `build` makes encoder and decoder for a tile shape (h, w, C) and a code dimension. `start`
    initializes their weights from a sample of tiles (N, h, w, C), the rate weights of the levels,
    and for bands the scales of :class:`~aecodec.datasets.scenes.BandTiles`. Layers with the `exact`
    roles do not round in training. The file `shipped` is the start if its networks fit.
    """

    build: Callable[[tuple[int, int, int], int], tuple[Any, Any]]
    start: Callable[..., None] | None = None
    exact: Container[Role | None] = ()
    shipped: Path | None = None

    @property
    def shares_channels(self) -> bool:
        return self.start is not None


_RECIPES = Path(data.__file__).with_name("recipes")
SHIPPED = Path(data.__file__).with_name("starts") / "picture.npz"

NETWORKS = {
    "tile": Networks(tile_pair),
    "picture": Networks(picture_pair, start_from_klt, shipped=SHIPPED),
    "photo": Networks(partial(picture_pair, stages=LARGE), start_from_klt),
    "large": Networks(partial(picture_pair, stages=LARGEST), start_from_klt),
    "bands": Networks(  # whose linear paths are dithered over phases
        band_pair, start_from_block_klt, exact={Role.LATENTS, Role.LINEAR_PIXELS}
    ),
}


def networks_named(name: str) -> Networks:
    """The entry of :data:`NETWORKS` with a name; UsageError for unknown names."""
    if name not in NETWORKS:
        raise UsageError(f"unknown networks {name!r}: use {', '.join(NETWORKS)}")
    return NETWORKS[name]


_FOR_PICTURES, _FOR_BANDS = "picture", "bands"
_KEYS = {
    "data": "tile held_out flips smooth",
    "levels": "channels rate_weights loss_weights context_units",
    "training": "epochs batch_size optimizer learning_rate cost_power ssimulacra2 rate_priors "
    "dtype seed",
    "priors": "count context_epochs rdoq",
}


@dataclass(frozen=True)
class Recipe:
    """The settings for making a codec; `docs/training.md` describes the keys of its sections."""

    name: str
    networks: str
    data: dict[str, Any]
    levels: dict[str, list[Any]]
    training: dict[str, Any]
    priors: dict[str, Any]

    def with_code_dimension(self, largest: int) -> Recipe:
        """The recipe with a new code dimension of the best level, and all levels in proportion.

        >>> load_recipe("digits").with_code_dimension(38).levels["channels"]
        [14, 22, 38]
        """
        channels = self.levels["channels"]
        scaled = [max(1, round(count * largest / max(channels))) for count in channels]
        return replace(self, levels=self.levels | {"channels": scaled})


def load_recipe(name_or_path: str | Path) -> Recipe:
    """Load a built-in recipe by its name, or any recipe by its path.

    Raises UsageError if the recipe does not exist or is not valid.
    """
    built_in = _RECIPES / f"{name_or_path}.toml"
    path = built_in if built_in.is_file() else Path(name_or_path)
    try:
        recipe = Recipe(**tomllib.loads(path.read_text("utf-8")))
        recipe = replace(  # keys that a recipe may omit
            recipe,
            data={"smooth": 0.0} | recipe.data,
            training={"ssimulacra2": 0.0} | recipe.training,
            priors={"rdoq": {}} | recipe.priors,
        )
    except OSError as error:
        names = ", ".join(sorted(file.stem for file in _RECIPES.glob("*.toml")))
        raise UsageError(
            f"{name_or_path} is neither a file nor a built-in recipe ({names})"
        ) from error
    except (ValueError, TypeError) as error:
        raise UsageError(f"{path} is not a recipe ({error})") from error
    with errors_about(path):
        _check(recipe)
    return recipe


def recipe_for_bands(recipe: Recipe, bands: int) -> Recipe:
    """The recipe for scenes with bands: `bands` instead of `picture`; the recipe itself otherwise.

    Raises UsageError if the networks of the recipe are for images with 1 or 3 channels.

    >>> recipe_for_bands(load_recipe("picture"), bands=2).levels["channels"]
    [128]
    """
    if recipe.networks == _FOR_PICTURES:
        recipe = load_recipe(_FOR_BANDS)
    if recipe.networks != _FOR_BANDS:
        raise UsageError(
            f"the networks {recipe.networks!r} accept only 8-bit images with 1 or 3 channels: use "
            f"the recipe {_FOR_BANDS}"
        )
    most = min(max(recipe.levels["channels"]), bands * CHANNELS_PER_BAND)
    return recipe.with_code_dimension(most)


def _check(recipe: Recipe) -> None:
    networks = networks_named(recipe.networks)
    for section, keys in _KEYS.items():
        _check_keys(set(getattr(recipe, section)), set(keys.split()), f"[{section}]")
    optimizer_of(recipe.training["optimizer"], "float32")
    if not 0 <= recipe.data["smooth"] <= 1:
        raise UsageError("smooth must be a fraction of the tiles, from 0 to 1")
    side = recipe.data["tile"]
    check_sides_for_ssimulacra2(recipe.training["ssimulacra2"], side, side)
    if recipe.training["cost_power"] <= 0:
        raise UsageError("cost_power must be greater than 0")
    counts = {name: len(values) for name, values in recipe.levels.items()}
    if networks.shares_channels and counts.pop("channels") != 1:
        raise UsageError(
            f"all levels of the networks {recipe.networks!r} share their channels: set a single "
            "number of channels"
        )
    if len(set(counts.values())) != 1:
        raise UsageError("[levels] must have the same number of values for each key")
    try:
        read_rate_weight(recipe.priors["rdoq"])
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"rdoq has the keys 'most' and 'masking', each from 0 to 255 ({error})"
        ) from error


def _check_keys(keys: set[str], expected: set[str], place: str) -> None:
    for key in sorted(keys - expected):
        nearest = get_close_matches(key, expected, 1) or [", ".join(sorted(expected))]
        raise UsageError(f"{place} has an unknown key {key}: use {nearest[0]}")
    if missing := expected - keys:
        raise UsageError(f"{place} is incomplete: add {', '.join(sorted(missing))}")
