"""Write a file atomically: as a temporary file in the same folder, which is renamed in one step.

Leftovers of killed processes in this folder are removed first.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from aecodec.atomic.locks import locked
from aecodec.atomic.temporary import sweep_once, sync_folder, temporary_file

_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


def write_file(target: Path, content: bytes, *, replace: bool) -> None:
    """Write a file atomically, and create its folder if it does not exist.

    With `replace`, an existing file keeps its permissions; if it is a link, its target is replaced.
    Otherwise FileExistsError is raised if the file exists, even if two processes that both checked
    before write it. Raises OSError if the file cannot be written; an existing file is unchanged.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_file(Path(folder, "a"), b"first", replace=False)
    ...     write_file(Path(folder, "a"), b"second", replace=True)
    ...     Path(folder, "a").read_bytes(), len(list(Path(folder).iterdir()))
    (b'second', 1)
    """
    if replace:
        target = Path(os.path.realpath(target))
    make_parents(target)
    sweep_once(target.parent.absolute())
    with temporary_file(target.parent, content) as temporary:
        if not replace:
            _create(temporary, target)
        else:
            if target.exists():
                temporary.chmod(target.stat().st_mode)
            os.replace(temporary, target)
    sync_folder(target.parent)


def make_parents(path: Path) -> None:
    """Create the parent folders of a path; NotADirectoryError if a parent is a file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:  # callers would think that the file itself exists
        number = errno.ENOTDIR
        raise NotADirectoryError(number, os.strerror(number), str(path.parent)) from error


def check_absent(path: Path) -> None:
    """Raise FileExistsError if a file, a folder or a link has a path."""
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def _create(temporary: Path, target: Path) -> None:
    """Rename a file in one step, but only if the target does not exist."""
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with locked(target.parent):  # without links, only safe against other such calls
            check_absent(target)
            os.rename(temporary, target)
