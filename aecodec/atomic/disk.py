"""Waiting until files are on the disk: a power cut before that leaves a name without content."""

from __future__ import annotations

import errno
import os
from pathlib import Path

_HAS_NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS}


def make_parents(path: Path) -> None:
    """Make the folders that a path needs.

    Raises:
        NotADirectoryError: one of them is a file.
        OSError: they cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:  # a caller would take it for the file that it writes
        number = errno.ENOTDIR
        raise NotADirectoryError(number, os.strerror(number), str(path.parent)) from error


def sync_descriptor(descriptor: int) -> None:
    """Wait until an open file is on the disk.

    Raises:
        OSError: it is not, and never will be: the disk is full or broken.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _HAS_NO_SYNC:
            raise


def sync_file(path: Path) -> None:
    """Wait until a file is on the disk.

    Raises:
        OSError: it is not, and never will be.
    """
    _sync(path, os.O_RDWR)


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk; Windows sees to that itself.

    Raises:
        OSError: they are not, and never will be.
    """
    if os.name != "nt":
        _sync(path, os.O_RDONLY)


def _sync(path: Path, mode: int) -> None:
    descriptor = os.open(path, mode)
    try:
        sync_descriptor(descriptor)
    finally:
        os.close(descriptor)
