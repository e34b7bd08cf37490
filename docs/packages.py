"""A hook of MkDocs that makes the page of the packages from the layers in `pyproject.toml`."""

from __future__ import annotations

from pathlib import Path

import tomllib
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

_ROOT = Path(__file__).parents[1]
_TITLE = "The packages"
_INTRODUCTION = "All packages, lowest layer first. A package imports only packages of lower layers."

_OF_THE_API = ("zarr", "numcodecs", "xarray", "samples", "preview")
"""Modules that the page of the API describes."""

_FILTERS = {"training": '\n      filters: ["!^[A-Z]", "!_(model|encoder|decoder)$"]'}
"""Options of mkdocstrings, which leave out what the page of the API describes."""


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the page."""
    files.append(File.generated(config, "packages.md", content=page()))
    return files


def page() -> str:
    """The page as Markdown for mkdocstrings."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))
    layers = project["tool"]["aecodec"]["layers"]
    names = [name for layer in layers for name in layer if name and name not in _OF_THE_API]
    return "\n\n".join([f"# {_TITLE}", _INTRODUCTION, *map(_section, names)])


def _section(name: str) -> str:
    """The part of the page about a package."""
    options = f"    options:\n      show_root_heading: false{_FILTERS.get(name, '')}"
    return f"## aecodec.{name}\n\n::: {_identifier(name)}\n{options}"


def _identifier(name: str) -> str:
    """The name by which mkdocstrings finds a package in the source tree."""
    top = name.partition(".")[0]
    return name if (_ROOT / top).is_dir() else f"aecodec.{name}"
