"""The frames of a file as a sequence."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.base.errors import InputError, UsageError, errors_about, memory_errors_wrapped
from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_of_file
from aecodec.format.limits import Limits
from aecodec.imaging.picture import to_array
from aecodec.native.reading import Decoding, parts_for

_AT_ONCE = 256
_PIXELS_AT_ONCE = 1 << 22
"""Number of frames and of pixels to decode at once when iterating."""

Array = npt.NDArray[Any]
Numbers = npt.NDArray[np.intp]

Index = int | np.integer[Any] | slice | Sequence[int] | npt.NDArray[np.integer[Any]]
"""An index of one or several frames of a sequence; negative numbers count from the end."""


class Frames:
    """The frames of a file as arrays, made by :func:`aecodec.frames`.

    `frames[3]` and `frames[-1]` are uint8 arrays: (H, W) for grey pictures, otherwise (H, W, C).
    `frames[10:20]` and `frames[[5, 1, 3]]` return stacks: (N, H, W) or (N, H, W, C). `len` and
    iteration also work. A pickled sequence contains the path and the codec, so every process of
    a data loader opens the file itself. Threads may share a sequence.
    """

    def __init__(self, path: Path, codec: Codec | None = None, limits: Limits = Limits()) -> None:
        self._arguments, self._lock = (path, codec, limits), threading.Lock()
        with errors_about(path):
            data = _read(path)
            self._decoder = decoder = (codec or codec_of_file(data)).decoder
            self._header = decoder.header(data)
            width, height = self._header.size or decoder.spec.tile[::-1]
            native, self._pixels_of_frame = decoder.folder.native, width * height
            parts = parts_for(native, decoder.workers, width, height)
            self._decoding = Decoding.of_file(native, data, limits, parts)
        self._whole: Array | None = None

    def __reduce__(self) -> tuple[Callable[..., Frames], tuple[Path, Codec | None, Limits]]:
        return Frames, self._arguments

    def __len__(self) -> int:
        return self._header.frames

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {str(self._arguments[0])!r}: {len(self)}>"

    @memory_errors_wrapped()
    def __getitem__(self, index: Index) -> Array:
        """Return one array, or the stacked arrays of a slice or a list of numbers.

        Raises IndexError if a number is out of range, and FormatError if the file is damaged.
        """
        if isinstance(index, slice):
            return self._stacked(np.arange(*index.indices(len(self))))
        numbers = np.asarray(index)
        stacked = self._stacked(self._checked(np.atleast_1d(numbers)))
        return stacked if numbers.ndim else stacked[0]

    def __getitems__(self, numbers: Sequence[int]) -> Array:
        """Return the stacked arrays of a batch, for PyTorch's data loaders."""
        return self[numbers]

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        """Stack all arrays."""
        return np.asarray(self[:], dtype)

    def __iter__(self) -> Iterator[Array]:
        step = max(1, min(_AT_ONCE, _PIXELS_AT_ONCE // self._pixels_of_frame))
        for start in range(0, len(self), step):
            yield from self[start : start + step]

    def _checked(self, numbers: Array) -> Numbers:
        """Check that numbers are in range, and count negative ones from the end."""
        if numbers.ndim != 1 or not (numbers.dtype.kind in "iu" or not numbers.size):
            raise UsageError(
                f"the index has the type {numbers.dtype} and the shape {numbers.shape}: use an "
                "integer, a slice or a list of integers"
            )
        count = len(self)
        if wrong := [int(number) for number in numbers if not -count <= number < count]:
            raise IndexError(f"there is no frame {wrong[0]}: use a number from 0 to {count - 1}")
        return np.where(numbers < 0, numbers + count, numbers).astype(np.intp)

    def _stacked(self, numbers: Numbers) -> Array:
        """Decode frames (n,) to (n, H, W) or (n, H, W, C); refinements need all of them."""
        if not len(numbers):
            return self[0][None][:0]
        with self._lock, errors_about(self._arguments[0]):
            if self._header.refinements:
                self._whole = self._decoded(0, len(self)) if self._whole is None else self._whole
                return self._whole[numbers]
            ordered, places = np.unique(numbers, return_inverse=True)
            runs = np.split(ordered, np.flatnonzero(np.diff(ordered) > 1) + 1)
            parts = [self._decoded(int(run[0]), len(run)) for run in runs]
            joined = np.concatenate(parts, dtype=parts[0].dtype)  # else in the machine's byte order
            return joined[places]

    def _decoded(self, first: int, frames: int) -> Array:
        self._decoding.select(first, frames)
        self._decoder.run(self._decoding)
        return to_array(self._decoding.picture(self._header, self._decoder.workers))


def _read(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise InputError("not a regular file: use an .aec file")  # a pipe may have no end
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"the file cannot be read: {error.strerror}") from error
