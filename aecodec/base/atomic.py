"""Write files and folders atomically, even if a process is killed or the disk is full.

Results are written to a temporary folder next to their target, and renamed. Only a killed process
leaves its temporary folder, whose name is `.aecodec-` and 12 digits. Files are synchronized with
the disk, so that they are not empty after a power cut.

In an existing folder, all files are written before the first is renamed. A process that is killed
between two renames leaves some old and some new files; repeating the call completes the folder. A
codec is a single file, so it is always complete.
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

try:
    import fcntl
except ImportError:  # on Windows, nothing is locked
    fcntl = None  # type: ignore[assignment]

_HAS_NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS}
_HAS_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}

TEMPORARY = ".aecodec-"
"""Start of the names of temporary folders. Nothing else may read their files."""

Contents = Mapping[str, bytes]
"""The files of a folder, by name; names with `/` are files in subfolders."""


@contextmanager
def locked(folder: Path, *, waits: bool = True) -> Iterator[bool]:
    """Lock a folder for the block; yield False if another process has the lock, unless it waits."""
    if fcntl is None:
        yield True
        return
    descriptor, is_ours = os.open(folder, os.O_RDONLY), True
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:  # else the file system has no locks
            is_ours = not isinstance(error, BlockingIOError)
        yield is_ours
    finally:
        os.close(descriptor)


_existing: set[Path] = set()
"""Temporary folders of this process."""


def end_tidily(number: int, _: FrameType | None) -> NoReturn:
    """Signal handler that removes temporary folders and ends this process."""
    for path in tuple(_existing):
        shutil.rmtree(path, ignore_errors=True)
    os._exit(128 + number)


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """Create an empty folder, whose files are renamed in the block, and remove it afterwards."""
    path = parent / f"{TEMPORARY}{os.urandom(6).hex()}"
    _existing.add(path)
    try:
        path.mkdir()
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        _existing.discard(path)


def write_file(target: Path, content: bytes, *, replace: bool) -> None:
    """Write a file atomically, and create its folder if it does not exist.

    With `replace`, an existing file keeps its permissions; if it is a link, its target is replaced.
    Otherwise FileExistsError is raised if the file exists, even if two processes check first and
    then write it at the same time. Raises OSError if the file cannot be written; an existing file
    is unchanged.
    """
    if replace:
        target = Path(os.path.realpath(target))
    _make_parents(target)
    with temporary_folder(target.parent) as folder:
        new = folder / "new"
        _write(new, content)
        if not replace:
            _create(new, target)
        else:
            if target.exists():
                new.chmod(target.stat().st_mode)
            os.replace(new, target)
    _sync_folder(target.parent)


def _create(new: Path, target: Path) -> None:
    """Rename a file in one step, but only if the target does not exist."""
    try:
        os.link(new, target)
    except OSError as error:
        if error.errno not in _HAS_NO_LINKS:
            raise
        with locked(target.parent):  # without links, only safe against other such calls
            _check_absent(target)
            os.rename(new, target)


def make_folder(folder: Path, contents: Contents) -> None:
    """Create a folder with files; FileExistsError if the path exists, OSError if that fails."""
    _make_parents(folder)
    with temporary_folder(folder.parent) as new:
        _fill(new, contents)
        _check_absent(folder)
        try:
            os.rename(new, folder)
        except OSError:
            _check_absent(folder)  # another process was faster
            raise
    _sync_folder(folder.parent)


def update_folder(
    folder: Path,
    contents: Contents,
    *,
    replace: bool,
    is_outdated: Callable[[Path], bool] = lambda _: False,
) -> None:
    """Write files to a folder, or a link to it; a missing folder is created.

    Other files in the folder stay unless they are outdated. Raises FileExistsError if a file exists
    and `replace` is False, and OSError if the files cannot be written.
    """
    if not os.path.lexists(folder):
        with suppress(FileExistsError):  # another process was faster
            make_folder(folder, contents)
            return
    with locked(folder):
        _check_names(folder, contents, replace)
        existing = [file for file in folder.iterdir() if file.name not in contents]
        outdated = [file for file in existing if is_outdated(file)]
        with temporary_folder(folder) as new:
            _fill(new, contents)
            for name in contents:
                _make_parents(folder / name)
                os.replace(new / name, folder / name)
            for path in outdated:
                path.unlink()
    for changed in {(folder / name).parent for name in contents}:
        _sync_folder(changed)


def remove_folder(folder: Path) -> None:
    """Remove a folder in one step; OSError if it does not exist or cannot be removed."""
    with temporary_folder(folder.parent) as temporary:
        os.rename(folder, temporary / folder.name)


def _check_names(folder: Path, contents: Contents, replace: bool) -> None:
    for name in contents:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not replace:
            _check_absent(path)


def _check_absent(path: Path) -> None:
    """Raise FileExistsError if a file, a folder or a link exists at a path."""
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def _make_parents(path: Path) -> None:
    """Create the parent folders of a path; NotADirectoryError if a parent is a file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:  # callers would think that the file itself exists
        number = errno.ENOTDIR
        raise NotADirectoryError(number, os.strerror(number), str(path.parent)) from error


def _fill(folder: Path, contents: Contents) -> None:
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        _write(folder / name, content)
    for filled in {(folder / name).parent for name in contents} | {folder}:
        _sync_folder(filled)


def _write(path: Path, content: bytes) -> None:
    """Write a file, and wait until it is on the disk; OSError if, for example, the disk is full."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        _sync(file.fileno())


def _sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk; Windows needs no such call."""
    if os.name != "nt":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            _sync(descriptor)
        finally:
            os.close(descriptor)


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _HAS_NO_SYNC:
            raise
