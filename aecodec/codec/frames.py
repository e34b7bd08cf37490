"""Sequences of the frames of files."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.codec.codec import Codec
from aecodec.codec.decoder_codec import DecoderCodec
from aecodec.codec.registry import codec_of_file
from aecodec.errors import (
    FormatError,
    ImageError,
    InputError,
    UsageError,
    errors_about,
    memory_errors_wrapped,
)
from aecodec.format.limits import Limits
from aecodec.imaging.picture import to_array
from aecodec.native.headers import read_beginning
from aecodec.native.reading import Decoding, parts_for
from aecodec.native.structures import BEGINNING

_AT_ONCE = 256
_PIXELS_AT_ONCE = 1 << 22
"""Number of frames and of pixels to decode at once when iterating."""

_OPEN_FILES = 8
"""Number of files that are kept open, with the codes of their last message."""

Array = npt.NDArray[Any]
Numbers = npt.NDArray[np.intp]

Index = int | np.integer[Any] | slice | Sequence[int] | npt.NDArray[np.integer[Any]]
"""An index of one or several frames of a sequence; negative numbers count from the end."""


class OpenedFile:
    """A file from which selected frames are decoded, in any thread; errors are the decoder's."""

    def __init__(self, data: bytes, decoder: DecoderCodec, limits: Limits) -> None:
        self._header, self._decoder, self._lock = decoder.header(data), decoder, threading.Lock()
        width, height = self._header.size or decoder.spec.tile[::-1]
        native = decoder.folder.native
        parts = parts_for(native, decoder.workers, width, height)
        self._decoding = Decoding.of_file(native, data, limits, parts)
        self._whole: Array | None = None
        self.frames, self.pixels_of_frame = self._header.frames, width * height

    def pixels(self, numbers: Numbers) -> Array:
        """Decode frames (n,) to (n, H, W) or (n, H, W, C); refinements need all of them."""
        with self._lock:
            if self._header.refinements:
                self._whole = self._decoded(0, self.frames) if self._whole is None else self._whole
                return self._whole[numbers]
            ordered, places = np.unique(numbers, return_inverse=True)
            runs = np.split(ordered, np.flatnonzero(np.diff(ordered) > 1) + 1)
            return _concatenated([self._decoded(int(run[0]), len(run)) for run in runs])[places]

    def _decoded(self, first: int, frames: int) -> Array:
        self._decoding.select(first, frames)
        self._decoder.run(self._decoding)
        return to_array(self._decoding.picture(self._header, self._decoder.workers))


def _concatenated(parts: Sequence[Array]) -> Array:
    return np.concatenate(parts, dtype=parts[0].dtype)  # otherwise in the byte order of the machine


def _read(path: Path, size: int = -1) -> bytes:
    if path.exists() and not path.is_file():
        raise InputError("not a regular file")  # reading a pipe would never end
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error


class Frames:
    """The frames of files as arrays, made by :func:`aecodec.frames`.

    `frames[3]` and `frames[-1]` are uint8 arrays: (H, W) for grey pictures, (H, W, C) for others.
    `frames[10:20]` and `frames[[5, 1, 3]]` are stacked: (N, H, W) or (N, H, W, C). `len` and
    iteration work as well. A pickled sequence contains paths and the codec, so every process of a
    data loader opens the files itself. Threads may share a sequence.
    """

    def __init__(self, path: Path, codec: Codec | None = None, limits: Limits = Limits()) -> None:
        self._path, self._codec, self._limits = path, codec, limits

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_opened"}

    @cached_property
    def _paths(self) -> list[Path]:
        """The files; InputError if the folder has no `.aec` files."""
        if not self._path.is_dir():
            return [self._path]
        paths = sorted(
            Path(folder, name)
            for folder, _, names in os.walk(self._path)
            for name in names
            if name.lower().endswith(".aec")
        )
        if not paths:
            raise InputError(f"{self._path}: this folder has no .aec files")
        return paths

    @cached_property
    def _starts(self) -> Numbers:
        """(files + 1,) number of the first frame of each file, and of all frames."""
        counts = [0]
        for path in self._paths:
            with errors_about(path):
                counts.append(read_beginning(_read(path, BEGINNING)).frames)
        return np.cumsum(counts, dtype=np.intp)

    @cached_property
    def _opened(self) -> Callable[[int], OpenedFile]:
        """Returns a file by its number; the last ones stay open."""
        return lru_cache(_OPEN_FILES)(self._open)

    def _open(self, number: int) -> OpenedFile:
        with errors_about(self._paths[number]):
            data = _read(self._paths[number])
            codec = self._codec or codec_of_file(data)
            opened = OpenedFile(data, codec.decoder, self._limits)
            if opened.frames != self._starts[number + 1] - self._starts[number]:
                raise FormatError("changed since its frames were counted: open the sequence again")
            return opened

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {str(self._path)!r}: {len(self)}>"

    @memory_errors_wrapped()
    def __getitem__(self, index: Index) -> Array:
        """Return one array, or the stacked arrays of a slice or a list of numbers.

        Raises IndexError without such a frame, ImageError if the frames differ in shape, and the
        errors of :func:`aecodec.decompress` about their files.
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
        for number, (first, end) in enumerate(pairwise(self._starts.tolist())):
            pixels = self._opened(number).pixels_of_frame
            step = max(1, min(_AT_ONCE, _PIXELS_AT_ONCE // pixels))
            for start in range(first, end, step):
                yield from self[start : min(start + step, end)]

    def _checked(self, numbers: Array) -> Numbers:
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

    def _stacked(self, numbers: Numbers) -> Array:
        if not len(numbers):
            return self[0][None][:0]
        owners = np.searchsorted(self._starts, numbers, side="right") - 1
        files = np.unique(owners).tolist()
        parts = [self._of_file(number, numbers[owners == number]) for number in files]
        if shapes := {part.shape[1:] for part in parts} - {parts[0].shape[1:]}:
            raise ImageError(
                f"frames of shape {parts[0].shape[1:]} and {shapes.pop()}: index frames of "
                "several shapes one by one"
            )
        order = np.argsort(owners, kind="stable")
        return _concatenated(parts)[np.argsort(order)]

    def _of_file(self, number: int, numbers: Numbers) -> Array:
        file = self._opened(number)
        with errors_about(self._paths[number]):
            return file.pixels(numbers - self._starts[number])
