"""Temporary files: written beside the result, renamed when whole, swept away where one was left.

The process that writes a temporary file or folder holds a lock on it, which the system takes away
when that process ends, however it ends. So what nobody holds was left by a killed process.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where nothing is swept
    fcntl = None  # type: ignore[assignment]

_PREFIX = ".aecodec-"
_OURS = re.compile(re.escape(_PREFIX) + "[0-9a-f]{12}")


@contextmanager
def temporary_file(folder: Path, content: bytes) -> Iterator[Path]:
    """A file with a content, to be renamed or linked in the block, and removed after it."""
    path, descriptor = _held_file(folder)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        if fcntl is None:  # Windows renames no open file
            os.close(descriptor)
        yield path
    finally:
        path.unlink(missing_ok=True)
        if fcntl is not None:
            os.close(descriptor)


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """An empty folder, to be filled and renamed in the block, and removed after it."""
    path = _new_name(parent)
    path.mkdir()
    descriptor = _held(path)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        if descriptor is not None:
            os.close(descriptor)


def sweep(folders: Iterable[Path]) -> None:
    """Remove the temporary files and folders that killed processes left in some folders."""
    for folder in folders if fcntl else ():
        with suppress(OSError):  # no such folder yet, or one that we may not change
            for path in folder.glob(f"{_PREFIX}*"):
                if _OURS.fullmatch(path.name):
                    _remove_if_left(path)


def _new_name(folder: Path) -> Path:
    return folder / f"{_PREFIX}{os.urandom(6).hex()}"


def _held_file(folder: Path) -> tuple[Path, int]:
    """A new file that is open and locked; another one if it was swept before it was locked."""
    while True:
        path = _new_name(folder)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _BINARY, 0o666)
        _lock(descriptor)
        if fcntl is None or os.fstat(descriptor).st_nlink:
            return path, descriptor
        os.close(descriptor)


_BINARY = getattr(os, "O_BINARY", 0)


def _held(path: Path) -> int | None:
    """A locked descriptor of a folder; None where the system has none."""
    if fcntl is None:
        return None
    descriptor = os.open(path, os.O_RDONLY)
    _lock(descriptor)
    return descriptor


def _lock(descriptor: int) -> bool:
    """Lock a file or folder if nobody has; file systems without locks count as locked."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove_if_left(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if not _lock(descriptor):
            return
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    finally:
        os.close(descriptor)
