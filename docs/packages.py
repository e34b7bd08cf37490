"""A hook of MkDocs that makes the page of the packages from the layers in `pyproject.toml`."""

from __future__ import annotations

from pathlib import Path

import tomllib
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

_ROOT = Path(__file__).parents[1]
_TITLE = "The packages"
_INTRODUCTION = "All packages, lowest layer first. A package imports only packages of lower layers."


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the page."""
    files.append(File.generated(config, "packages.md", content=page()))
    return files


def page() -> str:
    """The page as Markdown for mkdocstrings."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))
    names = [name for layer in project["tool"]["aecodec"]["layers"] for name in layer if name]
    sections = [f"## aecodec.{name}\n\n::: {_identifier(name)}" for name in names]
    return "\n\n".join([f"# {_TITLE}", _INTRODUCTION, *sections])


def _identifier(name: str) -> str:
    """The name by which mkdocstrings finds a package in the source tree."""
    top = name.partition(".")[0]
    return name if (_ROOT / top).is_dir() else f"aecodec.{name}"
