"""A folder whose files appear all or none.

A new folder is made beside its place, and renamed. A folder that exists is made again beside its
place, with what stays in it as hard links, and both exchange their names. So whoever looks at it
sees all old files or all new ones, whenever a process is killed or the power fails.

Some folders cannot be exchanged: mount points, the working folder, those whose parent may not be
written, those with many other files, and all where the system has no such step (`renameat2` of
Linux). Their files are all written first, and then renamed one after another, each whole. A process
that is killed between two renames leaves some old files and some new ones; a codec is refused then,
by the hashes in its last file, and the same call again completes the folder.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path

from aecodec.atomic.disk import make_parents, sync_file, sync_folder
from aecodec.atomic.exchange import copy_rights, exchange
from aecodec.atomic.locks import locked
from aecodec.atomic.temporary import sweep, temporary_folder

Contents = Mapping[str, bytes]
"""The files of a folder, by name."""

_MOST_LINKS = 100
"""Files and folders that stay in a folder that is exchanged, at most."""

_NOT_EXCHANGED = {
    errno.EACCES,
    errno.EBUSY,
    errno.EINVAL,
    errno.EMLINK,
    errno.ENOSYS,
    errno.ENOTSUP,
    errno.EPERM,
    errno.EROFS,
    errno.EXDEV,
}
"""Errors that mean that a folder cannot be exchanged."""


def make_folder(folder: Path, contents: Contents) -> None:
    """Make a folder that does not exist.

    Args:
        folder: the folder; its parents are made as needed.
        contents: its files; a name may have `/` in it, for folders within.

    Raises:
        FileExistsError: something of this name exists.
        OSError: the files cannot be written; there is no folder then.
    """
    make_parents(folder)
    sweep([folder.parent])
    with temporary_folder(folder.parent) as new:
        _fill(new, contents)
        _check_absent(folder)
        try:
            os.rename(new, folder)
        except OSError:
            _check_absent(folder)  # another process was faster
            raise
    sync_folder(folder.parent)


def update_folder(
    folder: Path,
    contents: Contents,
    *,
    replace: bool,
    is_outdated: Callable[[Path], bool] = lambda _: False,
) -> None:
    """Give a folder some files, all or none; the others stay. It is made if it does not exist.

    Args:
        folder: the folder, or a link to it.
        contents: the files.
        replace: replace files that exist.
        is_outdated: whether one of the other files is to be removed in the same step.

    Raises:
        FileExistsError: one of the files exists, and is not to be replaced.
        OSError: the files cannot be written.
    """
    given, folder = folder, Path(os.path.realpath(folder))
    if not os.path.lexists(folder):
        with suppress(FileExistsError):  # another process was faster
            make_folder(folder, contents)
            return
    sweep([folder, folder.parent])
    with locked(folder):
        _check_names(given, contents, replace)
        others = [path for path in folder.iterdir() if path.name not in contents]
        outdated = [path for path in others if is_outdated(path)]
        staying = [path for path in others if path not in outdated]
        if not _exchanged(folder, contents, staying):
            _change_within(folder, contents, outdated)


def remove_folder(folder: Path) -> None:
    """Remove a folder in one step.

    Raises:
        OSError: there is none, or it may not be removed.
    """
    with temporary_folder(folder.parent) as grave:
        os.rename(folder, grave / folder.name)


def _fill(folder: Path, contents: Contents) -> None:
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        sync_file(path)
    for filled in {(folder / name).parent for name in contents} | {folder}:
        sync_folder(filled)


def _check_absent(path: Path) -> None:
    if os.path.lexists(path):
        raise _exists(path)


def _exists(path: Path) -> FileExistsError:
    return FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def _check_names(folder: Path, contents: Contents, replace: bool) -> None:
    for name in contents:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not replace:
            _check_absent(path)


def _exchanged(folder: Path, contents: Contents, staying: Iterable[Path]) -> bool:
    """Put a new folder in the place of one; False if this one cannot be exchanged."""
    if _is_in_use(folder) or _are_many(staying):
        return False
    try:
        with temporary_folder(folder.parent) as new:
            for path in staying:
                _link(path, new / path.name)
            _fill(new, contents)
            copy_rights(folder, new)
            exchange(new, folder)
    except OSError as error:
        if isinstance(error, shutil.Error) or error.errno in _NOT_EXCHANGED:
            return False
        raise
    sync_folder(folder.parent)
    return True


def _is_in_use(folder: Path) -> bool:
    """Whether this process works in a folder, which would be gone after an exchange."""
    working = Path.cwd()
    return folder == working or folder in working.parents


def _are_many(paths: Iterable[Path]) -> bool:
    found = (each for path in paths for each in (path, *path.rglob("*")))
    return len(list(islice(found, _MOST_LINKS + 1))) > _MOST_LINKS


def _link(path: Path, target: Path) -> None:
    """Give a file, or all files of a folder, a second name."""
    if path.is_dir() and not path.is_symlink():
        shutil.copytree(path, target, symlinks=True, copy_function=os.link)
    else:
        os.link(path, target, follow_symlinks=False)


def _change_within(folder: Path, contents: Contents, outdated: Iterable[Path]) -> None:
    """Change a folder where it is, file by file."""
    with temporary_folder(folder) as new:
        _fill(new, contents)
        for path in outdated:
            path.unlink()
        for name in contents:
            os.replace(new / name, folder / name)
    sync_folder(folder)
