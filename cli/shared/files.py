"""Reading files, and writing them whole or not at all."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from aecodec.atomic.files import write_file
from aecodec.atomic.folders import make_folder, update_folder
from aecodec.atomic.temporary import sweep_once
from aecodec.cli.shared.found import STANDARD, reading
from aecodec.cli.shared.stdout import write_content
from aecodec.errors import AecodecError, InputError, UsageError
from aecodec.format.instruction import Origin
from aecodec.urls import Url

MOST_BYTES = 1 << 31
"""Most bytes that are read of a pipe or a device, which may have no end."""

_PART = 1 << 20


class ExistsError(UsageError):
    """A result that exists already, and was not to be overwritten."""


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """Read a file or standard input.

    Raises:
        InputError: it does not exist, or cannot be read, with the system's reason; or it is a pipe
            or a device with more than `most` bytes.
    """
    if path == STANDARD:
        if sys.stdin is None:
            raise InputError("it is closed")
        return _read_to_end(sys.stdin.buffer, most)
    try:
        if isinstance(path, Url) or path.is_file():
            return path.read_bytes()
        with path.open("rb") as file:
            return _read_to_end(file, most)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error
    except ValueError as error:  # a name that no file can have
        raise InputError(f"cannot be read: {error}") from error


def _read_to_end(file: IO[bytes], most: int) -> bytes:
    """Read a pipe or a device, in parts of a size."""
    parts, left = [], most
    while part := file.read(min(_PART, left + 1)):
        if len(part) > left:
            raise InputError(f"has more than {most:,} bytes, and perhaps no end: name a file")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def size_of(path: Path) -> int | None:
    """Size of a file in bytes; None if there is none, or it cannot be asked for."""
    try:
        if isinstance(path, Url):
            return path.size()
        return path.stat().st_size if os.path.isfile(path) else None
    except OSError:
        return None


def check_input(path: Path) -> None:
    """Check that a file or folder exists and may be read, before long work begins.

    Raises:
        InputError: it does not, or may not.
    """
    if not _exists(path, os.path.exists):
        raise InputError(f"{path}: no such file or folder")
    if not isinstance(path, Url) and not os.access(path, os.R_OK):
        raise InputError(f"{path} cannot be read: {os.strerror(errno.EACCES)}")


def check_overwriting(target: Path, force: bool) -> None:
    """Check that a file may be written, before any work is done for it.

    What a killed process left beside it is swept away, even if the file is there.

    Raises:
        ExistsError: it exists, and `--force` was not given.
    """
    if target == STANDARD:
        return
    if not isinstance(target, Url):
        sweep_once(target.absolute().parent)
    if not force and _exists(target, os.path.lexists):
        raise _existing(target)


def check_is_png(target: Path) -> None:
    """Check that the name of a figure does not stand for another format.

    Raises:
        UsageError: it does.
    """
    if target.suffix.lower() not in ("", ".png"):
        raise UsageError(f"{target}: figures are PNG files, so give a name that ends with .png")


def _exists(path: Path, look: Callable[[Path], bool]) -> bool:
    """Whether a path exists, by `look` if it is local.

    Raises:
        InputError: the object store of a URL does not answer.
    """
    if not isinstance(path, Url):
        return look(path)
    with reading(path):
        return path.exists()


def _existing(target: object) -> ExistsError:
    return ExistsError(f"{target} exists already; --force overwrites it")


def write_bytes(target: Path, content: bytes, force: bool) -> None:
    """Write a file that appears whole or not at all, or write to standard output.

    Args:
        target: the file, or `-`.
        content: bytes of the file.
        force: replace a file that exists. Without it, of two processes that write one file the
            second fails, whatever both checked before.

    Raises:
        ExistsError: the file exists, and is not to be replaced.
        UsageError: standard output is a terminal.
        AecodecError: the file cannot be written.
    """
    with _failures_of(target):
        if target == STANDARD:
            write_content(content)
        elif isinstance(target, Url):
            target.write(content, replace=force)
        elif force and target.exists() and not target.is_file():
            target.write_bytes(content)  # a device or a pipe
        else:
            write_file(target, content, replace=force)


@contextmanager
def _failures_of(target: Path) -> Iterator[None]:
    """Say what was being written when the system reports an error."""
    try:
        yield
    except FileExistsError as error:
        raise _existing(error.filename2 or error.filename) from error
    except OSError as error:
        raise AecodecError(f"{target} cannot be written: {error.strerror}") from error


def restore_time(target: Path, origin: Origin | None) -> None:
    """Give a written file the time of the file that its picture came from, if that is known."""
    is_local = target != STANDARD and not isinstance(target, Url)
    if origin is None or not is_local or not target.is_file():
        return
    try:
        os.utime(target, (target.stat().st_atime, origin.modified))
    except (OSError, OverflowError) as error:  # a file system or a system with narrower times
        raise AecodecError(f"{target}: its former time cannot be set: {error}") from error


def write_folder(folder: Path, contents: Mapping[str, bytes], force: bool) -> None:
    """Write a folder of numbered or named files, all or none; objects of a URL one by one.

    Args:
        folder: the folder.
        contents: its files by name.
        force: write into a folder that exists, and remove numbered files beyond these.

    Raises:
        ExistsError: the folder exists, and is not to be changed.
        AecodecError: the files cannot be written.
    """
    with _failures_of(folder):
        if isinstance(folder, Url):
            for name, content in contents.items():
                (folder / name).write(content, replace=force)
        elif force:
            update_folder(
                folder, contents, replace=True, is_outdated=lambda old: _is_numbered(old, contents)
            )
        else:
            make_folder(folder, contents)


def write_tree(folder: Path, contents: Mapping[str, bytes], force: bool) -> None:
    """Write a folder with folders in it.

    Args:
        folder: the folder.
        contents: the files by their paths in it, with `/` between names.
        force: write into a folder that exists: file after file in this order, each whole. Without
            it, all files appear or none.

    Raises:
        ExistsError: the folder exists, and is not to be changed.
        AecodecError: the files cannot be written.
    """
    with _failures_of(folder):
        if not (force and folder.exists()):
            make_folder(folder, contents)
            return
        for name, content in contents.items():
            write_file(folder / name, content, replace=True)


def add_to_folder(folder: Path, contents: Mapping[str, bytes], force: bool) -> None:
    """Write files into a folder, all or none; others that it holds stay.

    Args:
        folder: the folder; it is made if it does not exist.
        contents: the files by name.
        force: replace files that exist.

    Raises:
        ExistsError: one of the files exists, and is not to be replaced.
        AecodecError: the files cannot be written.
    """
    with _failures_of(folder):
        update_folder(folder, contents, replace=force)


def _is_numbered(old: Path, contents: Mapping[str, bytes]) -> bool:
    """Whether a file is named as the contents are, with a number beyond theirs."""
    like = Path(next(iter(contents)))
    numbers = old.is_file() and old.stem.isdecimal() and like.stem.isdecimal()
    return numbers and (len(old.stem), old.suffix) == (len(like.stem), like.suffix)
