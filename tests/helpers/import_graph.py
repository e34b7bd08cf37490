"""The import graph of aecodec: modules, packages, and the imports between them.

Here a package is a folder of modules, or a module in the top folder. Every import counts: at the
top of a module, in a function, and for type checking only.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
FOLDERS = {
    "aecodec": "aecodec",
    "cli": "aecodec.cli",
    "export": "aecodec.export",
    "web": "aecodec.web",
}
"""Folders of the repository, and the packages as which they are installed."""

LAYERS: list[list[str]] = [
    [f"aecodec.{name}".removesuffix(".") for name in layer]
    for layer in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["aecodec"][
        "layers"
    ]
]
"""The packages, lowest layer first."""

Graph = Mapping[str, set[str]]
"""Names, with the names that each imports."""


@cache
def modules() -> dict[str, Path]:
    """All modules: dotted name and file."""
    files = {}
    for folder, package in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            files[".".join([package, *parts]).removesuffix(".__init__")] = path
    return files


def imports_of(path: Path) -> set[str]:
    """Dotted names that a file imports anywhere."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@cache
def module_graph() -> Graph:
    """The modules, with the modules that each imports."""
    return {
        name: {_module_of(imported) for imported in imports_of(path)} - {"", name}
        for name, path in modules().items()
    }


def _module_of(name: str) -> str:
    """The module that a dotted name is, or is in; empty for other projects."""
    while name and name not in modules():
        name = name.rpartition(".")[0]
    return name


def package_of(module: str) -> str:
    """The package of a module: its folder, or itself in the top folder."""
    path = modules()[module]
    is_package = path.parent == ROOT / "aecodec" or path.name == "__init__.py"
    return module if is_package else module.rpartition(".")[0]


@cache
def package_graph() -> Graph:
    """The packages, with the packages that each imports."""
    graph: dict[str, set[str]] = {}
    for module, imported in module_graph().items():
        package = package_of(module)
        graph.setdefault(package, set()).update({*map(package_of, imported)} - {package})
    return graph
