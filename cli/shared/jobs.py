"""Jobs: the input files of a command, each with the path of its result."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from aecodec.base.errors import AecodecError, UsageError
from aecodec.cli.shared.discovery import STANDARD, FileKind, is_folder_at, real_path, sources_in

Rename = Callable[[Path], Path]
"""Returns the path of the result for the path of an input."""


class Job(NamedTuple):
    """A file to read, the path of its result, and why it cannot be processed, or None."""

    source: Path
    target: Path
    problem: AecodecError | None = None


def plan(inputs: Sequence[Path], out: str | None, rename: Rename, kind: FileKind) -> list[Job]:
    """Choose the path of the result of each input.

    Without `out`, results go next to their files and folders. `out` is a folder if there are
    several inputs, if it ends with a slash, or if it is an existing folder; otherwise it is the
    name of the result. Folders keep their inner structure. If several results would
    have the same name but for case, each contains the full name of its source. Raises UsageError if
    the arguments contradict each other, or two files would have the same result.
    """
    if out == "-" and (len(inputs) > 1 or is_folder_at(inputs[0])):
        raise UsageError("standard output can hold only one result: name a folder with -o")
    into_folder = out is not None and out != "-" and (len(inputs) > 1 or is_folder(out))
    target = None if out is None else Path(out)
    jobs = [job for path in inputs for job in _jobs_of(path, target, into_folder, rename, kind)]
    jobs = _with_distinct_targets(list(dict.fromkeys(jobs)))
    check_not_sources([job.target for job in jobs], [job.source for job in jobs])
    return jobs


def _jobs_of(
    path: Path, out: Path | None, into_folder: bool, rename: Rename, kind: FileKind
) -> Iterator[Job]:
    if path == STANDARD and not into_folder:
        yield Job(STANDARD, STANDARD if out is None else out)
    elif is_folder_at(path):
        top = out or rename(path)
        for source in sources_in(path, kind):
            named = source.path if source.problem else rename(source.path)
            yield Job(source.path, top / named.relative_to(path), source.problem)
    elif out is None:
        yield Job(path, rename(path))
    elif into_folder:
        name = Path("stdin") if path == STANDARD else Path(path.name)
        yield Job(path, out / rename(name))
    else:
        yield Job(path, out)


def _with_distinct_targets(jobs: Sequence[Job]) -> list[Job]:
    """Make targets distinct: `a.jpg` and `a.png` become `a.jpg.aec` and `a.png.aec`."""
    distinct, previous = list(jobs), list[Job]()
    while distinct != previous:
        previous, shared = distinct, _shared_targets(distinct, _folded)
        distinct = [
            job._replace(target=job.target.with_name(job.source.name + job.target.suffix))
            if _folded(job.target) in shared
            else job
            for job in distinct
        ]
    shared = _shared_targets(distinct, os.path.normcase)
    clash = [job for job in distinct if os.path.normcase(job.target) in shared]
    if clash:
        raise UsageError(
            f"{clash[0].source} and {clash[1].source} would both become {clash[0].target}: "
            "run a separate command for each, with its own -o"
        )
    return distinct


def _folded(path: Path) -> str:
    """A key that is equal for names of one file on any system; many file systems ignore case."""
    return os.path.normcase(path).casefold()


def _shared_targets(jobs: Sequence[Job], key: Callable[[Path], str]) -> set[str]:
    counts = Counter(key(job.target) for job in jobs if not job.problem)
    return {target for target, count in counts.items() if count > 1}


def check_not_sources(targets: Iterable[Path], sources: Iterable[Path]) -> None:
    """Raise UsageError if a result would overwrite an input, even with `--force`."""
    originals = {real_path(source) for source in sources if source != STANDARD}
    for target in targets:
        if target != STANDARD and real_path(target) in originals:
            raise UsageError(f"{target} is an input: use a different name for the result")


def folder_beside(folder: Path, ending: str) -> Path:
    """The folder with an ending: `scans` becomes `scans_aec`. UsageError for the root."""
    named = folder if folder.name not in ("", "..") else real_path(folder)
    if not named.name:
        raise UsageError(f"{folder} has no parent folder for the results: name a folder with -o")
    return named.with_name(named.name + ending)


def beside(path: Path, name: str) -> Path:
    """Path of the result of a file, next to it; standard output if it is standard input."""
    return path if path == STANDARD else path.with_name(name)


def is_folder(out: str) -> bool:
    """Whether `-o` is a folder: it exists as a folder or ends with a slash."""
    return _ends_with_slash(out) or is_folder_at(Path(out))


def named_folder(inputs: Sequence[Path], out: str | None) -> Path | None:
    """The existing folder that `-o` names as the result of a single file, or None."""
    if out is None or _ends_with_slash(out) or Path(out).name in ("", ".."):
        return None
    is_single_file = len(inputs) == 1 and not is_folder_at(inputs[0])
    return Path(out) if is_single_file and is_folder_at(Path(out)) else None


def _ends_with_slash(out: str) -> bool:
    return out.endswith(("/", os.sep))
