"""The binary that is committed is that of the present sources."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from helpers.documents import ROOT

SCRIPT = ROOT / "c" / "wasm" / "build.py"


@pytest.fixture(scope="module")
def building() -> ModuleType:
    """The script that makes it."""
    spec = importlib.util.spec_from_file_location("build", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_binary_states_the_sources_that_lie_here(building: ModuleType) -> None:
    stated = building.stated_fingerprint(building.BINARY.read_bytes())
    assert stated == building.fingerprint(), f"outdated: python {SCRIPT.relative_to(ROOT)}"


@pytest.mark.slow
def test_the_sources_give_the_same_bytes_again(building: ModuleType, tmp_path: Path) -> None:
    pytest.importorskip("ziglang", reason=f"needs pip install ziglang=={building.COMPILER}")
    assert sys.version_info >= (3, 10)
    building.build(tmp_path / "again.wasm")
    assert (tmp_path / "again.wasm").read_bytes() == building.BINARY.read_bytes()
