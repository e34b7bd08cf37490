"""Reading files, and writing them atomically."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from aecodec.base.atomic import make_folder, update_folder, write_file
from aecodec.base.errors import AecodecError, InputError, UsageError
from aecodec.base.urls import check_is_local, is_url, read_object
from aecodec.cli.shared.discovery import STANDARD
from aecodec.cli.shared.stdout import write_content
from aecodec.codec.sources import content_of, read_to_end
from aecodec.format.origin import Origin


class ExistsError(UsageError):
    """The result already exists and may not be overwritten."""


def read_bytes(path: Path) -> bytes:
    """Read a file or standard input, but at most 2 GiB of a pipe or device; or InputError."""
    try:
        if path == STANDARD:
            if sys.stdin is None:
                raise InputError("it is closed; redirect it from a file or a pipe")
            return read_to_end(sys.stdin.buffer)
        return read_object(path) if is_url(path) else content_of(path)
    except OSError as error:
        raise InputError(f"the file cannot be read: {error.strerror}") from error
    except ValueError as error:  # an impossible file name
        raise InputError(f"the file cannot be read: {error}") from error


@contextmanager
def opened_input(path: Path) -> Iterator[IO[bytes]]:
    """Open a seekable file, or the content of a file that is not seekable; or InputError."""
    try:
        is_file = path != STANDARD and path.is_file()
        file = path.open("rb") if is_file else io.BytesIO(read_bytes(path))
    except (OSError, ValueError) as error:  # ValueError: an impossible file name
        text = getattr(error, "strerror", None) or error
        raise InputError(f"the file cannot be read: {text}") from error
    with file:
        yield file


def size_of(path: Path) -> int | None:
    """Size of a file in bytes; None for a URL, or if it does not exist or is not accessible."""
    with suppress(OSError):
        return path.stat().st_size if os.path.isfile(path) else None
    return None


def check_input(path: Path) -> None:
    """Raise InputError unless a file or folder exists and may be read; UsageError for a URL."""
    check_is_local(path)
    if not os.path.exists(path):
        raise InputError(f"{path}: no such file or folder")
    if not os.access(path, os.R_OK):
        raise InputError(f"{path} cannot be read: {os.strerror(errno.EACCES)}")


def check_overwriting(target: Path, force: bool) -> None:
    """Raise ExistsError if a file exists and `force` is not set, and UsageError for a URL."""
    if target == STANDARD:
        return
    check_is_local(target)
    if not force and os.path.lexists(target):
        raise _existing(target)


def _existing(target: object) -> ExistsError:
    return ExistsError(f"{target} already exists; use --force to overwrite it")


def write_bytes(target: Path, content: bytes, force: bool) -> None:
    """Write a file atomically, or write to standard output.

    Raises ExistsError if the file exists, or two processes write it, and `force` is not set,
    UsageError if standard output is a terminal, and AecodecError if the file cannot be written.
    """
    with _failures_of(target):
        if target == STANDARD:
            write_content(content)
        elif force and target.exists() and not target.is_file():
            target.write_bytes(content)  # a device or a pipe
        else:
            write_file(target, content, replace=force)


@contextmanager
def _failures_of(target: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise _existing(error.filename2 or error.filename) from error
    except OSError as error:
        raise AecodecError(f"{target} cannot be written: {error.strerror}") from error


def restore_time(target: Path, origin: Origin | None) -> None:
    """Set the modification time of a written file to that of its original, if it is known."""
    if origin is None or target == STANDARD or not target.is_file():
        return
    try:
        os.utime(target, (target.stat().st_atime, origin.modified))
    except (OSError, OverflowError) as error:  # the file system may support fewer timestamps
        raise AecodecError(f"{target}: cannot restore its timestamp: {error}") from error


def write_folder(folder: Path, contents: Mapping[str, bytes], force: bool) -> None:
    """Write a folder of files, whose names may be numbers or have subfolders.

    A new folder is written completely or not at all. With `force`, the folder may exist; numbered
    files with higher numbers are removed. Raises ExistsError or AecodecError.
    """
    with _failures_of(folder):
        if force:
            update_folder(
                folder, contents, replace=True, is_outdated=lambda old: _is_numbered(old, contents)
            )
        else:
            make_folder(folder, contents)


def add_to_folder(folder: Path, contents: Mapping[str, bytes], force: bool) -> None:
    """Write files into a folder, which keeps its other files; ExistsError or AecodecError."""
    with _failures_of(folder):
        update_folder(folder, contents, replace=force)


def _is_numbered(old: Path, contents: Mapping[str, bytes]) -> bool:
    """Whether the name of an existing file is a number in the same format as the new names."""
    example = Path(next(iter(contents)))
    are_numbers = old.is_file() and old.stem.isdecimal() and example.stem.isdecimal()
    return are_numbers and (len(old.stem), old.suffix) == (len(example.stem), example.suffix)
