"""A campaign runs all fuzzers, and counts what they tried and whether they found something."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fuzz.campaign import Target, run, targets_in_c, targets_in_python
from tests.helpers.documents import ROOT
from tests.helpers.programs import needs


@pytest.mark.slow
def test_a_campaign_counts_the_inputs_of_all_targets(tmp_path: Path) -> None:
    needs("clang")
    pytest.importorskip("atheris")
    command = [sys.executable, "-m", "fuzz.campaign", "--minutes", "0.5", "--found", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    *lines, last = done.stdout.splitlines()
    counts = [int(line.split(": ")[1].split()[0].replace(",", "")) for line in lines]
    assert len(counts) == len([*targets_in_python(tmp_path, 1), *targets_in_c()])
    assert min(counts) > 0
    assert last == f"{sum(counts):,} inputs, 0 targets found something"


def test_a_finding_is_told_from_none_and_the_last_count_counts() -> None:
    says = "print('stat::number_of_executed_units: 12', flush=True); raise SystemExit(77)"
    result = run(Target("x", (sys.executable, "-c", says, "--seconds=")), 1)
    assert (result.inputs, result.status) == (12, 77)
    result = run(Target("x", (sys.executable, "-c", "print('34 files, {}')", "--seconds=")), 1)
    assert (result.inputs, result.status) == (34, 0)
