"""A file that appears whole: written beside its place, put on the disk, and named in one step.

What killed processes left beside its place is swept away before.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from aecodec.atomic.disk import make_parents, sync_folder
from aecodec.atomic.locks import locked
from aecodec.atomic.temporary import sweep_once, temporary_file

_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


def write_file(target: Path, content: bytes, *, replace: bool) -> None:
    """Write a file that appears whole under its name or not at all.

    Args:
        target: the file; its folder is made if it does not exist. Where it is a link that is to be
            replaced, the file that it points to is replaced.
        content: bytes of the file.
        replace: replace a file that exists, whose permissions stay. Without it, of two processes
            that write one file the second fails, whatever both checked before.

    Raises:
        FileExistsError: the file exists, and is not to be replaced.
        OSError: it cannot be written; what was there before still is.

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
        if replace:
            _replace(temporary, target)
        else:
            _make(temporary, target)
    sync_folder(target.parent)


def _replace(temporary: Path, target: Path) -> None:
    if target.exists():
        temporary.chmod(target.stat().st_mode)
    os.replace(temporary, target)


def _make(temporary: Path, target: Path) -> None:
    """Give a file its name only if nothing has that name, as one step of the file system."""
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _make_without_links(temporary, target)


def _make_without_links(temporary: Path, target: Path) -> None:
    """Do as :func:`_make` on file systems without links, safe among processes that do so too."""
    with locked(target.parent):
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        os.rename(temporary, target)
