"""What the shell completes after an option."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from aecodec.codec.registry import AUTO, built_in_names
from aecodec.recipes import recipe_names


def complete_codec(typed: str) -> list[str]:
    """Codecs that ship, and folders.

    >>> complete_codec("dig")
    ['digits']
    """
    return _named([AUTO, *built_in_names()], typed) + _paths(typed, Path.is_dir)


def complete_recipe(typed: str) -> list[str]:
    """Recipes that ship, TOML files, and folders in which there may be some.

    >>> complete_recipe("pic")
    ['picture']
    """
    return _named(recipe_names(), typed) + _paths(typed, _may_hold_recipe)


def _named(names: list[str], typed: str) -> list[str]:
    return [name for name in names if name.startswith(typed)]


def _may_hold_recipe(path: Path) -> bool:
    return path.is_dir() or path.suffix == ".toml"


def _paths(typed: str, is_meant: Callable[[Path], bool]) -> list[str]:
    """Paths that begin as typed."""
    folder, name = os.path.split(typed)
    try:
        found = sorted(path for path in Path(folder).iterdir() if path.name.startswith(name))
    except OSError:
        return []
    return [os.path.join(folder, path.name) for path in found if is_meant(path)]
