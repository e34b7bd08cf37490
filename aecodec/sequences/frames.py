"""Sequences of the frames of files, as arrays of pixels or of codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.errors import ImageError, UsageError, memory_errors_wrapped
from aecodec.sequences.frame_files import FrameFiles, Numbers, OpenedFile

_AT_ONCE = 256
_PIXELS_AT_ONCE = 1 << 22
"""Number of frames and of pixels to decode at once when iterating."""

Index = int | np.integer[Any] | slice | Sequence[int] | npt.NDArray[np.integer[Any]]
"""An index of one or several frames of a sequence; negative numbers count from the end."""


Read = Callable[[OpenedFile, Numbers], npt.NDArray[Any]]
"""Returns the stacked arrays of some frames of a file."""


class Frames:
    """The frames of files as arrays, made by :func:`aecodec.frames`.

    `frames[3]` and `frames[-1]` are uint8 arrays: (H, W) for grey pictures, (H, W, C) for others.
    `frames[10:20]` and `frames[[5, 1, 3]]` are stacked: (N, H, W) or (N, H, W, C). `len` and
    iteration work as well. A pickled sequence contains paths and the codec, so every process of a
    data loader opens the files itself. Threads may share a sequence.

    >>> import tempfile
    >>> from pathlib import Path
    >>> import aecodec
    >>> path = Path(tempfile.mkdtemp(), "digits.aec")
    >>> _ = path.write_bytes(aecodec.compress(np.zeros((5, 28, 28), np.uint8)))
    >>> aecodec.frames(path).codes[1:3].shape
    (2, 1, 44)
    """

    def __init__(self, files: FrameFiles, read: Read = OpenedFile.pixels) -> None:
        self._files, self._read = files, read

    @property
    def codes(self) -> Frames:
        """The codes of each frame, exactly as they were encoded: (V, K) int16.

        A frame has V code vectors with K codes each, at the file's level. They are decoded without
        a network; :meth:`DecoderCodec.reconstruct` converts them to pictures.
        """
        return Frames(self._files, OpenedFile.codes)

    def __len__(self) -> int:
        return int(self._files.starts[-1])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {str(self._files.path)!r}: {len(self)}>"

    @memory_errors_wrapped()
    def __getitem__(self, index: Index) -> npt.NDArray[Any]:
        """Return one array, or the stacked arrays of a slice or a list of numbers.

        Raises:
            IndexError: there is no frame with this number.
            FormatError: a file is damaged.
            CodecError: a file was made by another codec, or by a codec that is not installed.
            LimitError: a file claims more than the limits.
            ImageError: the selected frames differ in shape.
            AecodecError: memory runs out.
        """
        if isinstance(index, slice):
            return self._stacked(np.arange(*index.indices(len(self))))
        numbers = np.asarray(index)
        stacked = self._stacked(self._checked(np.atleast_1d(numbers)))
        return stacked if numbers.ndim else stacked[0]

    def __getitems__(self, numbers: Sequence[int]) -> npt.NDArray[Any]:
        """Return the stacked arrays of a batch, for PyTorch's data loaders."""
        return self[numbers]

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        """Stack all arrays."""
        return np.asarray(self[:], dtype)

    def __iter__(self) -> Iterator[npt.NDArray[Any]]:
        for number, (first, end) in enumerate(pairwise(self._files.starts.tolist())):
            with self._files.named(number):
                pixels = self._files.opened(number).pixels_of_frame
            step = max(1, min(_AT_ONCE, _PIXELS_AT_ONCE // pixels))
            for start in range(first, end, step):
                yield from self[start : min(start + step, end)]

    def _checked(self, numbers: npt.NDArray[Any]) -> Numbers:
        """Check that numbers are in range, and count negative ones from the end."""
        if numbers.ndim != 1 or not (numbers.dtype.kind in "iu" or not numbers.size):
            raise UsageError(
                f"an index of type {numbers.dtype} and shape {numbers.shape}: give an integer, a "
                "slice or a list of integers"
            )
        count = len(self)
        if wrong := [int(number) for number in numbers if not -count <= number < count]:
            raise IndexError(f"frame {wrong[0]}: there are {count} frames, counted from 0")
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
