"""Two names that exchange what they name, as one step of the file system."""

from __future__ import annotations

import errno
import os
import shutil
from functools import cache
from pathlib import Path
from typing import Any

_AT_WORKING_FOLDER, _EXCHANGE = -100, 2
"""`AT_FDCWD` and `RENAME_EXCHANGE` of Linux."""


def exchange(first: Path, second: Path) -> None:
    """Exchange two names of one file system, so that at no time one of them is missing.

    Raises:
        OSError: ENOSYS or EINVAL where the system or the file system has no such step (it is
            `renameat2` of Linux); any other number of `rename(2)`.
    """
    names = (os.fsencode(each) for each in (first, second))
    arguments = [value for name in names for value in (_AT_WORKING_FOLDER, name)]
    function, number = _renameat2(), errno.ENOSYS
    if function and not function(*arguments, _EXCHANGE):
        return
    if function:
        import ctypes

        number = ctypes.get_errno()
    raise OSError(number, os.strerror(number), str(first), None, str(second))


@cache
def _renameat2() -> Any:
    """The function of the C library; None where it has none."""
    try:
        import ctypes

        return ctypes.CDLL(None, use_errno=True).renameat2
    except (ImportError, OSError, TypeError, AttributeError):
        return None


def copy_rights(source: Path, target: Path) -> None:
    """Give a folder the owner, the permissions and the attributes of another.

    Raises:
        OSError: this user may not.
    """
    shutil.copystat(source, target)
    os.utime(target)  # copystat has copied the times too, and the content is new
    theirs, ours = source.stat(), target.stat()
    if (theirs.st_uid, theirs.st_gid) != (ours.st_uid, ours.st_gid):
        os.chown(target, theirs.st_uid, theirs.st_gid)
