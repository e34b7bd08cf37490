"""Temporary files and folders, which are renamed when complete; leftovers are removed.

A process holds a lock on its temporary files and folders, which the system releases when the
process ends for any reason. Unlocked temporary files are therefore leftovers of killed processes.
Files are synchronized with the disk; after a power cut, other files may be empty.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from types import FrameType

from aecodec.atomic.locks import try_lock

_PREFIX = ".aecodec-"
_NAME = re.escape(_PREFIX) + "[0-9a-f]{12}"

_BINARY = getattr(os, "O_BINARY", 0)
_IS_WINDOWS = os.name == "nt"
"""Windows cannot rename open files, and cannot open folders."""

_NO_FILE = -1
"""Instead of the descriptor of a file."""

_HAS_NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS}
_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]

_existing: set[Path] = set()
"""Temporary files and folders of this process, to remove if a signal ends it."""


@contextmanager
def temporary_file(folder: Path, content: bytes) -> Iterator[Path]:
    """Write a temporary file, to rename or link in the block, and remove it afterwards.

    When the block begins, the content is on the disk, not only in the system's memory. Raises
    OSError if the file cannot be written.
    """
    with _held(folder, is_folder=False) as (path, descriptor):
        with open(descriptor, "wb", closefd=_IS_WINDOWS) as file:
            file.write(content)
            file.flush()
            _sync(file.fileno())
        yield path


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """Create an empty folder, to fill and rename in the block, and remove it afterwards."""
    with _held(parent, is_folder=True) as (path, _):
        yield path


def sweep(folders: Iterable[Path]) -> None:
    """Remove leftovers of killed processes from some folders."""
    for folder in folders:
        with suppress(OSError):  # the folder does not exist yet, or cannot be changed
            for path in folder.glob(f"{_PREFIX}*"):
                if re.fullmatch(_NAME, path.name):
                    _remove_unlocked(path)


@lru_cache
def sweep_once(folder: Path) -> None:
    """Sweep a folder only once in this process, however many files it writes there."""
    sweep([folder])


@contextmanager
def tidy_termination() -> Iterator[None]:
    """Remove temporary files before SIGTERM or SIGHUP ends this process.

    No exception is raised, because libraries ignore exceptions in callbacks. Ignored signals stay
    ignored. Outside of the main thread, nothing changes.
    """
    installed = _ENDING if threading.current_thread() is threading.main_thread() else []
    installed = [number for number in installed if signal.getsignal(number) == signal.SIG_DFL]
    for number in installed:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in installed:
            signal.signal(number, signal.SIG_DFL)


def sync_file(path: Path) -> None:
    """Wait until a file is on the disk; OSError if, for example, the disk is full."""
    _sync_path(path, os.O_RDWR)


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk; Windows needs no such call."""
    if not _IS_WINDOWS:
        _sync_path(path, os.O_RDONLY)


def _sync_path(path: Path, mode: int) -> None:
    descriptor = os.open(path, mode)
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _HAS_NO_SYNC:
            raise


@contextmanager
def _held(folder: Path, *, is_folder: bool) -> Iterator[tuple[Path, int]]:
    """Create a locked file or folder; try again if another process swept it before."""
    while True:
        path, descriptor = folder / f"{_PREFIX}{os.urandom(6).hex()}", _NO_FILE
        _existing.add(path)
        try:
            descriptor = _created(path, is_folder)
            is_ours = descriptor == _NO_FILE or try_lock(descriptor) is not False
            if is_ours and os.path.exists(path):
                yield path, descriptor
                return
        finally:
            _remove(path)
            if descriptor != _NO_FILE and not _IS_WINDOWS:
                os.close(descriptor)


def _created(path: Path, is_folder: bool) -> int:
    """Create a file or a folder, and open it; `_NO_FILE` if it is not open."""
    if not is_folder:
        return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _BINARY, 0o666)
    path.mkdir()
    with suppress(FileNotFoundError):  # another process swept it
        return _NO_FILE if _IS_WINDOWS else os.open(path, os.O_RDONLY)
    return _NO_FILE


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
        if try_lock(descriptor):
            _remove(path)
    finally:
        os.close(descriptor)


def _end(number: int, frame: FrameType | None) -> None:
    for path in tuple(_existing):
        _remove(path)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
