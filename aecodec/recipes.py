"""The recipes that ship, known without TensorFlow: how they are followed is in `training`."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "training" / "recipes"


def recipe_names() -> list[str]:
    """Those that ship.

    >>> "digits" in recipe_names()
    True
    """
    return sorted(file.stem for file in _FOLDER.glob("*.toml"))


def recipe_path(name: str) -> Path:
    """The file of one, whether or not it is there."""
    return _FOLDER / f"{name}.toml"


def purpose_of(name: str) -> str:
    """What a recipe that ships is for: its first line."""
    first = recipe_path(name).read_text("utf-8").splitlines()[0]
    return first.removeprefix("#").strip()
