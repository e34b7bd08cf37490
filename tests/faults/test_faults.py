"""Whatever happens at a write or a rename, nothing is cut short, and the command goes on later."""

from __future__ import annotations

from pathlib import Path

import pytest
from faults.campaign import Injector
from faults.injection import KINDS, Runner, built_library
from faults.scenarios import LONG, MODULES, QUICK, Scenario
from helpers.programs import needs

SOME = [each for each in QUICK if each.name in ("compress", "decompress a stack --force")]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs("cc")
    return built_library(tmp_path_factory.mktemp("library"))


def assert_nothing_is_lost(scenario: Scenario, library: Path, most: int | None = None) -> None:
    with Runner(library, MODULES if scenario in LONG else ()) as runner:
        done = [*Injector(scenario, runner).inject(most=most)]
    assert len(done) >= len(KINDS)
    assert [each for each in done if each.problems] == []


@pytest.mark.parametrize("scenario", SOME, ids=lambda scenario: scenario.name)
def test_a_fault_at_some_calls_loses_nothing(scenario: Scenario, library: Path) -> None:
    assert_nothing_is_lost(scenario, library, most=3)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", QUICK, ids=lambda scenario: scenario.name)
def test_a_fault_at_any_call_loses_nothing(scenario: Scenario, library: Path) -> None:
    assert_nothing_is_lost(scenario, library)
