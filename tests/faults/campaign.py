"""Faults at the calls of commands: `python tests/faults/campaign.py` injects all, and counts them.

After each fault, the result under its final name must be the old one, the new one, or none; the
exit status must be 0 only with the new one; no temporary file may be left by anything but SIGKILL;
and the same command once more, with `--skip-existing` or `--resume`, must make the new one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from faults.injection import KINDS, Fault, Runner, built_library
from faults.scenarios import LONG, MODULES, QUICK, Found, Scenario


@dataclass(frozen=True)
class Injection:
    """A fault that happened.

    Attributes:
        scenario: the command.
        fault: what happened.
        status: the exit status.
        problems: what is wrong with what was left.
    """

    scenario: str
    fault: Fault
    status: int
    problems: tuple[str, ...]


class Injector:
    """Injects faults into one command.

    Args:
        scenario: the command.
        runner: runs it.
    """

    def __init__(self, scenario: Scenario, runner: Runner) -> None:
        self._scenario, self._runner = scenario, runner
        with tempfile.TemporaryDirectory() as top:
            folder, out = self._prepared(top)
            self._old = self._found(folder, out)
            run = runner.run(scenario.arguments, folder, out)
            assert run.status == 0, f"{scenario.name}: {run.err}"
            self._new, self.calls = self._found(folder, out), run.calls

    def inject(self, kinds: Sequence[str] = KINDS, most: int | None = None) -> Iterator[Injection]:
        """Inject faults at all calls, or at a number of them that are spread evenly."""
        most = most or self._scenario.most or self.calls
        step = max(1.0, self.calls / most)
        places = sorted({1 + int(number * step) for number in range(min(most, self.calls))})
        for number, kind in enumerate(kinds):
            for at in places:
                yield from self._inject(Fault(kind, at), unbuffered=bool((number + at) % 2))

    def _inject(self, fault: Fault, unbuffered: bool) -> Iterator[Injection]:
        with tempfile.TemporaryDirectory() as top:
            folder, out = self._prepared(top)
            arguments = self._scenario.arguments
            run = self._runner.run(arguments, folder, out, fault, unbuffered)
            if run.calls < fault.at:
                return  # it did not get there
            problems = [*self._problems(folder, out, run.status, fault.kind)]
            problems += self._problems_of_another_run(folder, out)
            yield Injection(self._scenario.name, fault, run.status, tuple(problems))

    def _prepared(self, top: str) -> tuple[Path, Path]:
        folder = Path(top).resolve() / "folder"
        folder.mkdir()
        self._scenario.prepare(folder)
        return folder, folder.with_name("said")

    def _found(self, folder: Path, out: Path) -> Found:
        return self._scenario.found_in(folder, out)

    def _problems(self, folder: Path, out: Path, status: int, kind: str) -> Iterator[str]:
        found = self._found(folder, out)
        if not self._scenario.is_allowed(found, self._old, self._new, folder):
            yield f"neither the old nor the new result: {_sizes(found)}"
        if status == 0 and not self._scenario.is_whole(found, self._new, folder):
            yield f"status 0 with {_sizes(found)}"
        if kind in ("term", "int", "full") and (left := _left(folder)):
            yield f"left {left}"

    def _problems_of_another_run(self, folder: Path, out: Path) -> Iterator[str]:
        again = self._scenario.again(folder)
        run = self._runner.run(again, folder, out)
        found = self._found(folder, out)
        is_done = any(
            text in run.err for text in ("already exists", "exists already", "already contains")
        )
        if run.status and not is_done:
            yield f"again: status {run.status}: {run.err}"
        if not self._scenario.is_whole(found, self._new, folder):
            yield f"again: {_sizes(found)}"
        if not is_done and (left := _left(folder)):
            yield f"again: left {left}"


def _sizes(found: Found) -> dict[str, int] | None:
    return found and {name: len(content) for name, content in found.items()}


def _left(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob(".aecodec-*")]


def _reported(injections: Iterator[Injection]) -> Iterator[Injection]:
    """Print the problems of each as soon as it is done."""
    for each in injections:
        for problem in each.problems:
            print(f"{each.scenario}, {each.fault}, status {each.status}: {problem}", flush=True)
        yield each


def main() -> None:
    """Inject all faults, print those with problems, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="commands by name")
    parser.add_argument("--most", type=int, help="number of calls per command and kind, at most")
    options = parser.parse_args()
    total = failed = 0
    chosen = [each for each in (*QUICK, *LONG) if not options.only or each.name in options.only]
    modules = MODULES if set(chosen) & set(LONG) else ()
    with tempfile.TemporaryDirectory() as folder, Runner(built_library(folder), modules) as runner:
        for scenario in chosen:
            injector = Injector(scenario, runner)
            done = [*_reported(injector.inject(most=options.most))]
            total += len(done)
            failed += sum(bool(each.problems) for each in done)
            print(f"{scenario.name}: {injector.calls} calls, {len(done)} faults", flush=True)
    print(f"{total} faults, {failed} with problems")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
