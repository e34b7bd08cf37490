"""Ranges of bytes in a file, at a URL or in memory, to read only parts of a file."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from aecodec.base.errors import FormatError, InputError
from aecodec.base.urls import is_url, masked, object_size, read_object
from aecodec.codec.sources import DataSource, to_bytes

_FIRST = 1 << 14
"""Number of bytes that the first request for a URL reads; often the whole head."""


class Ranges(NamedTuple):
    """The size of a file, and functions to read from one offset to another and to close it."""

    size: int
    read: Callable[[int, int], bytes]
    close: Callable[[], None] = lambda: None

    @classmethod
    def of(cls, source: DataSource) -> Ranges:
        """Open a path, a URL or the content of a file; InputError if there is no such file."""
        if not isinstance(source, str | os.PathLike):
            return _of_content(to_bytes(source))
        path = Path(source)
        try:
            return _of_url(path) if is_url(path) else _of_file(path)
        except (OSError, ValueError) as error:
            raise InputError(masked(f"{path} cannot be read: {error}")) from error

    def read_parts(self, parts: Sequence[tuple[int, int]]) -> list[bytes]:
        """Read ascending parts (start, stop), with one call for adjacent parts."""
        contents: list[bytes] = []
        while len(contents) < len(parts):
            first = last = len(contents)
            while last + 1 < len(parts) and parts[last + 1][0] == parts[last][1]:
                last += 1
            start = parts[first][0]
            joined = self.read(start, parts[last][1])
            contents += (joined[a - start : b - start] for a, b in parts[first : last + 1])
        return contents


def _of_content(content: bytes) -> Ranges:
    return Ranges(len(content), lambda start, stop: content[start:stop])


def _of_file(path: Path) -> Ranges:
    file, lock = path.open("rb"), threading.Lock()

    def read(start: int, stop: int) -> bytes:
        with lock:
            file.seek(start)
            return file.read(stop - start)

    return Ranges(file.seek(0, os.SEEK_END), read, file.close)


def _of_url(url: Path) -> Ranges:
    size = object_size(url)
    first = read_object(url, 0, min(size, _FIRST))

    def read(start: int, stop: int) -> bytes:
        content = first[start:stop] if stop <= len(first) else read_object(url, start, stop)
        if len(content) != min(stop, size) - start:
            raise FormatError(masked(f"{url}: the file changed after it was opened; open it again"))
        return content

    return Ranges(size, read)
