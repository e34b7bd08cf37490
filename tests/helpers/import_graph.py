"""The import graph of the package: rooms, arrows between them, and circles.

    python tests/helpers/import_graph.py

A room is a folder of modules, or a module in the top folder of the package. Every import counts: at
the top of a module, in a function, and for type checking alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = {
    "aecodec": "aecodec",
    "cli": "aecodec.cli",
    "export": "aecodec.export",
    "web": "aecodec.web",
}
"""Folders of the repository, and the packages as which they are installed."""

Graph = Mapping[str, set[str]]
"""Names, each with the names that it imports."""


@cache
def modules() -> dict[str, Path]:
    """All modules of the package: dotted name and file."""
    found = {}
    for folder, package in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            name = ".".join([package, *parts])
            found[name.removesuffix(".__init__")] = path
    return found


def imports_of(path: Path) -> set[str]:
    """Dotted names that a file imports, wherever it does."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@cache
def module_graph() -> Graph:
    """The modules of the package, each with those that it imports."""
    files = modules()
    return {
        name: {found for each in imports_of(path) if (found := _module_in(each, files)) != name}
        - {""}
        for name, path in files.items()
    }


def _module_in(name: str, files: Mapping[str, Path]) -> str:
    """The module that a dotted name is, or is in; empty for other packages."""
    while name and name not in files:
        name = name.rpartition(".")[0]
    return name


def room_of(module: str) -> str:
    """The room of a module: its folder, or itself in the top folder."""
    path = modules()[module]
    if path.parent == ROOT / "aecodec":
        return module
    return module if path.name == "__init__.py" else module.rpartition(".")[0]


@cache
def room_graph() -> Graph:
    """The rooms of the package, each with those that it imports."""
    graph: dict[str, set[str]] = {}
    rooms = {module: room_of(module) for module in modules()}
    for module, imported in module_graph().items():
        own = graph.setdefault(rooms[module], set())
        own |= {rooms[each] for each in imported} - {rooms[module]}
    return graph


def circle_in(graph: Graph) -> list[str]:
    """A circle of a graph; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def floors(graph: Graph) -> Iterator[tuple[str, ...]]:
    """The names of a graph without circles, lowest first: each imports lower ones alone."""
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    while sorter.is_active():
        ready = sorter.get_ready()
        yield tuple(sorted(ready))
        sorter.done(*ready)


def main() -> None:
    """Print the graph."""
    for title, graph in (("modules", module_graph()), ("rooms", room_graph())):
        arrows = sum(map(len, graph.values()))
        circle = circle_in(graph)
        print(f"{len(graph)} {title}, {arrows} arrows, circle: {' -> '.join(circle) or 'none'}")
    if not circle_in(room_graph()):
        for number, names in enumerate(floors(room_graph())):
            print(f"floor {number}: {', '.join(names)}")


if __name__ == "__main__":
    main()
