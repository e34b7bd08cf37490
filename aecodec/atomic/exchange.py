"""Exchange two files or folders in one step of the file system."""

from __future__ import annotations

import errno
import os
import shutil
from functools import cache
from pathlib import Path
from typing import Any

_AT_WORKING_FOLDER, _EXCHANGE = -100, 2
"""`AT_FDCWD` and `RENAME_EXCHANGE` in Linux."""


def exchange(first: Path, second: Path) -> None:
    """Exchange two paths on one file system, so that both exist at any time.

    Raises:
        OSError: ENOSYS or EINVAL if the system or the file system does not support it (only
            `renameat2` in Linux does), or any other error of `rename(2)`.
    """
    paths = (_AT_WORKING_FOLDER, os.fsencode(first), _AT_WORKING_FOLDER, os.fsencode(second))
    function, number = _renameat2(), errno.ENOSYS
    if function and not function(*paths, _EXCHANGE):
        return
    if function:
        import ctypes

        number = ctypes.get_errno()
    raise OSError(number, os.strerror(number), str(first), None, str(second))


@cache
def _renameat2() -> Any:
    """The function of the C library; None if it does not exist."""
    try:
        import ctypes

        return ctypes.CDLL(None, use_errno=True).renameat2
    except (ImportError, OSError, TypeError, AttributeError):
        return None


def copy_rights(source: Path, target: Path) -> None:
    """Copy owner, permissions and attributes from one folder to another.

    Raises:
        OSError: this user lacks the permission.
    """
    shutil.copystat(source, target)
    os.utime(target)  # copystat copies the times as well, but the content is new
    old, new = source.stat(), target.stat()
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        os.chown(target, old.st_uid, old.st_gid)
