"""Reading files, and writing them whole or not at all."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from aecodec.cli.shared.found import STANDARD, real_path
from aecodec.cli.shared.temporary import temporary_file, temporary_folder
from aecodec.errors import AecodecError, InputError, UsageError
from aecodec.format.instruction import Origin

_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


class ExistsError(UsageError):
    """A result that exists already, and was not to be overwritten."""


def read_bytes(path: Path) -> bytes:
    """Read a file or standard input.

    Raises:
        InputError: it does not exist, or cannot be read; with the system's reason.
    """
    if path == STANDARD:
        if sys.stdin is None:
            raise InputError("it is closed")
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error
    except ValueError as error:  # a name that no file can have
        raise InputError(f"cannot be read: {error}") from error


def check_input(path: Path) -> None:
    """Check that a file or folder exists and may be read, before long work begins.

    Raises:
        InputError: it does not, or may not.
    """
    if not os.path.exists(path):
        raise InputError(f"{path}: no such file or folder")
    if not os.access(path, os.R_OK):
        raise InputError(f"{path} cannot be read: {os.strerror(errno.EACCES)}")


def check_overwriting(target: Path, force: bool) -> None:
    """Check that a file may be written, before any work is done for it.

    Raises:
        ExistsError: it exists, and `--force` was not given.
    """
    if target != STANDARD and not force and os.path.lexists(target):
        raise _exists(target)


def check_is_png(target: Path) -> None:
    """Check that the name of a figure does not stand for another format.

    Raises:
        UsageError: it does.
    """
    if target.suffix.lower() not in ("", ".png"):
        raise UsageError(f"{target}: figures are PNG files, so give a name that ends with .png")


def _exists(target: Path) -> ExistsError:
    return ExistsError(f"{target} exists already; --force overwrites it")


def write_bytes(target: Path, content: bytes, force: bool) -> None:
    """Write a file under a temporary name and rename it, or write to standard output.

    Args:
        target: the file, or `-`.
        content: what it shall hold.
        force: replace a file that exists. Without it, of two processes that write one file the
            second fails, whatever both checked before.

    Raises:
        ExistsError: the file exists, and is not to be replaced.
        UsageError: standard output is a terminal.
        AecodecError: the file cannot be written.
    """
    if target == STANDARD:
        return _write_to_standard_output(content)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not force:
            _make(target, content)
        elif target.exists() and not target.is_file():
            target.write_bytes(content)  # a device or a pipe
        else:
            _replace(real_path(target), content)  # the file that a link points to, not the link
    except OSError as error:
        raise AecodecError(f"{target} cannot be written: {error.strerror}") from error


def restore_time(target: Path, origin: Origin | None) -> None:
    """Give a written file the time of the file that its picture came from, if that is known."""
    if origin is None or target == STANDARD or not target.is_file():
        return
    try:
        os.utime(target, (target.stat().st_atime, origin.modified))
    except (OSError, OverflowError) as error:  # a file system or a system with narrower times
        raise AecodecError(f"{target}: its former time cannot be set: {error}") from error


def write_folder(folder: Path, contents: Mapping[str, bytes], force: bool) -> None:
    """Write the files of a folder, all or none.

    Args:
        folder: the folder.
        contents: its files by name.
        force: write into a folder that exists, and remove numbered files beyond these.

    Raises:
        ExistsError: the folder exists, and is not to be changed.
        AecodecError: the files cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with temporary_folder(folder.parent) as temporary:
            for name, content in contents.items():
                Path(temporary, name).write_bytes(content)
            _move_folder(temporary, folder, contents, force)
    except OSError as error:
        raise AecodecError(f"{folder} cannot be written: {error.strerror}") from error


def _move_folder(temporary: Path, folder: Path, contents: Mapping[str, bytes], force: bool) -> None:
    check_overwriting(folder, force)
    if not folder.exists():
        try:
            os.rename(temporary, folder)
            return
        except OSError:  # another process was faster
            check_overwriting(folder, force)
    for old in folder.iterdir():
        if old.name not in contents and _is_numbered(old, contents):
            old.unlink()
    for name in contents:
        os.replace(Path(temporary, name), folder / name)


def _is_numbered(old: Path, contents: Mapping[str, bytes]) -> bool:
    """Whether a file is named as the contents are, with a number beyond theirs."""
    like = Path(next(iter(contents)))
    numbers = old.stem.isdecimal() and like.stem.isdecimal()
    return numbers and (len(old.stem), old.suffix) == (len(like.stem), like.suffix)


def _write_to_standard_output(content: bytes) -> None:
    if sys.stdout is None:
        raise AecodecError("standard output is closed")
    if sys.stdout.isatty():
        raise UsageError("a terminal cannot show these bytes: send them to a file or a pipe")
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _replace(target: Path, content: bytes) -> None:
    with temporary_file(target.parent, content) as temporary:
        if target.exists():
            temporary.chmod(target.stat().st_mode)
        temporary.replace(target)


def _make(target: Path, content: bytes) -> None:
    """Give a file its name only if nothing has that name, as one step of the file system."""
    with temporary_file(target.parent, content) as temporary:
        try:
            os.link(temporary, target)
        except FileExistsError:
            raise _exists(target) from None
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            _claim_and_replace(temporary, target)


def _claim_and_replace(temporary: Path, target: Path) -> None:
    """The same where files have no second names: an empty file claims the name first."""
    try:
        target.open("xb").close()
    except FileExistsError:
        raise _exists(target) from None
    temporary.replace(target)
