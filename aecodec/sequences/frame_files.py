"""The files of a sequence, whose frames can be decoded separately, and a cache of opened files."""

import math
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes, Pixels
from aecodec.codec.codec import Codec
from aecodec.codec.decoder_codec import DecoderCodec, FileDecoding
from aecodec.codec.registry import codec_of_file
from aecodec.codec_files.spec import CodecSpec
from aecodec.errors import FormatError, InputError, errors_about
from aecodec.format.limits import Limits
from aecodec.imaging.picture import to_array
from aecodec.imaging.tiling import grid_of
from aecodec.native.headers import read_beginning
from aecodec.native.structures import BEGINNING

Numbers = npt.NDArray[np.intp]
"""Numbers of frames, from 0."""


class OpenedFile:
    """A file from which selected frames are decoded, and only the segments that contain them.

    It keeps the codes and alpha planes, or the pictures of a file with refinements, which is
    decoded as a whole. Threads may share it. Raises FormatError if the file is damaged, CodecError
    if another codec made it, and LimitError if it claims more than the limits.
    """

    def __init__(self, data: bytes, decoder: DecoderCodec, limits: Limits) -> None:
        self._decoding, self._lock = FileDecoding(decoder, data, limits), threading.Lock()
        self.size = len(data) + _kept_bytes(decoder.spec, self._decoding)

    @property
    def frames(self) -> int:
        """Number of frames."""
        return self._decoding.header.frames

    @property
    def pixels_of_frame(self) -> int:
        """Number of pixels of each frame."""
        return math.prod(self._decoding.size)

    def codes(self, numbers: Numbers) -> Codes:
        """Decode the codes of frames (n,), counted from 0, without running the network.

        Returns (n, V, K) int16, exactly as they were encoded, for V vectors in a frame. Raises
        FormatError if the file is damaged, and UsageError if it has only refinements.
        """

        def decode(first: int, frames: int) -> Codes:
            codes = self._decoding.codes(first, frames)
            return codes.reshape(frames, -1, codes.shape[-1])

        return self._joined(decode, numbers)

    def pixels(self, numbers: Numbers) -> Pixels:
        """Decode frames (n,), counted from 0.

        Returns uint8 (n, H, W) for grey pictures, else (n, H, W, C); alpha is the last channel.
        With bands, (n, H, W, B) of the type of the samples. Raises FormatError if the file is
        damaged.
        """
        return self._joined(lambda *run: to_array(self._decoding.picture(*run)), numbers)

    def _joined(
        self, decode: Callable[[int, int], npt.NDArray[Any]], numbers: Numbers
    ) -> npt.NDArray[Any]:
        """Decode runs of frames, given by the first number and the count, in any order."""
        ordered, places = np.unique(numbers, return_inverse=True)
        runs = np.split(ordered, np.flatnonzero(np.diff(ordered) > 1) + 1)
        with self._lock:
            parts = [decode(int(run[0]), len(run)) for run in runs]
        joined = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return joined if np.array_equal(ordered, numbers) else joined[places]


def _kept_bytes(spec: CodecSpec, decoding: FileDecoding) -> int:
    """Bytes that an opened file may keep for the next frames."""
    header, samples = decoding.header, decoding.header.samples
    pixels = math.prod(decoding.size) * header.frames
    planes = header.mode.channels if spec.channels == 1 else 1
    tiles = math.prod(grid_of(decoding.size, spec.tile)) * header.frames * planes
    codes = tiles * spec.vectors * spec.latent_channels
    beside = samples.mask_planes if samples else int(header.mode.has_alpha)
    sample = samples.bands * samples.type.size if samples else header.mode.channels
    return codes + pixels * (beside + sample * bool(header.refinements))


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

    def __contains__(self, key: Hashable) -> bool:
        return key in self._values

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
"""Largest size of opened files with codes and alpha planes; a million digits have 90 MB."""


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

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_cache"}

    @cached_property
    def _cache(self) -> RecentValues:
        return RecentValues(_CACHE_BYTES)

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
                counts.append(read_beginning(_read(path, BEGINNING)).frames)
        return np.concatenate([[0], np.cumsum(counts, dtype=np.intp)]).astype(np.intp)

    def opened(self, number: int) -> OpenedFile:
        """Return a file by its number, from the cache or newly opened.

        Raises AecodecError if the file cannot be read, or has changed since its frames were
        counted.
        """
        return self._cache.get(number, lambda: self._open(number), lambda opened: opened.size)

    def named(self, number: int) -> AbstractContextManager[None]:
        """Add the name of a file to the errors of the block."""
        return errors_about(self.paths[number])

    def _open(self, number: int) -> OpenedFile:
        data = _read(self.paths[number])
        codec = self.codec or codec_of_file(data)
        opened = OpenedFile(data, codec.decoder, self.limits)
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
