"""The files of a sequence: which there are, where the frames of each begin, and which are open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_of_file
from aecodec.errors import FormatError, InputError, errors_about
from aecodec.format.container import BEGINNING, frames_stated
from aecodec.format.limits import Limits
from aecodec.sequences.opened_file import OpenedFile
from aecodec.sequences.recent import Recent

_KEPT = 1 << 28
"""Bytes of files, codes and alpha planes that are kept at most; a million digits are 90 MB."""


def _new_recent() -> Recent:
    return Recent(_KEPT)


@dataclass(frozen=True, eq=False)
class Files:
    """An `.aec` file, or the files of a folder, at any depth, sorted by path.

    It pickles as what it was made of, with the number of frames of each file if they were counted.

    Attributes:
        path: the file or the folder.
        codec: the codec that made the files; found by the id in each, among those that ship, if
            None.
        limits: what is accepted of each file.
    """

    path: Path
    codec: Codec | None = None
    limits: Limits = Limits()
    _recent: Recent = field(default_factory=_new_recent, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        kept = {each.name for each in fields(self)} - {"_recent"} | {"paths", "starts"}
        return {name: value for name, value in vars(self).items() if name in kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _recent=_new_recent())

    @cached_property
    def paths(self) -> list[Path]:
        """The files.

        Raises:
            InputError: there are none.
        """
        if not self.path.is_dir():
            return [self.path]
        found = sorted(
            Path(folder, name)
            for folder, _, names in os.walk(self.path)
            for name in names
            if name.lower().endswith(".aec")
        )
        if not found:
            raise InputError(f"{self.path}: no .aec file in this folder")
        return found

    @cached_property
    def starts(self) -> npt.NDArray[np.intp]:
        """(files + 1,) number of the first frame of each file, and of all frames.

        Only the first bytes of each file are read.

        Raises:
            InputError: there are no files, or one cannot be read.
            FormatError: one is no `.aec` file.
        """
        counts = [self._count(path) for path in self.paths]
        return np.concatenate([[0], np.cumsum(counts, dtype=np.intp)]).astype(np.intp)

    def opened(self, number: int) -> OpenedFile:
        """A file by its number, as it was opened last or anew.

        Raises:
            AecodecError: it cannot be read, or is not what it was when its frames were counted.
        """
        return self._recent.get(number, lambda: self._open(number), lambda opened: opened.size)

    @contextmanager
    def named(self, number: int) -> Iterator[None]:
        """Name a file in the errors of the block."""
        with errors_about(self.paths[number]):
            yield

    def _open(self, number: int) -> OpenedFile:
        data = _read(self.paths[number])
        codec = self.codec or codec_of_file(data)
        opened = OpenedFile(
            data,
            codec.decoder,
            self.limits,
            lambda part, make: self._recent.get((number, part), make, lambda made: made.nbytes),
        )
        if opened.frames != self.starts[number + 1] - self.starts[number]:
            raise FormatError("changed since its frames were counted: open the sequence again")
        return opened

    def _count(self, path: Path) -> int:
        with errors_about(path):
            return frames_stated(_read(path, BEGINNING))


def _read(path: Path, most: int = -1) -> bytes:
    if path.exists() and not path.is_file():
        raise InputError("no ordinary file")  # a pipe would never end
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error
