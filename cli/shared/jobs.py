"""Jobs: which files a command reads, and which file it makes of each."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aecodec.cli.shared.found import (
    STANDARD,
    Kind,
    Source,
    is_folder_at,
    objects_in,
    real_path,
    sources_in,
)
from aecodec.errors import AecodecError, UsageError
from aecodec.urls import Url, path_or_url

_MANY = 100
"""From this number of jobs on, listing a folder is cheaper than asking for each object."""

Rename = Callable[[Path], Path]
"""Path of an input to the path of its result."""


@dataclass(frozen=True)
class Job:
    """One file to read, and the file to make of it.

    Attributes:
        source: the file to read.
        target: the file to make.
        problem: why nothing will be made, or None.
    """

    source: Path
    target: Path
    problem: AecodecError | None = None


def plan(inputs: Sequence[Path], out: str | None, rename: Rename, kind: Kind) -> list[Job]:
    """Decide which result each input has.

    Without `out`, the result of a file lies beside it, and the results of a folder in a folder
    beside it. `out` is the name of the result of one file; it is a folder for several inputs, and
    where it ends with a slash or is a folder already. Folders keep their inner structure. Where
    several files would have one result, each keeps its whole name in that of its result.

    Args:
        inputs: files, folders, or `-`.
        out: value of `-o`.
        rename: name of the result of a file or of a folder.
        kind: which files of a folder are read.

    Raises:
        UsageError: the call contradicts itself, or two files would have one result in any case.
        InputError: a server does not tell what a folder of results holds.
    """
    if out == "-" and (len(inputs) > 1 or is_folder_at(inputs[0])):
        raise UsageError("standard output takes one result: give one input, or a folder with -o")
    into_folder = out is not None and out != "-" and (len(inputs) > 1 or is_folder(out))
    target = None if out is None else path_or_url(out)
    jobs = [job for given in inputs for job in _jobs_of(given, target, into_folder, rename, kind)]
    apart = _apart(list(dict.fromkeys(jobs)))
    check_not_sources([job.target for job in apart], [job.source for job in apart])
    return _looked_up(apart) if len(apart) >= _MANY else apart


def _jobs_of(
    given: Path, out: Path | None, into_folder: bool, rename: Rename, kind: Kind
) -> Iterator[Job]:
    if given == STANDARD and not into_folder:
        yield Job(STANDARD, STANDARD if out is None else out)
    elif is_folder_at(given):
        top = out or rename(given)
        for source in sources_in(given, kind):
            yield _job_in(given, top, source, rename)
    elif out is None:
        yield Job(given, rename(given))
    elif into_folder:
        name = Path("stdin") if given == STANDARD else Path(given.name)
        yield Job(given, out / rename(name))
    else:
        yield Job(given, out)


def _job_in(folder: Path, top: Path, source: Source, rename: Rename) -> Job:
    """The job of a file in a folder; one with a problem makes nothing, so it needs no name."""
    if source.problem:
        return Job(source.path, top / source.path.relative_to(folder), source.problem)
    return Job(source.path, top / rename(source.path).relative_to(folder))


def _apart(jobs: Sequence[Job]) -> list[Job]:
    """Give jobs of one target different ones: of `a.jpg` and `a.png`, `a.jpg.aec`, `a.png.aec`.

    Targets that differ in capitals alone are one on many disks, so these become longer as well.
    """
    apart, before = list(jobs), list[Job]()
    while apart != before:
        before, same = apart, _shared_targets(apart, _folded)
        apart = [_longer(job) if _folded(job.target) in same else job for job in apart]
    same = _shared_targets(apart, _cased)
    clash = [job for job in apart if _cased(job.target) in same]
    if clash:
        raise UsageError(
            f"{clash[0].source} and {clash[1].source} would both become {clash[0].target}: "
            "give them in two calls"
        )
    return apart


def _looked_up(jobs: Sequence[Job]) -> list[Job]:
    """The jobs; targets that are URLs know by listings whether they exist already."""
    parents = {job.target.parent for job in jobs if isinstance(job.target, Url)}
    tops = [parent for parent in parents if parents.isdisjoint(parent.parents)]
    there: dict[Path, Path] = {url: url for top in tops for url in objects_in(top)}
    return [replace(job, target=_known(job.target, there)) for job in jobs]


def _known(target: Path, there: Mapping[Path, Path]) -> Path:
    return there.get(target, target.listed(None)) if isinstance(target, Url) else target


def _shared_targets(jobs: Sequence[Job], key: Callable[[Path], str]) -> set[str]:
    counts = Counter(key(job.target) for job in jobs if not job.problem)
    return {target for target, count in counts.items() if count > 1}


def _cased(target: Path) -> str:
    return os.path.normcase(str(target))


def _folded(target: Path) -> str:
    return _cased(target).casefold()


def _longer(job: Job) -> Job:
    """A job whose target has the whole name of its source."""
    return replace(job, target=job.target.with_name(job.source.name + job.target.suffix))


def check_folder_name(inputs: Sequence[Path], out: str | None) -> None:
    """Check that no folder of results gets the name of an `.aec` file by mistake.

    A folder that exists, or is named with a slash at its end, may have it.

    Raises:
        UsageError: it would.
    """
    if out is None or path_or_url(out).suffix.lower() != ".aec" or is_folder(out):
        return
    if len(inputs) > 1 or is_folder_at(inputs[0]):
        raise UsageError(
            f"{out} would be a folder, with a file for each picture: compress --stack makes one "
            f"file of all, and -o {out}/ the folder"
        )


def check_not_sources(targets: Iterable[Path], sources: Iterable[Path]) -> None:
    """Check that no result would overwrite an original, whether `--force` was given or not.

    Raises:
        UsageError: one would.
    """
    originals = {real_path(source) for source in sources if source != STANDARD}
    for target in targets:
        if target != STANDARD and real_path(target) in originals:
            raise UsageError(f"{target} is an input: give the result another name")


def folder_beside(folder: Path, ending: str) -> Path:
    """Path of a folder with an ending added: `scans` to `scans_aec`; `.` by its real name.

    Raises:
        UsageError: the folder is the root, beside which nothing lies.
    """
    whole = folder if folder.name not in ("", "..") else real_path(folder)
    if not whole.name:
        raise UsageError(f"{folder} needs -o, as nothing lies beside it")
    return whole.with_name(whole.name + ending)


def is_folder(out: str) -> bool:
    """Whether `-o` names a folder: it is one, or ends with a slash."""
    return _ends_with_slash(out) or is_folder_at(path_or_url(out))


def named_folder(inputs: Sequence[Path], out: str | None) -> Path | None:
    """The folder that `-o` names as the result of one file, if it exists.

    With a slash at the end, and for `.` and `..`, `-o` names the folder that the result goes into.
    """
    if out is None or _ends_with_slash(out) or path_or_url(out).name in ("", ".."):
        return None
    is_one_file = len(inputs) == 1 and not is_folder_at(inputs[0])
    return path_or_url(out) if is_one_file and is_folder_at(path_or_url(out)) else None


def _ends_with_slash(out: str) -> bool:
    return out.endswith(("/", os.sep))
