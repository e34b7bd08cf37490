"""The architecture: imports look down only, heavy packages stay in their rooms."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from helpers.import_graph import (
    ROOT,
    circle_in,
    imports_of,
    module_graph,
    modules,
    room_graph,
)

from aecodec.data.samples import sample_paths
from aecodec.engine.choice import default_engine
from aecodec.engine.python import PythonEngine

LAYERS = (
    ("errors", "arrays", "parallel", "version", "data"),
    ("metrics", "atomic", "urls"),
    ("format",),
    ("entropy",),
    ("coding",),
    ("imaging",),
    ("image_files",),
    ("datasets",),
    ("tflite",),
    ("network",),
    ("codec_files",),
    ("bundle",),
    ("engine",),
    ("codec",),
    ("evaluation", "chunks", "sequences"),
    ("zarr", "numcodecs", "html_report"),
    ("",),  # the public names
    ("pillow",),
    ("keras_models",),
    ("prior_fitting",),
    ("export.tflite", "export.tflm"),
    ("export.device",),
    ("export", "web"),
    ("export.from_keras",),
    ("training.networks",),
    ("training.losses",),
    ("training",),
    ("cli.shared",),
    ("cli.batch",),
    ("cli.commands",),
    ("cli",),
    ("__main__",),
)
"""The rooms of the package, lowest first; rooms of one layer do not import each other."""

LAYER_OF = {
    f"aecodec.{room}".removesuffix("."): number
    for number, rooms in enumerate(LAYERS)
    for room in rooms
}
MODULES = modules()


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle_in(module_graph()) == []


def test_no_rooms_import_each_other_in_a_circle() -> None:
    assert circle_in(room_graph()) == []


@pytest.mark.parametrize("room", room_graph())
def test_imports_look_down_only(room: str) -> None:
    for imported in room_graph()[room]:
        assert LAYER_OF[imported] < LAYER_OF[room], f"{room} imports {imported}"


def test_every_layer_exists() -> None:
    assert set(LAYER_OF) == set(room_graph())


def test_no_folder_has_more_than_fifteen_modules() -> None:
    folders = Counter(path.parent for path in MODULES.values() if path.stem != "__init__")
    assert {folder: count for folder, count in folders.items() if count > 15} == {}


def test_the_format_needs_the_standard_library_alone() -> None:
    for path in (ROOT / "aecodec/format").glob("*.py"):
        tops = {name.split(".")[0] for name in imports_of(path)}
        assert tops - {"aecodec", "__future__"} <= sys.stdlib_module_names


@pytest.mark.parametrize(
    ("packages", "rooms"),
    [
        ({"ai_edge_litert"}, ("tflite",)),
        ({"tflite_micro"}, ("engine", "export.tflm")),
        ({"matplotlib"}, ("imaging",)),
        ({"ssimulacra2"}, ("metrics",)),
        ({"pillow_jxl"}, ("evaluation",)),
        (
            {"tensorflow", "keras", "h5py"},
            ("keras_models", "prior_fitting", "export", "training", "datasets"),
        ),
        ({"typer", "rich"}, ("cli", "training")),
        ({"constriction"}, ("entropy",)),
        ({"zarr", "numcodecs"}, ("zarr", "numcodecs")),
        ({"pyarrow"}, ("cli.batch",)),
        ({"fsspec"}, ("urls",)),
        ({"distributed"}, ("cli.batch",)),
    ],
)
def test_other_packages_stay_in_their_rooms(packages: set[str], rooms: tuple[str, ...]) -> None:
    allowed = tuple(f"aecodec.{room}." for room in rooms)
    for module, path in MODULES.items():
        found = {name.split(".")[0] for name in imports_of(path)} & packages
        assert not found or f"{module}.".startswith(allowed), f"{module} imports {found}"


LOADED = """
import sys
from aecodec.cli.main import run
sys.argv = ["aecodec", *sys.argv[1:]]
try:
    run()
except SystemExit as exit_:
    assert not exit_.code, exit_.code
print("LOADED", *{name.split(".")[0] for name in sys.modules})
"""


def loaded_by(*arguments: str) -> set[str]:
    """Packages that a command loads."""
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
        "distributed",
    }
    file = str(tmp_path / "digit.aec")
    compress = loaded_by("compress", str(sample_paths()[0]), "-o", file)
    decompress = loaded_by("decompress", file)
    runtime = {"ai_edge_litert", "constriction", "threadpoolctl"}
    if default_engine() == PythonEngine():
        assert runtime <= compress & decompress
    else:
        assert not (compress | decompress) & runtime
    assert not (compress | decompress) & heavy
    light = (
        loaded_by("info", file) | loaded_by("verify", file) | loaded_by("train", "--list-recipes")
    )
    assert not light & (heavy | {"ai_edge_litert"})
