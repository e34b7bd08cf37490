"""Sequences of the frames of files: as arrays of pixels, and as arrays of codes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes, Pixels
from aecodec.coding.random_access import Numbers
from aecodec.errors import ImageError, UsageError, memory_errors_wrapped
from aecodec.sequences.files import Files
from aecodec.sequences.opened_file import OpenedFile

_AT_ONCE = 256
_PIXELS_AT_ONCE = 1 << 22
"""How much is decoded at once where frames are asked for one after the other."""

Index = int | np.integer[Any] | slice | Sequence[int] | npt.NDArray[np.integer[Any]]
"""Which frames of a sequence: one or several, of which negative numbers count from the end."""


class FrameSequence(ABC):
    """One array for each frame of files, in a sequence that is indexed as an array is.

    Args:
        files: the files.
    """

    def __init__(self, files: Files) -> None:
        self._files = files

    def __len__(self) -> int:
        return int(self._files.starts[-1])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {str(self._files.path)!r}: {len(self)}>"

    @memory_errors_wrapped()
    def __getitem__(self, index: Index) -> npt.NDArray[Any]:
        """One array by its number, or those of a slice or of a list of numbers, stacked.

        Raises:
            IndexError: there is no such number.
            FormatError: a file is damaged.
            CodecError: another codec made a file, or none that is installed.
            LimitError: a file claims more than is accepted.
            ImageError: several are asked for, and they differ in shape.
            AecodecError: memory runs out.
        """
        if isinstance(index, slice):
            return self._stacked(np.arange(*index.indices(len(self))))
        numbers = np.asarray(index)
        stacked = self._stacked(self._checked(np.atleast_1d(numbers)))
        return stacked if numbers.ndim else stacked[0]

    def __getitems__(self, numbers: Sequence[int]) -> npt.NDArray[Any]:
        """The arrays of a batch, stacked, which PyTorch's loaders ask for at once."""
        return self[numbers]

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        """All arrays, stacked."""
        return np.asarray(self[:], dtype)

    def __iter__(self) -> Iterator[npt.NDArray[Any]]:
        for number in range(len(self._files.paths)):
            yield from self._iterate_file(number)

    @abstractmethod
    def _read(self, file: OpenedFile, numbers: Numbers) -> npt.NDArray[Any]:
        """The arrays of some frames of a file, stacked."""

    def _iterate_file(self, number: int) -> Iterator[npt.NDArray[Any]]:
        with self._files.named(number):
            file = self._files.opened(number)
        step = max(1, min(_AT_ONCE, _PIXELS_AT_ONCE // file.pixels_of_frame))
        for start in range(0, file.frames, step):
            with self._files.named(number), memory_errors_wrapped():
                part = self._read(file, np.arange(start, min(start + step, file.frames)))
            yield from part

    def _checked(self, numbers: npt.NDArray[Any]) -> Numbers:
        """Numbers from 0, of frames that there are."""
        if numbers.ndim != 1 or not (numbers.dtype.kind in "iu" or not numbers.size):
            raise UsageError(
                f"an index of {numbers.dtype}, shape {numbers.shape}: frames are found by an "
                "integer, a slice or a list of integers"
            )
        count = len(self)
        if wrong := [int(each) for each in numbers if not -count <= each < count]:
            raise IndexError(f"frame {wrong[0]}: there are {count}")
        return np.where(numbers < 0, numbers + count, numbers).astype(np.intp)

    def _stacked(self, numbers: Numbers) -> npt.NDArray[Any]:
        if not len(numbers):
            return self[0][None][:0]
        owners = np.searchsorted(self._files.starts, numbers, side="right") - 1
        stacked: npt.NDArray[Any] | None = None
        for number in np.unique(owners).tolist():
            inside = owners == number
            part = self._of_file(number, numbers[inside])
            if stacked is None:
                stacked = np.empty((len(numbers), *part.shape[1:]), part.dtype)
            if part.shape[1:] != stacked.shape[1:]:
                raise ImageError(
                    f"frames of shape {stacked.shape[1:]} and {part.shape[1:]}: index frames of "
                    "several shapes one by one"
                )
            stacked[inside] = part
        assert stacked is not None
        return stacked

    def _of_file(self, number: int, numbers: Numbers) -> npt.NDArray[Any]:
        with self._files.named(number):
            file = self._files.opened(number)
            return self._read(file, numbers - self._files.starts[number])


class FrameCodes(FrameSequence):
    """The codes of the frames of files, for which no network runs.

    >>> import tempfile
    >>> from pathlib import Path
    >>> import aecodec
    >>> path = Path(tempfile.mkdtemp(), "digits.aec")
    >>> _ = path.write_bytes(aecodec.compress(np.zeros((5, 28, 28), np.uint8)))
    >>> aecodec.frames(path).codes[1:3].shape
    (2, 1, 44)
    """

    def _read(self, file: OpenedFile, numbers: Numbers) -> Codes:
        return file.codes(numbers)


class Frames(FrameSequence):
    """The frames of files as arrays; :func:`aecodec.frames` makes it.

    `frames[3]` and `frames[-1]` are uint8 arrays: (H, W) for grey pictures, (H, W, C) for others.
    `frames[10:20]` and `frames[[5, 1, 3]]` are stacked: (N, H, W) or (N, H, W, C). It has a length
    and is iterated over. It pickles as its path and its codec, so that every process of a loader
    opens the files for itself. Threads may share it.
    """

    @property
    def codes(self) -> FrameCodes:
        """The codes of each frame, exactly those that were encoded: (V, K) int16.

        V is the number of code vectors in a frame, and K that of codes in each at the file's level.
        They are decoded without a network, and :meth:`DecoderCodec.reconstruct` takes them.
        """
        return FrameCodes(self._files)

    def _read(self, file: OpenedFile, numbers: Numbers) -> Pixels:
        return file.pixels(numbers)
