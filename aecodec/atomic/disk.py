"""Wait until files are on the disk; after a power cut, other files may be empty."""

from __future__ import annotations

import errno
import os
from pathlib import Path

_HAS_NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS}


def make_parents(path: Path) -> None:
    """Create the parent folders of a path.

    Raises:
        NotADirectoryError: a parent is a file.
        OSError: the folders cannot be created.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:  # callers would think that the file itself exists
        number = errno.ENOTDIR
        raise NotADirectoryError(number, os.strerror(number), str(path.parent)) from error


def sync_descriptor(descriptor: int) -> None:
    """Wait until an open file is on the disk.

    Raises:
        OSError: the file cannot be written, for example because the disk is full.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _HAS_NO_SYNC:
            raise


def sync_file(path: Path) -> None:
    """Wait until a file is on the disk.

    Raises:
        OSError: the file cannot be written.
    """
    _sync(path, os.O_RDWR)


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk; Windows needs no such call.

    Raises:
        OSError: the folder cannot be written.
    """
    if os.name != "nt":
        _sync(path, os.O_RDONLY)


def _sync(path: Path, mode: int) -> None:
    descriptor = os.open(path, mode)
    try:
        sync_descriptor(descriptor)
    finally:
        os.close(descriptor)
