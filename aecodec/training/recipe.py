"""Recipes: all that it takes to make a codec again, in a small TOML file."""

from __future__ import annotations

import hashlib
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from aecodec.errors import ImageError, UsageError
from aecodec.training.autoencoder import Autoencoder
from aecodec.training.data import load_images
from aecodec.training.int8_twin import copy_weights, int8_twin
from aecodec.training.networks import digits_decoder, digits_encoder

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from aecodec.codec import Codec

RECIPES = Path(__file__).parent / "recipes"
_NETWORKS = {"digits": (digits_encoder, digits_decoder)}
_KEYS = {
    "data": {"array", "held_out"},
    "levels": {"channels", "rate_weights", "shares"},
    "training": {
        "epochs",
        "batch_size",
        "learning_rate",
        "rate_priors",
        "dtype",
        "seed",
    },
    "priors": {"count", "context_units"},
}


@dataclass(frozen=True)
class Recipe:
    """How a codec is made.

    Attributes:
        name: the codec's name.
        networks: which ready-made pair.
        data: `array`, which array of the `.npz` file; `held_out`, how many of its last images
            are measured and never trained on.
        levels: `channels`, `rate_weights` and `shares` of the loss, of each.
        training: `epochs`, `batch_size`, `learning_rate`, `rate_priors`, `dtype`, `seed`.
        priors: `count`, how many compete; `context_units` of the network that refines them.
    """

    name: str
    networks: str
    data: dict[str, Any]
    levels: dict[str, list[Any]]
    training: dict[str, Any]
    priors: dict[str, int]


def load_recipe(name_or_path: str | Path) -> Recipe:
    """A recipe that ships, by name, or any other, by path.

    Raises:
        UsageError: there is no such recipe, or it lacks something.

    >>> load_recipe("digits").name
    'digits'
    """
    shipped = RECIPES / f"{name_or_path}.toml"
    path = shipped if shipped.is_file() else Path(name_or_path)
    try:
        recipe = Recipe(**tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        names = ", ".join(sorted(file.stem for file in RECIPES.glob("*.toml")))
        raise UsageError(
            f"no recipe {name_or_path}: neither a file, nor one that ships ({names})"
        ) from error
    except (ValueError, TypeError) as error:
        raise UsageError(f"{path}: not a recipe ({error})") from error
    _check(recipe, path)
    return recipe


def _check(recipe: Recipe, path: Path) -> None:
    if recipe.networks not in _NETWORKS:
        raise UsageError(f"{path}: no networks {recipe.networks!r}: {', '.join(_NETWORKS)}")
    for section, keys in _KEYS.items():
        if set(getattr(recipe, section)) != keys:
            raise UsageError(f"{path}: [{section}] must have {', '.join(sorted(keys))}")


def run_recipe(recipe: Recipe, data: Path, folder: Path, verbose: int = 1) -> Codec:
    """Make a codec.

    Args:
        recipe: how.
        data: the `.npz` file with the images.
        folder: where the codec goes; a training that was interrupted, of the same recipe on the
            same data, goes on from a folder inside it.
        verbose: as in `keras.Model.fit`.

    Raises:
        ImageError: the file does not hold such images, or too few.
        ModelError: the networks and the data do not fit.
    """
    images = load_images(data, recipe.data["array"])
    if not 0 < recipe.data["held_out"] < len(images):
        raise ImageError(
            f"{data}: {len(images)} images, of which {recipe.data['held_out']} are held out"
        )
    trained, held_out = np.split(images, [len(images) - recipe.data["held_out"]])
    backup = folder / f"training-{_digest(recipe, images)}"
    autoencoder = _autoencoder(recipe)
    twin = _twin(autoencoder, recipe.training["dtype"])
    twin.train(
        trained,
        epochs=recipe.training["epochs"],
        batch_size=recipe.training["batch_size"],
        rate_weight=recipe.levels["rate_weights"],
        shares=recipe.levels["shares"],
        priors=recipe.training["rate_priors"],
        learning_rate=recipe.training["learning_rate"],
        validation_data=held_out,
        backup=backup,
        seed=recipe.training["seed"],
        verbose=verbose,
    )
    copy_weights(twin.encoder, autoencoder.encoder)
    copy_weights(twin.decoder, autoencoder.decoder)
    codec = autoencoder.to_codec(
        folder,
        trained,
        recipe.name,
        held_out,
        priors=recipe.priors["count"],
        context_units=recipe.priors["context_units"],
    )
    shutil.rmtree(backup)
    return codec


def _digest(recipe: Recipe, images: npt.NDArray[Any]) -> str:
    """Tells one training from another; what comes after it may change."""
    trained = (recipe.networks, recipe.data, recipe.levels, recipe.training)
    return hashlib.sha256(repr(trained).encode() + images.tobytes()).hexdigest()[:8]


def _autoencoder(recipe: Recipe) -> Autoencoder:
    encoder, decoder = _NETWORKS[recipe.networks]
    channels = recipe.levels["channels"]
    return Autoencoder(encoder(sum(channels)), decoder(sum(channels)), channels)


def _twin(autoencoder: Autoencoder, dtype: str) -> Autoencoder:
    encoder, decoder = (
        int8_twin(half, dtype) for half in (autoencoder.encoder, autoencoder.decoder)
    )
    return Autoencoder(encoder, decoder, autoencoder.levels)
