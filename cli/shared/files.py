"""Reading files, and writing them whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from aecodec.cli.shared.jobs import STANDARD
from aecodec.errors import AecodecError, UsageError
from aecodec.format.instruction import Origin


def read_bytes(path: Path, error_type: type[AecodecError]) -> bytes:
    """Read a file or standard input.

    Raises:
        AecodecError: of the given type, with the system's reason.
    """
    if path == STANDARD:
        if sys.stdin is None:
            raise error_type("it is closed")
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise error_type(f"cannot be read: {error.strerror}") from error


def check_overwriting(target: Path, force: bool) -> None:
    """Check that a file may be written, before any work is done for it.

    Raises:
        UsageError: it exists, and `--force` was not given.
    """
    if target != STANDARD and not force and os.path.lexists(target):
        raise UsageError(f"{target} exists already; --force overwrites it")


def write_bytes(target: Path, content: bytes) -> None:
    """Write a file under a temporary name and rename it, or write to standard output.

    Raises:
        UsageError: standard output is a terminal.
        AecodecError: the file cannot be written.
    """
    if target == STANDARD:
        return _write_to_standard_output(content)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not target.is_file():
            target.write_bytes(content)  # a device or a pipe
        else:
            _replace(target.resolve(), content)  # the file that a link points to, not the link
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


def write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write the numbered files of a folder, all or none, in place of older ones.

    Raises:
        AecodecError: they cannot be written.
    """
    import tempfile  # loads random and shutil, which one file can spare

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".aecodec-", dir=folder.parent) as temporary:
            for name, content in contents.items():
                Path(temporary, name).write_bytes(content)
            folder.mkdir(exist_ok=True)
            for old in folder.iterdir():
                if old.name not in contents and _is_numbered(old, contents):
                    old.unlink()
            for name in contents:
                os.replace(Path(temporary, name), folder / name)
    except OSError as error:
        raise AecodecError(f"{folder} cannot be written: {error.strerror}") from error


def _is_numbered(old: Path, contents: Mapping[str, bytes]) -> bool:
    """Whether a file is named as the contents are, with a number beyond theirs."""
    like = Path(next(iter(contents)))
    return old.stem.isdecimal() and (len(old.stem), old.suffix) == (len(like.stem), like.suffix)


def _write_to_standard_output(content: bytes) -> None:
    if sys.stdout is None:
        raise AecodecError("standard output is closed")
    if sys.stdout.isatty():
        raise UsageError("a terminal cannot show these bytes: send them to a file or a pipe")
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _replace(target: Path, content: bytes) -> None:
    temporary = target.with_name(f".aecodec-{os.urandom(6).hex()}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
        if target.exists():
            temporary.chmod(target.stat().st_mode)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
