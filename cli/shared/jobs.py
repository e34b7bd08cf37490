"""Jobs: which files a command reads, and which file it makes of each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from aecodec.errors import AecodecError, UsageError

STANDARD = Path("-")
"""Stands for standard input or standard output."""

Rename = Callable[[Path], Path]
"""Path of an input to the path of its result."""

Accept = Callable[[Path], bool]
"""Whether a file in a folder is one to read."""


@dataclass(frozen=True)
class Job:
    """One file to read, and the file to make of it."""

    source: Path
    target: Path


def plan(inputs: Sequence[Path], out: str | None, rename: Rename, accept: Accept) -> list[Job]:
    """Decide what to make of what.

    Without `out`, the result of a file lies beside it, and the results of a folder in a folder
    beside it. `out` is the name of the result of one file; it is a folder for several inputs, and
    where it ends with a slash or is a folder already. Folders keep their inner structure.

    Args:
        inputs: files, folders, or `-`.
        out: value of `-o`.
        rename: name of the result of a file or of a folder.
        accept: whether a file in a folder is one to read.

    Raises:
        UsageError: the call contradicts itself, or two files would have one result.
        AecodecError: a folder holds nothing to read.
    """
    if out == "-" and (len(inputs) > 1 or inputs[0].is_dir()):
        raise UsageError("standard output takes one result: give one input, or a folder with -o")
    into_folder = out is not None and out != "-" and (len(inputs) > 1 or is_folder(out))
    target = None if out is None else Path(out)
    jobs = [job for given in inputs for job in _jobs_of(given, target, into_folder, rename, accept)]
    _check_targets(jobs)
    return jobs


def _jobs_of(
    given: Path, out: Path | None, into_folder: bool, rename: Rename, accept: Accept
) -> Iterator[Job]:
    if given == STANDARD and not into_folder:
        yield Job(STANDARD, STANDARD if out is None else out)
    elif given.is_dir():
        top = out or rename(given)
        for source in files_in(given, accept):
            yield Job(source, top / rename(source).relative_to(given))
    elif out is None:
        yield Job(given, rename(given))
    elif into_folder:
        name = Path("stdin") if given == STANDARD else Path(given.name)
        yield Job(given, out / rename(name))
    else:
        yield Job(given, out)


def _check_targets(jobs: Sequence[Job]) -> None:
    """Check that no two files have one result, and that no result is a source."""
    source_of: dict[Path, Path] = {}
    for job in jobs:
        other = source_of.setdefault(job.target, job.source)
        if other is not job.source:
            raise UsageError(
                f"{other} and {job.source} would both become {job.target}: give them in two calls"
            )
    check_not_sources(source_of, [job.source for job in jobs])


def check_not_sources(targets: Iterable[Path], sources: Iterable[Path]) -> None:
    """Check that no result would overwrite an original, whether `--force` was given or not.

    Raises:
        UsageError: one would.
    """
    originals = {source.resolve() for source in sources if source != STANDARD}
    for target in targets:
        if target != STANDARD and target.resolve() in originals:
            raise UsageError(f"{target} is an input: give the result another name")


def expand(inputs: Sequence[Path], accept: Accept) -> list[Path]:
    """The inputs, with each folder replaced by its files.

    Raises:
        AecodecError: a folder holds nothing to read.
    """
    return [
        path
        for given in inputs
        for path in (files_in(given, accept) if given.is_dir() else [given])
    ]


def files_in(folder: Path, accept: Accept) -> list[Path]:
    """The accepted files of a folder, at any depth, sorted.

    Raises:
        AecodecError: there are none.
    """
    found = sorted(path for path in folder.rglob("*") if path.is_file() and accept(path))
    if not found:
        raise AecodecError(f"{folder}: nothing to read in this folder")
    return found


def folder_beside(folder: Path, ending: str) -> Path:
    """Path of a folder with an ending added: `scans` to `scans_aec`; `.` by its real name.

    Raises:
        UsageError: the folder is the root, beside which nothing lies.
    """
    whole = folder if folder.name not in ("", "..") else folder.resolve()
    if not whole.name:
        raise UsageError(f"{folder} needs -o, as nothing lies beside it")
    return whole.with_name(whole.name + ending)


def is_folder(out: str) -> bool:
    """Whether `-o` names a folder: it is one, or ends with a slash."""
    return out.endswith(("/", os.sep)) or Path(out).is_dir()


def is_aec(path: Path) -> bool:
    """Whether a file in a folder is an `.aec` file, by its name."""
    return path.suffix.lower() == ".aec"
