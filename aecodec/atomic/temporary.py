"""Temporary files and folders, which are renamed when complete; leftovers are removed.

A process holds a lock on its temporary files and folders, which the system releases when the
process ends for any reason. Unlocked temporary files are therefore leftovers of killed processes.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from aecodec.atomic.disk import sync_descriptor
from aecodec.atomic.locks import Lock, try_lock

_PREFIX = ".aecodec-"
_NAME = re.compile(re.escape(_PREFIX) + "[0-9a-f]{12}")

_BINARY = getattr(os, "O_BINARY", 0)
_CLOSES_EARLY = os.name == "nt"
"""Windows cannot rename open files."""

_existing: set[Path] = set()
"""Temporary files and folders of this process, to remove if a signal ends it."""


class _SweptError(Exception):
    """Another process removed a temporary folder before it was locked."""


@contextmanager
def temporary_file(folder: Path, content: bytes) -> Iterator[Path]:
    """Write a temporary file, to rename or link in the block, and remove it afterwards.

    When the block begins, the content is on the disk, not only in the system's memory.

    Raises:
        OSError: the file cannot be written.
    """
    with _held(folder, _new_file) as (path, descriptor):
        assert descriptor is not None
        with open(descriptor, "wb", closefd=_CLOSES_EARLY) as file:
            file.write(content)
            file.flush()
            sync_descriptor(file.fileno())
        yield path


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """Create an empty folder, to fill and rename in the block, and remove it afterwards.

    Raises:
        OSError: the folder cannot be created.
    """
    with _held(parent, _new_folder) as (path, _):
        yield path


def sweep(folders: Iterable[Path]) -> None:
    """Remove leftovers of killed processes from some folders."""
    for folder in folders:
        with suppress(OSError):  # the folder does not exist yet, or cannot be changed
            for path in folder.glob(f"{_PREFIX}*"):
                if _NAME.fullmatch(path.name):
                    _remove_unlocked(path)


@lru_cache
def sweep_once(folder: Path) -> None:
    """Sweep a folder only once in this process, however many files it writes there."""
    sweep([folder])


def remove_all() -> None:
    """Remove all temporary files and folders of this process before it ends."""
    for path in tuple(_existing):
        _remove(path)


@contextmanager
def _held(folder: Path, make: Callable[[Path], int | None]) -> Iterator[tuple[Path, int | None]]:
    """Create a locked file or folder; try again if another process swept it before."""
    while True:
        path = folder / f"{_PREFIX}{os.urandom(6).hex()}"
        _existing.add(path)
        descriptor = None
        try:
            descriptor = make(path)
            if descriptor is None or _lock(path, descriptor):
                yield path, descriptor
                return
        except _SweptError:
            pass
        finally:
            _remove(path)
            if descriptor is not None and not _CLOSES_EARLY:
                os.close(descriptor)


def _new_file(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _BINARY, 0o666)


def _new_folder(path: Path) -> int | None:
    """Create a folder; the descriptor is None on Windows, where folders have none."""
    path.mkdir()
    try:
        return None if _CLOSES_EARLY else os.open(path, os.O_RDONLY)
    except FileNotFoundError as error:
        raise _SweptError from error


def _lock(path: Path, descriptor: int) -> bool:
    """Lock a file or folder; return False if another process is removing it."""
    return try_lock(descriptor) is not Lock.BUSY and os.path.exists(path)


def _remove(path: Path) -> None:
    """Remove a file or a folder if it exists; ignore errors, as the next sweep tries again."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
    _existing.discard(path)


def _remove_unlocked(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if try_lock(descriptor) is Lock.ACQUIRED:
            _remove(path)
    finally:
        os.close(descriptor)
