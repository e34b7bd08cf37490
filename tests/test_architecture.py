"""The architecture: packages import lower layers only, and few packages import heavy projects."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from helpers.import_graph import (
    LAYERS,
    ROOT,
    imports_of,
    module_graph,
    modules,
    package_graph,
)

from aecodec.data.samples import sample_paths

LAYER_OF = {package: number for number, layer in enumerate(LAYERS) for package in layer}
MODULES = modules()


def test_no_modules_import_each_other_in_a_cycle() -> None:
    TopologicalSorter(module_graph()).prepare()  # which raises CycleError


def test_packages_import_lower_layers_only() -> None:
    assert set(LAYER_OF) == set(package_graph())
    imports = [(package, name) for package, names in package_graph().items() for name in names]
    assert [pair for pair in imports if LAYER_OF[pair[1]] >= LAYER_OF[pair[0]]] == []


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
        ({"zarr", "numcodecs"}, ("zarr", "numcodecs")),
        ({"pyarrow"}, ("cli.batch",)),
        ({"fsspec"}, ("urls",)),
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
    heavy = {
        "tensorflow",
        "keras",
        "h5py",
        "matplotlib",
        "pydantic",
        "ssimulacra2",
        "pyarrow",
        "fsspec",
    }
    file = str(tmp_path / "digit.aec")
    compress = loaded_by("compress", str(sample_paths()[0]), "-o", file)
    decompress = loaded_by("decompress", file)
    runtime = {"ai_edge_litert"}
    unneeded = {"aecodec.compiler.interpreter", "random"}
    assert not (compress | decompress) & (runtime | unneeded)
    assert "aecodec.imaging.stacks" not in compress
    assert not (compress | decompress) & heavy
    light = (
        loaded_by("info", file) | loaded_by("verify", file) | loaded_by("train", "--list-recipes")
    )
    assert not light & (heavy | {"ai_edge_litert"})
