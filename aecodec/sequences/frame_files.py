"""The files of a sequence, the numbers of their frames, and a cache of opened files."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_of_file
from aecodec.errors import FormatError, InputError, errors_about
from aecodec.format.container import BEGINNING, frames_stated
from aecodec.format.limits import Limits
from aecodec.sequences.opened_file import OpenedFile

Value = TypeVar("Value")


class RecentValues:
    """A cache of recently used values with at most `max_bytes`; the newest value is always kept.

    Threads may share it. They wait while a value is made, so no value is made twice.

    >>> cache = RecentValues(10)
    >>> cache.get("a", lambda: b"six by", len)
    b'six by'
    >>> cache.get("a", lambda: b"never made", len)
    b'six by'
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.RLock()

    def get(self, key: Hashable, make: Callable[[], Value], size: Callable[[Value], int]) -> Value:
        """Return a cached value, or make and cache it."""
        with self._lock:
            if key not in self._values:
                value = make()
                self._add(key, value, size(value))
            self._values.move_to_end(key)
            return self._values[key][0]

    def _add(self, key: Hashable, value: Any, size: int) -> None:
        self._values[key] = value, size
        self._bytes += size
        while self._bytes > self._max_bytes and len(self._values) > 1:
            _, (_, dropped) = self._values.popitem(last=False)
            self._bytes -= dropped


_CACHE_BYTES = 1 << 28
"""Largest size of cached files, codes and alpha planes; a million digits have 90 MB."""


def _new_cache() -> RecentValues:
    return RecentValues(_CACHE_BYTES)


@dataclass(frozen=True, eq=False)
class FrameFiles:
    """An `.aec` file, or the files of a folder, at any depth, sorted by path.

    It pickles without its cache, but with the paths and frame counts that it has already read.

    Attributes:
        path: the file or the folder.
        codec: the codec that made the files; None for built-in codecs, which the files name.
        limits: limits of each file.
    """

    path: Path
    codec: Codec | None = None
    limits: Limits = Limits()
    _cache: RecentValues = field(default_factory=_new_cache, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_cache"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _cache=_new_cache())

    @cached_property
    def paths(self) -> list[Path]:
        """The files; InputError if the folder has no `.aec` files."""
        if not self.path.is_dir():
            return [self.path]
        paths = sorted(
            Path(folder, name)
            for folder, _, names in os.walk(self.path)
            for name in names
            if name.lower().endswith(".aec")
        )
        if not paths:
            raise InputError(f"{self.path}: this folder has no .aec files")
        return paths

    @cached_property
    def starts(self) -> npt.NDArray[np.intp]:
        """(files + 1,) number of the first frame of each file; the last item counts all frames.

        Only the first bytes of each file are read. Raises InputError if there are no files, or a
        file cannot be read, and FormatError if a file is not an `.aec` file.
        """
        counts = []
        for path in self.paths:
            with errors_about(path):
                counts.append(frames_stated(_read(path, BEGINNING)))
        return np.concatenate([[0], np.cumsum(counts, dtype=np.intp)]).astype(np.intp)

    def opened(self, number: int) -> OpenedFile:
        """Return a file by its number, from the cache or newly opened.

        Raises AecodecError if the file cannot be read, or has changed since its frames were
        counted.
        """
        return self._cache.get(number, lambda: self._open(number), lambda opened: opened.size)

    @contextmanager
    def named(self, number: int) -> Iterator[None]:
        """Add the name of a file to the errors of the block."""
        with errors_about(self.paths[number]):
            yield

    def _open(self, number: int) -> OpenedFile:
        data = _read(self.paths[number])
        content = hashlib.sha256(data).digest()  # the file may be another one when opened again
        codec = self.codec or codec_of_file(data)
        opened = OpenedFile(
            data,
            codec.decoder,
            self.limits,
            lambda part, make: self._cache.get((content, part), make, lambda array: array.nbytes),
        )
        if opened.frames != self.starts[number + 1] - self.starts[number]:
            raise FormatError("changed since its frames were counted: open the sequence again")
        return opened


def _read(path: Path, size: int = -1) -> bytes:
    if path.exists() and not path.is_file():
        raise InputError("not a regular file")  # reading a pipe would never end
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error
