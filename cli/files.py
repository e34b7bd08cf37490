"""Which files a command reads and writes, and writing them whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aecodec.errors import AecodecError, UsageError

STANDARD = Path("-")
"""Stands for standard input or standard output."""

Rename = Callable[[Path], Path]
Wanted = Callable[[Path], bool]


@dataclass(frozen=True)
class Job:
    """One file to read and the file to make of it."""

    source: Path
    target: Path


def plan(inputs: Sequence[Path], out: str | None, rename: Rename, wanted: Wanted) -> list[Job]:
    """What to make of what.

    Without `out`, a file's result lies beside it and a folder's in a folder beside it. `out` is
    the result's own name for one file, and a folder for several, or where it ends with a slash
    or is a folder already. Folders keep their inner structure.

    Args:
        inputs: files, folders, or `-`.
        out: what `-o` said.
        rename: the name of a file's result (or a folder's).
        wanted: whether a file in a folder is one to read.

    Raises:
        UsageError: the call contradicts itself, or two files would have one result.
        AecodecError: a folder holds nothing to read.
    """
    if out == "-" and (len(inputs) > 1 or inputs[0].is_dir()):
        raise UsageError("standard output takes one result: give one input, or a folder with -o")
    into_folder = out is not None and out != "-" and (len(inputs) > 1 or is_folder(out))
    target = None if out is None else Path(out)
    jobs = [job for given in inputs for job in _jobs_of(given, target, into_folder, rename, wanted)]
    _refuse_shared_targets(jobs)
    return jobs


def _refuse_shared_targets(jobs: Sequence[Job]) -> None:
    source_of: dict[Path, Path] = {}
    for job in jobs:
        other = source_of.setdefault(job.target, job.source)
        if other is not job.source:
            raise UsageError(
                f"{other} and {job.source} would both become {job.target}: give them in two calls"
            )
    refuse_own_sources(source_of, [job.source for job in jobs])


def refuse_own_sources(targets: Iterable[Path], sources: Iterable[Path]) -> None:
    """An original is never overwritten, `--force` or not.

    Raises:
        UsageError: a result would be.
    """
    originals = {source.resolve() for source in sources if source != STANDARD}
    for target in targets:
        if target != STANDARD and target.resolve() in originals:
            raise UsageError(f"{target} is what is read: give the result another name")


def _jobs_of(
    given: Path, out: Path | None, into_folder: bool, rename: Rename, wanted: Wanted
) -> Iterator[Job]:
    if given == STANDARD and not into_folder:
        yield Job(STANDARD, STANDARD if out is None else out)
    elif given.is_dir():
        top = out or rename(given)
        for source in files_in(given, wanted):
            yield Job(source, top / rename(source).relative_to(given))
    elif out is None:
        yield Job(given, rename(given))
    elif into_folder:
        name = Path("stdin") if given == STANDARD else Path(given.name)
        yield Job(given, out / rename(name))
    else:
        yield Job(given, out)


def expanded(inputs: Sequence[Path], wanted: Wanted) -> list[Path]:
    """Inputs, with each folder replaced by its files.

    Raises:
        AecodecError: a folder holds nothing to read.
    """
    return [
        path
        for given in inputs
        for path in (files_in(given, wanted) if given.is_dir() else [given])
    ]


def files_in(folder: Path, wanted: Wanted) -> list[Path]:
    """The files of a folder, at any depth, in order.

    Raises:
        AecodecError: there are none.
    """
    found = sorted(path for path in folder.rglob("*") if path.is_file() and wanted(path))
    if not found:
        raise AecodecError(f"{folder}: nothing to read in this folder")
    return found


def folder_beside(folder: Path, ending: str) -> Path:
    """`scans` with the ending `_aec`: `scans_aec`; `.` by its real name.

    Raises:
        UsageError: there is nothing beside the root.
    """
    whole = folder if folder.name not in ("", "..") else folder.resolve()
    if not whole.name:
        raise UsageError(f"{folder} needs -o, for nothing lies beside it")
    return whole.with_name(whole.name + ending)


def is_aec(path: Path) -> bool:
    """Whether a file in a folder is one of ours."""
    return path.suffix.lower() == ".aec"


def is_folder(out: str) -> bool:
    """Whether `-o` means a folder: it is one, or ends with a slash."""
    return out.endswith(("/", os.sep)) or Path(out).is_dir()


def read_bytes(path: Path, unreadable: type[AecodecError]) -> bytes:
    """A file's content, or standard input's.

    Raises:
        ImageError, FormatError, ...: `unreadable`, with the system's reason.
    """
    if path == STANDARD:
        if sys.stdin is None:
            raise unreadable("it is closed")
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(f"cannot be read: {error.strerror}") from error


def refuse_overwriting(target: Path, force: bool) -> None:
    """Stop before any work is done in vain.

    Raises:
        UsageError: the file is there, and `--force` was not given.
    """
    if target != STANDARD and not force and os.path.lexists(target):
        raise UsageError(f"{target} exists already; --force overwrites it")


def write_bytes(target: Path, content: bytes) -> None:
    """Write a file under a temporary name and rename it, or write to standard output.

    Raises:
        UsageError: standard output is a terminal.
        AecodecError: it cannot be written.
    """
    if target == STANDARD:
        return _write_to_standard_output(content)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not target.is_file():
            target.write_bytes(content)  # a device or a pipe
        else:
            _replace(target.resolve(), content)  # what a link points to, not the link
    except OSError as error:
        raise AecodecError(f"{target} cannot be written: {error.strerror}") from error


def write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write the numbered files of a folder, all or none, in place of older ones.

    Raises:
        AecodecError: they cannot be written.
    """
    import tempfile  # loads random and shutil: no need for one file

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".aecodec-", dir=folder.parent) as temporary:
            for name, content in contents.items():
                Path(temporary, name).write_bytes(content)
            folder.mkdir(exist_ok=True)
            for old in folder.iterdir():
                if old.name not in contents and _is_numbered(old, contents):
                    old.unlink()
            for name in contents:
                os.replace(Path(temporary, name), folder / name)
    except OSError as error:
        raise AecodecError(f"{folder} cannot be written: {error.strerror}") from error


def _is_numbered(old: Path, contents: Mapping[str, bytes]) -> bool:
    """Whether a file's name is one that more of the contents would have had."""
    like = Path(next(iter(contents)))
    return old.stem.isdecimal() and (len(old.stem), old.suffix) == (len(like.stem), like.suffix)


def _write_to_standard_output(content: bytes) -> None:
    if sys.stdout is None:
        raise AecodecError("standard output is closed")
    if sys.stdout.isatty():
        raise UsageError("a terminal cannot show these bytes: send them to a file or a pipe")
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _replace(target: Path, content: bytes) -> None:
    temporary = target.with_name(f".aecodec-{os.urandom(6).hex()}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
        if target.exists():
            temporary.chmod(target.stat().st_mode)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
