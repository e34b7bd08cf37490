"""Locks on files and folders, which the system releases when a process ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

try:
    import fcntl
except ImportError:  # on Windows, nothing is locked or swept
    fcntl = None  # type: ignore[assignment]


class Lock(Enum):
    """Result of an attempt to lock."""

    ACQUIRED = "acquired"
    BUSY = "busy"
    """Another process holds the lock."""

    UNKNOWN = "unknown"
    """The file system has no locks."""


def try_lock(descriptor: int) -> Lock:
    """Lock an open file or folder without waiting; closing it releases the lock."""
    if fcntl is None:
        return Lock.UNKNOWN
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return Lock.BUSY
    except OSError:
        return Lock.UNKNOWN
    return Lock.ACQUIRED


@contextmanager
def held(folder: Path) -> Iterator[bool]:
    """Try to lock a folder during the block, without waiting.

    Yields:
        False if another process holds the lock; the block then runs without it.
    """
    if fcntl is None:
        yield True
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield try_lock(descriptor) is not Lock.BUSY
    finally:
        os.close(descriptor)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Wait for the lock of a folder, and hold it during the block.

    If the previous holder replaced the folder, the new folder is locked.

    Raises:
        OSError: the folder does not exist.
    """
    if fcntl is None:
        yield
        return
    while True:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _wait_for(descriptor)
            if os.path.samestat(os.fstat(descriptor), os.stat(folder)):
                yield
                return
        finally:
            os.close(descriptor)


def _wait_for(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        return  # the file system has no locks
