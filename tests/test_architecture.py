"""The rules of the house: who imports whom, and what is never loaded."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from aecodec.samples import sample_paths

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path for folder in ("aecodec", "cli", "export") for path in (ROOT / folder).rglob("*.py")
)

BELOW = {
    "errors": set(),
    "fields": {"errors"},
    "parallel": set(),
    "container": {"errors", "fields"},
    "levels": {"errors", "container", "neighbours"},
    "rangecoder": {"errors"},
    "neighbours": set(),
    "context": {"errors", "neighbours"},
    "symbols": {"neighbours", "prior"},
    "sweep": {"context", "neighbours", "prior", "symbols"},
    "competition": {"neighbours", "prior", "rangecoder", "sweep", "symbols"},
    "prior": {"errors", "competition", "context", "neighbours", "rangecoder", "sweep", "symbols"},
    "thrift": {"levels", "neighbours", "prior", "symbols"},
    "fitting": {"competition", "context", "neighbours", "prior", "rangecoder", "sweep", "symbols"},
    "images": {"errors", "container"},
    "tiling": {"images"},
    "segments": {"fields", "levels", "neighbours", "parallel", "prior", "symbols", "thrift"},
    "arriving": {"levels", "segments", "windows"},
    "transforms": {"errors", "parallel"},
    "windows": {"parallel", "tiling", "transforms"},
    "spec": {"errors", "container", "context", "levels", "prior"},
    "reduction": {"container", "images"},
    "shapes": {"container", "reduction", "segments", "spec", "tiling"},
    "half": {"spec", "transforms"},
    "metrics": set(),
}
"""The lower rooms, and all that each may import of the package."""


def imports(path: Path, *, everywhere: bool) -> set[str]:
    """Modules that a file imports: at its top, or in functions too."""
    tree = ast.parse(path.read_text("utf-8"))
    nodes = ast.walk(tree) if everywhere else iter(tree.body)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("room", BELOW)
def test_lower_rooms_look_down_only(room: str) -> None:
    found = imports(ROOT / "aecodec" / f"{room}.py", everywhere=True)
    ours = {name.split(".")[1] for name in found if name.startswith("aecodec.")}
    assert ours <= BELOW[room]


def test_the_container_needs_the_standard_library_alone() -> None:
    found = imports(ROOT / "aecodec/container.py", everywhere=True)
    tops = {name.split(".")[0] for name in found}
    assert tops - {"aecodec", "__future__"} <= sys.stdlib_module_names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_heavy_packages_stay_in_their_rooms(path: Path) -> None:
    found = {name.split(".")[0] for name in imports(path, everywhere=True)}
    inside = path.relative_to(ROOT).parts
    if inside[0] != "export" and inside[:2] != ("aecodec", "training"):
        assert not found & {"tensorflow", "keras", "h5py"}
    if inside != ("aecodec", "figures.py"):
        assert "matplotlib" not in found
    may_run_models = {("aecodec", "transforms.py"), ("export", "fixed_size.py")}
    if inside not in may_run_models:
        assert "ai_edge_litert" not in found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_imports_the_command_line(path: Path) -> None:
    if path.parent.name == "cli" or path.name == "__main__.py":
        return
    found = imports(path, everywhere=True)
    assert not {name for name in found if name.startswith(("aecodec.cli", "benchmarks"))}


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
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stdout.rpartition("LOADED")[2].split())


def test_what_the_commands_load(tmp_path: Path) -> None:
    heavy = {"tensorflow", "keras", "h5py", "matplotlib", "pydantic"}
    file = str(tmp_path / "digit.aec")
    compress = loaded_by("compress", str(sample_paths()[0]), "-o", file)
    decompress = loaded_by("decompress", file)
    assert "ai_edge_litert" in compress & decompress
    assert not (compress | decompress) & heavy
    light = (
        loaded_by("info", file) | loaded_by("verify", file) | loaded_by("train", "--list-recipes")
    )
    assert not light & (heavy | {"ai_edge_litert"})
