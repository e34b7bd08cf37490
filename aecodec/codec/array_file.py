"""Files as arrays; only the segments that an index needs are read and decoded."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import product
from types import EllipsisType
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.base.errors import memory_errors_wrapped
from aecodec.base.parallel import Workers
from aecodec.codec.codec import Codec
from aecodec.codec.ranges import Ranges
from aecodec.codec.registry import codec_with_id
from aecodec.codec.sources import DataSource
from aecodec.format.arrays import LAYOUTS, Samples, SampleType
from aecodec.format.kept_tags import names_in
from aecodec.imaging.picture import Picture, source_array
from aecodec.native.headers import read_beginning
from aecodec.native.segment_access import FileHead, Segment
from aecodec.native.structures import BEGINNING

Array = npt.NDArray[Any]
Index = int | np.integer[Any] | slice | EllipsisType | None
"""Part of a basic index of NumPy."""

_KEPT_BYTES = 1 << 26
"""Maximum size of the segments that are decoded at once, and kept for the next index."""


class ArrayFile:
    """An `.aec` file as an array, as returned by :func:`aecodec.open`.

    It supports NumPy's basic indices: integers, slices, `...` and None. Indexing reads and decodes
    only the segments that it needs, of up to 256x256 pixels with all bands, and caches up to 64 MiB
    of them. Files with a base or with several refinements are decoded as a whole when you open
    them. Threads may share an ArrayFile.

    Attributes:
        axes: names of the axes: F for frames, B for bands, H for rows and W for columns.
        shape: lengths of the axes, as of :func:`aecodec.decompress_array`.
        dtype: type of the samples, in their original byte order.
    """

    def __init__(self, source: DataSource, codec: Codec | None = None) -> None:
        self._arguments, self._ranges = (source, codec), Ranges.of(source)
        try:
            self._open(codec)
        except BaseException:
            self.close()
            raise

    def _open(self, codec: Codec | None) -> None:
        """Read the head of the file, or the whole file if it must be decoded as a whole."""
        ranges = self._ranges
        beginning = read_beginning(ranges.read(0, min(BEGINNING, ranges.size)))
        codec = codec or codec_with_id(bytes(beginning.id))
        self._kept = dict[Segment, Picture]()
        self._head = head = FileHead.open(codec.folder.native, ranges.read, ranges.size)
        if head:
            self._header, (frames, *_, bands) = head.header, head.shape
        else:
            content = ranges.read(0, ranges.size)
            self._whole = codec.decoder.decompress_array(content)
            self._header = codec.decoder.header(content)
            frames, mode = self._header.frames, self._header.picture_mode
            bands = mode.channels + mode.has_alpha
        # without a description of samples, as in decompress_array
        usual = Samples(SampleType.UINT8, LAYOUTS[frames > 1, bands > 1], bands)
        self._samples = samples = self._header.samples or usual
        self.axes, self.dtype = samples.layout.name, np.dtype[Any](samples.dtype)
        sizes = dict(zip("FHWB", head.shape, strict=True)) if head else {}
        self.shape = tuple(sizes[axis] for axis in self.axes) if head else self._whole.shape

    def __enter__(self) -> ArrayFile:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._ranges.close()

    def __reduce__(self) -> tuple[Callable[..., ArrayFile], tuple[DataSource, Codec | None]]:
        return ArrayFile, self._arguments

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.axes} {self.shape} {self.dtype}>"

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def nodata(self) -> float | None:
        """Value of missing samples, if they have one."""
        return self._samples.nodata

    @cached_property
    def band_names(self) -> tuple[str, ...] | None:
        """Names of the bands in the TIFF tags of the source, if any."""
        return names_in(self._header.metadata, self._samples.bands)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        """Decode the whole array."""
        return np.asarray(self[...], dtype)

    @memory_errors_wrapped()
    def __getitem__(self, index: Index | tuple[Index, ...]) -> Array:
        """Decode a part of the array.

        Missing samples are as in :func:`aecodec.decompress_array`. Raises IndexError if the index
        is out of range, TypeError if it is not a basic one, and FormatError for a damaged file.
        """
        chosen, rest = split_index(index, self.shape)
        if not self._head:
            return self._whole[index].copy()
        of_axes = dict(zip(self.axes, chosen, strict=True))
        *places, bands = (of_axes.get(axis, range(1)) for axis in "FHWB")
        array = np.empty([len(numbers) for numbers in chosen], self._samples.type.dtype)
        samples = self._samples.layout.undo(array)
        missing = np.empty(samples.shape, np.bool_) if self._samples.mask else None
        for segment, piece in self._pieces(self._head, places):
            pairs = [_overlap(*pair) for pair in zip(places, segment.box, strict=True)]
            target, source = (tuple(pair[side] for pair in pairs) for side in (0, 1))
            source = (*source, slice(bands.start, bands.stop, bands.step))
            samples[target] = piece.pixels[source]
            if missing is not None:
                missing[target] = piece.is_missing[source]
        part = Picture(
            samples,
            missing=missing,
            nodata=self.nodata,
            layout=self._samples.layout,
            is_big_endian=self._samples.is_big_endian,
        )
        return source_array(part)[rest]

    def _pieces(self, head: FileHead, places: Sequence[range]) -> Iterator[tuple[Segment, Picture]]:
        """The decoded segments that have chosen frames, rows and columns."""
        needed = _needed(head, places)
        largest = math.prod(map(len, needed[0].box)) * head.shape[-1] if needed else 1
        at_once = max(1, _KEPT_BYTES // (largest * self.dtype.itemsize))
        for start in range(0, len(needed), at_once):
            batch, kept = needed[start : start + at_once], self._kept
            pieces = kept | self._decoded(head, [part for part in batch if part not in kept])
            self._kept = batch_pieces = {part: pieces[part] for part in batch}
            yield from batch_pieces.items()

    def _decoded(self, head: FileHead, parts: Sequence[Segment]) -> dict[Segment, Picture]:
        messages = self._ranges.read_parts([(part.start, part.stop) for part in parts])
        pairs = list(zip(parts, messages, strict=True))
        pieces = Workers().map(lambda pair: head.decode(*pair), pairs)
        return dict(zip(parts, pieces, strict=True))


def _needed(head: FileHead, places: Sequence[range]) -> list[Segment]:
    numbers = [
        [number for number, side in enumerate(sides) if _meet(chosen, side)]
        for chosen, sides in zip(places, head.grid, strict=True)
    ]
    rows, columns = map(len, head.grid[1:])
    return [head.segments[(f * rows + r) * columns + c] for f, r, c in product(*numbers)]


def split_index(index: Any, shape: Sequence[int]) -> tuple[list[range], tuple[Any, ...]]:
    """Split a basic index into ascending ranges of all axes, and an index of the selected elements.

    Raises IndexError if it is out of range, and TypeError if it is not a basic index.
    """
    parts = list(index) if isinstance(index, tuple) else [index]
    ellipses = [place for place, part in enumerate(parts) if part is Ellipsis]
    count = sum(part is not None for part in parts) - len(ellipses)
    if count > len(shape) or len(ellipses) > 1:
        raise IndexError(f"index {index!r} has too many parts for the shape {tuple(shape)}")
    place = ellipses[0] if ellipses else len(parts)
    parts[place : place + 1] = [slice(None)] * (len(shape) - count)
    chosen, rest, sides = list[range](), list[Any](), iter(shape)
    for part in parts:
        if part is None:
            rest.append(None)
        elif isinstance(part, slice):
            numbers = range(next(sides))[part]
            chosen.append(numbers if numbers.step > 0 else numbers[::-1])
            rest.append(slice(None, None, 1 if numbers.step > 0 else -1))
        else:
            number = range(next(sides))[operator.index(part)]
            chosen.append(range(number, number + 1))
            rest.append(0)
    return chosen, (*rest, ...) if ellipses else tuple(rest)  # with `...`, numbers are arrays


def _meet(chosen: range, side: range) -> bool:
    """Whether an axis of a segment has chosen numbers."""
    target, _ = _overlap(chosen, side)
    return bool(target.start < target.stop)


def _overlap(chosen: range, side: range) -> tuple[slice, slice]:
    """Where the chosen numbers and an axis of a segment overlap: slices of both.

    >>> _overlap(range(1, 20, 5), range(5, 15))
    (slice(1, 3, None), slice(1, 11, 5))
    """
    step = chosen.step
    first = max(0, -((chosen.start - side.start) // step))
    last = min(len(chosen), -((chosen.start - side.stop) // step))
    at = chosen.start + first * step - side.start
    return slice(first, last), slice(at, at + step * (last - first), step)
