"""Recipes: all that it takes to make a codec again, in a small TOML file."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from aecodec.errors import UsageError
from aecodec.recipes import recipe_names, recipe_path
from aecodec.training.optimizer import OPTIMIZERS
from aecodec.training.pairs import PAIRS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_NOTHING = 1e-9
"""Stands for 0, as `context_units` may be, where logarithms are taken."""

_KEYS = {
    "data": {"tile", "held_out", "flips"},
    "levels": {"channels", "rate_weights", "shares", "context_units"},
    "training": {
        "epochs",
        "batch_size",
        "optimizer",
        "learning_rate",
        "cost_power",
        "rate_priors",
        "dtype",
        "seed",
    },
    "priors": {"count", "context_epochs"},
}


@dataclass(frozen=True)
class Recipe:
    """How a codec is made.

    Attributes:
        name: the codec's name.
        networks: which ready-made pair.
        data: `tile`, the side in pixels of what the networks see; `held_out`, which share of
            the pictures is measured and never trained on; `flips`, whether tiles are mirrored.
        levels: of each, its `channels`, `rate_weights` and `shares` of the loss, and the
            `context_units` of the network that refines its priors. Networks of pictures have one
            number of `channels` for all levels, which differ by gains.
        training: `epochs`, `batch_size`, `optimizer` (`adam` or `muon`), `learning_rate`,
            `cost_power`, `rate_priors`, `dtype`, `seed`; see
            :meth:`~aecodec.training.autoencoder.Autoencoder.train`.
        priors: `count`, how many compete; `context_epochs` that their networks are trained.
    """

    name: str
    networks: str
    data: dict[str, Any]
    levels: dict[str, list[Any]]
    training: dict[str, Any]
    priors: dict[str, int]

    def with_levels(self, number: int) -> Recipe:
        """As many levels, between the same smallest and largest files.

        >>> recipe = load_recipe("digits").with_levels(2)
        >>> recipe.levels["channels"], recipe.levels["rate_weights"]
        ([28, 76], [0.06, 0.00247])
        """
        between = {name: _spread(values, number) for name, values in self.levels.items()}
        for integers in ("channels", "context_units"):
            between[integers] = [round(each) for each in between[integers]]
        if PAIRS[self.networks].shares_channels:
            between["channels"] = self.levels["channels"]
        return replace(self, levels=between)

    def with_code_dimension(self, largest: int) -> Recipe:
        """The best level's code dimension; those of the others in proportion.

        >>> load_recipe("digits").with_code_dimension(38).levels["channels"]
        [14, 22, 38]
        """
        channels = self.levels["channels"]
        scaled = [max(1, round(each * largest / max(channels))) for each in channels]
        return replace(self, levels=self.levels | {"channels": scaled})

    def with_rate_weight(self, weight: float) -> Recipe:
        """The default level's rate weight; those of the others in proportion.

        >>> load_recipe("digits").with_rate_weight(0.009).levels["rate_weights"]
        [0.027, 0.009, 0.0011115]
        """
        weights = self.levels["rate_weights"]
        factor = weight / weights[(len(weights) - 1) // 2]
        scaled = [float(f"{each * factor:.6g}") for each in weights]
        return replace(self, levels=self.levels | {"rate_weights": scaled})


def load_recipe(name_or_path: str | Path) -> Recipe:
    """A recipe that ships, by name, or any other, by path.

    Raises:
        UsageError: there is no such recipe, or it lacks something.

    >>> load_recipe("digits").name
    'digits'
    """
    shipped = recipe_path(str(name_or_path))
    path = shipped if shipped.is_file() else Path(name_or_path)
    try:
        recipe = Recipe(**tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        names = ", ".join(recipe_names())
        raise UsageError(
            f"no recipe {name_or_path}: neither a file, nor one that ships ({names})"
        ) from error
    except (ValueError, TypeError) as error:
        raise UsageError(f"{path}: not a recipe ({error})") from error
    _check(recipe, path)
    return recipe


def _check(recipe: Recipe, path: Path) -> None:
    if recipe.networks not in PAIRS:
        raise UsageError(f"{path}: no networks {recipe.networks!r}: {', '.join(PAIRS)}")
    for section, keys in _KEYS.items():
        if set(getattr(recipe, section)) != keys:
            raise UsageError(f"{path}: [{section}] must have {', '.join(sorted(keys))}")
    if recipe.training["optimizer"] not in OPTIMIZERS:
        names = ", ".join(OPTIMIZERS)
        raise UsageError(f"{path}: no optimizer {recipe.training['optimizer']!r}: {names}")
    if recipe.training["cost_power"] <= 0:
        raise UsageError(f"{path}: a cost_power above 0 is needed to learn anything")
    counts = {name: len(values) for name, values in recipe.levels.items()}
    if PAIRS[recipe.networks].shares_channels and counts.pop("channels") != 1:
        raise UsageError(
            f"{path}: levels of the networks {recipe.networks!r} share one number of channels"
        )
    if len(set(counts.values())) != 1:
        raise UsageError(f"{path}: [levels] must give as many of each")


def _spread(values: list[float], number: int) -> list[float]:
    """So many values along the geometric curve through those that are given."""
    places = np.linspace(0, len(values) - 1, number)
    logarithms = np.log(np.maximum(values, _NOTHING))
    curve = np.exp(np.interp(places, np.arange(len(values)), logarithms))
    return [float(f"{each:.6g}") for each in curve]
