"""The targets in C find the faults that are planted for them, under both sets of sanitizers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fuzz.planted import FAULTS
from tests.helpers.documents import ROOT
from tests.helpers.programs import needs


@pytest.mark.slow
def test_each_planted_fault_is_found_within_a_minute(tmp_path: Path) -> None:
    needs("clang")
    variables = (f"PYTHON={sys.executable}", f"BUILD={tmp_path}")
    command = ["make", "-s", "-C", str(ROOT / "fuzz"), *variables, "planted"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("found in") == len(FAULTS)


def test_faults_are_planted_for_each_target() -> None:
    planted = {(fault.target, fault.sanitizers) for fault in FAULTS}
    targets = ("header", "decode", "encode", "network")
    assert planted == {(name, kind) for name in targets for kind in ("address,undefined", "memory")}
