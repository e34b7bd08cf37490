"""The architecture: packages import lower layers only, and few packages import heavy projects.

A package is a folder of modules, or a module in the top folder. Every import counts: at the top
of a module, in a function, and for type checking only.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from helpers.documents import ROOT

from aecodec.data.samples import sample_paths

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDERS = {f: f"aecodec.{f}" for f in ("cli", "export", "web")} | {"aecodec": "aecodec"}
"""Folders of the repository, and the packages as which they are installed."""

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["aecodec"]
LAYER_OF = {
    f"aecodec.{name}".removesuffix("."): number
    for number, layer in enumerate(SETTINGS["layers"])
    for name in layer
}


def _modules() -> Iterator[tuple[str, Path]]:
    for folder, package in FOLDERS.items():
        for path in (ROOT / folder).rglob("*.py"):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            yield ".".join([package, *parts]).removesuffix(".__init__"), path


MODULES = dict(_modules())


def imports_of(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def module_of(name: str) -> str:
    """The module that a dotted name is, or is in; empty for other projects."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name


def package_of(module: str) -> str:
    path = MODULES[module]
    is_package = path.parent == ROOT / "aecodec" or path.name == "__init__.py"
    return module if is_package else module.rpartition(".")[0]


GRAPH = {
    name: {module_of(imported) for imported in imports_of(path)} - {"", name}
    for name, path in MODULES.items()
}


def test_no_modules_import_each_other_in_a_cycle() -> None:
    TopologicalSorter(GRAPH).prepare()  # which raises CycleError


def test_packages_import_lower_layers_only() -> None:
    assert set(LAYER_OF) == set(map(package_of, MODULES))
    pairs = {(package_of(name), package_of(imported)) for name in GRAPH for imported in GRAPH[name]}
    assert [(a, b) for a, b in pairs if a != b and LAYER_OF[b] >= LAYER_OF[a]] == []


def test_no_folder_has_more_than_sixteen_modules() -> None:
    folders = Counter(path.parent for path in MODULES.values() if path.stem != "__init__")
    assert {folder: count for folder, count in folders.items() if count > 16} == {}


def test_the_format_needs_the_standard_library_alone() -> None:
    for path in (ROOT / "aecodec/format").glob("*.py"):
        tops = {name.split(".")[0] for name in imports_of(path)}
        assert tops - {"aecodec", "__future__"} <= sys.stdlib_module_names


@pytest.mark.parametrize(
    ("projects", "packages"),
    [
        ({"ai_edge_litert"}, ("compiler",)),
        ({"matplotlib"}, ("imaging",)),
        ({"ssimulacra2"}, ("metrics",)),
        ({"pillow_jxl"}, ("evaluation",)),
        (
            {"tensorflow", "keras", "h5py"},
            ("keras_models", "prior_fitting", "export", "training", "datasets"),
        ),
        ({"typer", "rich"}, ("cli", "training")),
        ({"zarr"}, ("zarr",)),
        ({"fsspec"}, ("base",)),
    ],
)
def test_other_projects_are_imported_in_few_packages(
    projects: set[str], packages: tuple[str, ...]
) -> None:
    allowed = tuple(f"aecodec.{package}." for package in packages)
    for module, path in MODULES.items():
        imported = {name.split(".")[0] for name in imports_of(path)} & projects
        assert not imported or f"{module}.".startswith(allowed), f"{module} imports {imported}"


LOADED = """
import sys
from aecodec.cli.main import run
sys.argv = ["aecodec", *sys.argv[1:]]
try:
    run()
except SystemExit as exit_:
    assert not exit_.code, exit_.code
print("LOADED", *sys.modules)
"""


def loaded_by(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stdout.rpartition("LOADED")[2].split())


def test_commands_load_only_what_they_need(tmp_path: Path) -> None:
    heavy = {"tensorflow", "keras", "h5py", "matplotlib", "pydantic", "ssimulacra2", "fsspec"}
    file = str(tmp_path / "digit.aec")
    compress = loaded_by("compress", str(sample_paths()[0]), "-o", file)
    decompress = loaded_by("decompress", file)
    unneeded = {"ai_edge_litert", "aecodec.compiler.interpreter", "random"}
    assert not (compress | decompress) & (unneeded | heavy)
    assert "aecodec.imaging.stacks" not in compress
    light = loaded_by("info", file) | loaded_by("verify", file) | loaded_by("train", "--help")
    assert not light & (heavy | {"ai_edge_litert"})
