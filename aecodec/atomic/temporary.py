"""Temporary files: written beside the result, renamed when whole, swept away where one was left.

The process that writes a temporary file or folder holds a lock on it, which the system takes away
when that process ends, however it ends. So what nobody holds was left by a killed process.
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
_OURS = re.compile(re.escape(_PREFIX) + "[0-9a-f]{12}")

_BINARY = getattr(os, "O_BINARY", 0)
_CLOSES_EARLY = os.name == "nt"
"""Windows renames nothing that is open."""

_alive: set[Path] = set()
"""What this process has made and not removed yet, for when a signal ends it."""


class _SweptError(Exception):
    """Another process took what was just made for something that was left."""


@contextmanager
def temporary_file(folder: Path, content: bytes) -> Iterator[Path]:
    """A file with a content, to be renamed or linked in the block, and removed after it.

    The content is on the disk, and not in the system's memory alone, before the block begins.

    Raises:
        OSError: it cannot be written.
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
    """An empty folder, to be filled and renamed in the block, and removed after it.

    Raises:
        OSError: it cannot be made.
    """
    with _held(parent, _new_folder) as (path, _):
        yield path


def sweep(folders: Iterable[Path]) -> None:
    """Remove the temporary files and folders that killed processes left in some folders."""
    for folder in folders:
        with suppress(OSError):  # no such folder yet, or one that we may not change
            for path in folder.glob(f"{_PREFIX}*"):
                if _OURS.fullmatch(path.name):
                    _remove_if_left(path)


@lru_cache
def sweep_once(folder: Path) -> None:
    """Sweep a folder, but not again for each of the files that a batch writes into it."""
    sweep([folder])


def remove_all() -> None:
    """Remove all temporary files and folders of this process, which is about to end."""
    for path in tuple(_alive):
        _remove(path)


@contextmanager
def _held(folder: Path, make: Callable[[Path], int | None]) -> Iterator[tuple[Path, int | None]]:
    """A new file or folder that is locked; another one if it was swept before it was locked."""
    while True:
        path = folder / f"{_PREFIX}{os.urandom(6).hex()}"
        _alive.add(path)
        descriptor = None
        try:
            descriptor = make(path)
            if descriptor is None or _is_ours(path, descriptor):
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
    """Make a folder; the descriptor is None where folders have none."""
    path.mkdir()
    try:
        return None if _CLOSES_EARLY else os.open(path, os.O_RDONLY)
    except FileNotFoundError as error:
        raise _SweptError from error


def _is_ours(path: Path, descriptor: int) -> bool:
    """Lock what was made, and tell whether it is still there."""
    if try_lock(descriptor) is Lock.HELD_BY_ANOTHER:
        return False
    return os.path.exists(path)


def _remove(path: Path) -> None:
    """Remove a file or a folder, if it is there; what resists is swept away another time."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
    _alive.discard(path)


def _remove_if_left(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if try_lock(descriptor) is Lock.OURS:
            _remove(path)
    finally:
        os.close(descriptor)
