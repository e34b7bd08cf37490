"""The built-in training recipes, found without TensorFlow."""

from pathlib import Path

_FOLDER = Path(__file__).with_name("recipes")


def recipe_names() -> list[str]:
    """Sorted names of the built-in recipes.

    >>> "digits" in recipe_names()
    True
    """
    return sorted(file.stem for file in _FOLDER.glob("*.toml"))


def recipe_path(name: str) -> Path:
    """Path of a recipe's file, which need not exist."""
    return _FOLDER / f"{name}.toml"
