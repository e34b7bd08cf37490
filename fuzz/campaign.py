"""Runs all fuzz targets for a number of minutes, one after another, and counts what they tried.

    python -m fuzz.campaign --minutes 600

The targets in C need clang, and run for both codecs under both sets of sanitizers. Headers are
quick, so these get a quarter of the time of another target. What a target finds is printed, and the
others go on; the status is 1 then.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]

_COUNT = re.compile(r"number_of_executed_units: +(\d+)|^(\d+) (?:files|folders)\b", re.MULTILINE)
_LAST = 4000  # characters of the output of a target that found something


class Target(NamedTuple):
    """A fuzzer.

    Attributes:
        name: what it is called in the report.
        command: runs it, but for the number of seconds, which is added.
        share: its share of the time, in proportion to the others'.
    """

    name: str
    command: tuple[str, ...]
    share: int = 4


class Result(NamedTuple):
    """The result of a fuzzer.

    Attributes:
        inputs: number of inputs that it tried.
        status: its exit status; 0 if nothing was found.
        text: its output.
    """

    inputs: int
    status: int
    text: str


_TINY_CODEC = ("CODEC=tests/golden/codecs/grid", "NAME=grid")


def targets_in_python(found: Path, seed: int) -> Iterator[Target]:
    """The fuzzers of the readers in Python, which leave what they find in a folder."""
    python, drawn = (sys.executable, "-m"), (f"--seed={seed}", "--seconds=")
    reader = ("fuzz.reader", "--found", str(found / "reader"))
    yield Target("reader", (*python, *reader, *drawn))
    yield Target("differential", (*python, "fuzz.differential", *drawn))
    folders = ("fuzz.codec_folders", "--keep", str(found / "codec_folders"))
    yield Target("codec_folders", (*python, *folders, *drawn))


def targets_in_c() -> Iterator[Target]:
    """The fuzzers of the C sources, which leave what they find in `fuzz/build`."""
    make = ("make", "-s", "-C", str(ROOT / "fuzz"), f"PYTHON={sys.executable}")
    for sanitizers in ("address,undefined", "memory"):
        for codec in ("digits", "photo"):
            for name, share in (("header", 1), ("decode", 4), ("encode", 4)):
                chosen = (f"CODEC={codec}", f"SANITIZERS={sanitizers}", f"run-{name}", "SECONDS=")
                yield Target(f"{name} {codec} {sanitizers}", (*make, *chosen), share)
        for name in ("library", "bundle"):
            options = (*_TINY_CODEC, f"SANITIZERS={sanitizers}", f"run-{name}", "SECONDS=")
            yield Target(f"{name} {sanitizers}", (*make, *options), 4)
        command = (*make, f"SANITIZERS={sanitizers}", "run-network", "SECONDS=")
        yield Target(f"network {sanitizers}", command)


def run(target: Target, seconds: int) -> Result:
    """Run one fuzzer."""
    *command, option = target.command
    done = subprocess.run(
        [*command, f"{option}{seconds}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    counts = _COUNT.findall(done.stdout)
    inputs = int("".join(counts[-1])) if counts else 0
    return Result(inputs, done.returncode, done.stdout)


def campaign(minutes: float, found: Path, seed: int) -> Iterator[tuple[str, Result]]:
    """Run all fuzzers, and yield their names and results."""
    targets = [*targets_in_python(found, seed), *targets_in_c()]
    shares = sum(target.share for target in targets)
    for target in targets:
        yield target.name, run(target, max(1, round(minutes * 60 * target.share / shares)))


def main() -> int:
    """Fuzz, and count; 1 if something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--found", type=Path, default=ROOT / "fuzz" / "build" / "found")
    parser.add_argument(
        "--seed", type=int, default=int(time.time()), help="seed of the targets in Python"
    )
    options = parser.parse_args()
    total = failed = 0
    for name, result in campaign(options.minutes, options.found.resolve(), options.seed):
        total += result.inputs
        failed += result.status != 0
        print(f"{name}: {result.inputs:,} inputs, status {result.status}", flush=True)
        if result.status:
            print(result.text[-_LAST:], flush=True)
    print(f"{total:,} inputs, {failed} targets found something")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
