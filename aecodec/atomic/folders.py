"""Write all files of a folder atomically.

A new folder is written under a temporary name and renamed. An existing folder is written again
under a temporary name, with hard links to the files that stay, and the two folders are exchanged.
Other processes see either all old files or all new ones, even if a process is killed or the power
fails.

Some folders cannot be exchanged: mount points, the working folder, folders in a parent without
write permission, folders with many other files, and all folders on systems without `renameat2` of
Linux. In these, all files are written under temporary names and then renamed one by one. A process
that is killed between two renames leaves some old and some new files. A codec with such a mixture
is rejected because of the hashes in its last file, and repeating the call completes the folder.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path

from aecodec.atomic.files import check_absent, make_parents
from aecodec.atomic.locks import locked
from aecodec.atomic.temporary import sweep, sync_file, sync_folder, temporary_folder

Contents = Mapping[str, bytes]
"""The files of a folder, by name."""

_MAX_LINKS = 100
"""Largest number of files and folders that stay in a folder that is exchanged."""

_AT_WORKING_FOLDER, _EXCHANGE = -100, 2
"""`AT_FDCWD` and `RENAME_EXCHANGE` in Linux."""


def make_folder(folder: Path, contents: Contents) -> None:
    """Create a folder with files; names with `/` are files in subfolders.

    Raises FileExistsError if the path exists, and OSError if the files cannot be written; the
    folder is then not created.
    """
    make_parents(folder)
    sweep([folder.parent])
    with temporary_folder(folder.parent) as new:
        _fill(new, contents)
        check_absent(folder)
        try:
            os.rename(new, folder)
        except OSError:
            check_absent(folder)  # another process was faster
            raise
    sync_folder(folder.parent)


def update_folder(
    folder: Path,
    contents: Contents,
    *,
    replace: bool,
    is_outdated: Callable[[Path], bool] = lambda _: False,
) -> None:
    """Write files to a folder, or a link to it, atomically; a missing folder is created.

    Other files stay, unless they are outdated. Raises FileExistsError if a file exists and
    `replace` is False, and OSError if the files cannot be written.
    """
    path, folder = folder, Path(os.path.realpath(folder))
    if not os.path.lexists(folder):
        with suppress(FileExistsError):  # another process was faster
            make_folder(folder, contents)
            return
    sweep([folder, folder.parent])
    with locked(folder):
        _check_names(path, contents, replace)
        existing = [file for file in folder.iterdir() if file.name not in contents]
        outdated = [file for file in existing if is_outdated(file)]
        staying = [file for file in existing if file not in outdated]
        if _is_in_use(folder) or _has_too_many_links(staying):
            _change_within(folder, contents, outdated)
            return
        try:
            _replace(folder, contents, {file.name for file in outdated})
        except OSError:  # it cannot be exchanged; otherwise this fails again
            _change_within(folder, contents, outdated)


def remove_folder(folder: Path) -> None:
    """Remove a folder in one step; OSError if it does not exist or cannot be removed."""
    with temporary_folder(folder.parent) as temporary:
        os.rename(folder, temporary / folder.name)


def _fill(folder: Path, contents: Contents) -> None:
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        sync_file(path)
    for filled in {(folder / name).parent for name in contents} | {folder}:
        sync_folder(filled)


def _check_names(folder: Path, contents: Contents, replace: bool) -> None:
    for name in contents:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not replace:
            check_absent(path)


def _replace(folder: Path, contents: Contents, outdated: set[str]) -> None:
    """Replace a folder in one step by one with links to its other files and the same rights."""

    def ignored(path: str, _: list[str]) -> set[str]:
        return {*contents, *outdated} if Path(path) == folder else set()

    with temporary_folder(folder.parent) as new:
        shutil.copytree(
            folder, new, symlinks=True, ignore=ignored, copy_function=os.link, dirs_exist_ok=True
        )
        os.utime(new)  # the content is new
        old = folder.stat()
        if (old.st_uid, old.st_gid) != (new.stat().st_uid, new.stat().st_gid):
            os.chown(new, old.st_uid, old.st_gid)
        _fill(new, contents)
        _exchange(new, folder)
    sync_folder(folder.parent)


def _exchange(first: Path, second: Path) -> None:
    """Exchange two paths on one file system, so that both exist at any time."""
    import ctypes

    paths = (_AT_WORKING_FOLDER, os.fsencode(first), _AT_WORKING_FOLDER, os.fsencode(second))
    try:
        function = ctypes.CDLL(None, use_errno=True).renameat2
    except (TypeError, AttributeError) as error:  # it exists only in Linux
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from error
    if function(*paths, _EXCHANGE):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _is_in_use(folder: Path) -> bool:
    """Whether the working folder is in a folder, whose exchange would delete it."""
    working = Path.cwd()
    return folder == working or folder in working.parents


def _has_too_many_links(paths: Iterable[Path]) -> bool:
    links = (link for path in paths for link in (path, *path.rglob("*")))
    return len(list(islice(links, _MAX_LINKS + 1))) > _MAX_LINKS


def _change_within(folder: Path, contents: Contents, outdated: Iterable[Path]) -> None:
    """Change the files of a folder one by one."""
    with temporary_folder(folder) as new:
        _fill(new, contents)
        for path in outdated:
            path.unlink()
        for name in contents:
            os.replace(new / name, folder / name)
    sync_folder(folder)
