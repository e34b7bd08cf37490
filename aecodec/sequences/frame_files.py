"""The files of a sequence, whose frames can be decoded separately, and a cache of opened files."""

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes, Latents, Pixels
from aecodec.codec.codec import Codec
from aecodec.codec.decoder_codec import DecoderCodec
from aecodec.codec.geometry import picture_size, vector_shape
from aecodec.codec.registry import codec_of_file
from aecodec.coding.payload import Message, split_payload
from aecodec.errors import FormatError, InputError, UsageError, errors_about
from aecodec.format.container import BEGINNING, frames_stated
from aecodec.format.limits import Limits
from aecodec.imaging.picture import to_array

Numbers = npt.NDArray[np.intp]
"""Numbers of frames, from 0."""

Cache = Callable[[int, Callable[[], Any]], npt.NDArray[Any]]
"""Returns a cached array by its number; otherwise calls the function and caches its result."""

_ALPHA, _MASK, _PICTURES = -1, -2, -3
"""Cache numbers of the alpha planes, the mask and the pictures of a file with refinements. Codes
have the numbers of their messages."""


class OpenedFile:
    """A file from which selected frames are decoded, and only the messages that contain them.

    A file with refinements is decoded as a whole. `cache` stores its pictures, or the codes of
    messages and alpha planes. Raises FormatError if the file is
    damaged, CodecError if another codec made it, and LimitError if it claims more than the limits.
    """

    def __init__(self, data: bytes, decoder: DecoderCodec, limits: Limits, cache: Cache) -> None:
        self.size = len(data)
        self._decoder, self._cache, self._data, self._limits = decoder, cache, data, limits
        self._header, content = decoder.unpack(data, limits)
        self._number = decoder.level_of(self._header)
        self._level = decoder.spec.level(self._number)
        self._shape = vector_shape(decoder.spec, self._header)
        self._messages = split_payload(content, self._shape) if self._header.has_base else []

    @property
    def frames(self) -> int:
        """Number of frames."""
        return self._header.frames

    @property
    def pixels_of_frame(self) -> int:
        """Number of pixels of each frame."""
        width, height = picture_size(self._decoder.spec, self._header)
        return width * height

    def codes(self, numbers: Numbers) -> Codes:
        """Decode the codes of frames (n,), counted from 0, without running the network.

        Returns (n, V, K) int16, exactly as they were encoded, for V vectors in a frame. Raises
        FormatError if the file is damaged, and UsageError if it has only refinements.
        """
        if not self._header.has_base:
            raise UsageError("the file has no picture before its first refinement, and so no codes")
        rows_per_frame, width = self._shape[0] // self.frames, self._level.code_dimension
        rows = (numbers[:, None] * rows_per_frame + np.arange(rows_per_frame)).reshape(-1)
        codes = np.empty((len(rows), *self._shape[1:], width), np.int16)
        for number, message in enumerate(self._messages):
            span, *places = message.segment.places
            inside = (rows >= span.start) & (rows < span.stop)
            if inside.any():
                decoded = self._cache(number, partial(self._decode_message, message))
                part = decoded.reshape(*message.segment.shape, width)
                codes[(inside, *places)] = part[rows[inside] - span.start]
        return codes.reshape(len(numbers), -1, width)

    def pixels(self, numbers: Numbers) -> Pixels:
        """Decode frames (n,), counted from 0.

        Returns uint8 (n, H, W) for grey pictures, else (n, H, W, C); alpha is the last channel.
        With bands, (n, H, W, B) of the type of the samples. Raises FormatError if the file is
        damaged.
        """
        if self._header.refinements:
            return self._cache(_PICTURES, self._pictures)[numbers]
        header = self._header._replace(frames=len(numbers))
        pixels = self._decoder.reconstruct_pixels(header, self._latents(numbers))
        alpha = missing = None  # each is one stream for all frames
        if header.mode.has_alpha:
            alpha = self._cache(_ALPHA, partial(self._decoder.alpha_of, self._header))[numbers]
        if header.samples and header.samples.mask:
            missing = self._cache(_MASK, partial(self._decoder.missing_of, self._header))[numbers]
        return to_array(self._decoder.picture_of(header, pixels, alpha, missing))

    def _pictures(self) -> Pixels:
        return to_array(self._decoder.decompress_picture(self._data, self._limits))

    def _latents(self, numbers: Numbers) -> Latents:
        shape = (len(numbers) * self._shape[0] // self.frames, *self._shape[1:])
        latents = np.zeros((*shape, self._decoder.spec.latent_channels), np.int8)
        codes = self.codes(numbers).reshape(-1, self._level.code_dimension)
        self._level.dequantize_into(codes, latents)
        return latents

    def _decode_message(self, message: Message) -> Codes:
        coder = self._decoder.engine.coder(self._decoder.folder, self._number)
        codes = coder.decode(message.data, message.segment)
        self._level.check(codes)
        return codes


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

    def named(self, number: int) -> AbstractContextManager[None]:
        """Add the name of a file to the errors of the block."""
        return errors_about(self.paths[number])

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
