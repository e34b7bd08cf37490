"""Locks on files and folders, which the system takes away from a process that ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where nothing is locked, nor swept
    fcntl = None  # type: ignore[assignment]


class Lock(Enum):
    """What came of an attempt to lock."""

    OURS = "ours"
    HELD_BY_ANOTHER = "held by another"
    UNKNOWN = "unknown"
    """The file system has no locks."""


def try_lock(descriptor: int) -> Lock:
    """Lock an open file or folder if nobody has; closing it unlocks it."""
    if fcntl is None:
        return Lock.UNKNOWN
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return Lock.HELD_BY_ANOTHER
    except OSError:
        return Lock.UNKNOWN
    return Lock.OURS


@contextmanager
def held(folder: Path) -> Iterator[bool]:
    """Try to lock a folder for the block, without waiting.

    Yields:
        False if another process holds the lock; the block runs without it then.
    """
    if fcntl is None:
        yield True
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield try_lock(descriptor) is not Lock.HELD_BY_ANOTHER
    finally:
        os.close(descriptor)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Wait for the lock of a folder, and hold it in the block.

    Whoever had it may have put another folder in the place of this one, which is then locked.

    Raises:
        OSError: there is no such folder.
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
        return  # a file system without locks
