"""Chunks of arrays as `.aec` files, for the codec of Zarr.

As for :func:`aecodec.compress`, two axes are (H, W), and four axes are (N, H, W, C). Three axes are
(H, W, C) if the last axis has a length of 1 to 4, else (N, H, W). With B bands, the last axis has
length B, or the bands come before the rows: (B, H, W) or (N, B, H, W). One band needs no axis. The
codec `samples` accepts chunks of any shape; their axes before the last three are frames.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.base.errors import (
    CodecError,
    FormatError,
    ImageError,
    UsageError,
    memory_errors_wrapped,
    warn,
)
from aecodec.codec import refinement
from aecodec.codec.codec import Codec
from aecodec.codec.registry import built_in_names, codec_with_id, load_codec, remember
from aecodec.codec.target import MaxError, Target
from aecodec.codec_files.fileless_codec import SAMPLES, SAMPLES_ID
from aecodec.codec_files.spec import CodecSpec, is_name, title_of
from aecodec.format.arrays import ANY_BANDS, MAX_BANDS, MAX_CODEC_BANDS
from aecodec.format.container import LEVEL_UNITS, Header
from aecodec.format.limits import UNLIMITED
from aecodec.imaging.array_pictures import as_picture, layout_of, native_type, samples_picture
from aecodec.imaging.picture import Picture, check_limits, source_array
from aecodec.native.headers import read_header
from aecodec.native.writing import Stability, nodata_in

Shape = tuple[int, ...]


def check_chunk(shape: Shape, dtype: npt.DTypeLike, bands: int | None = None) -> Picture:
    """Return a black chunk without its own memory if a codec accepts it; else raise ImageError."""
    if bands is not None:
        shape = _shape_of_pictures(shape) if bands == ANY_BANDS else shape
        layout = layout_of(shape, band_axis(shape, bands), bands)
        samples = layout.undo(
            np.broadcast_to(np.zeros((), native_type(np.dtype(dtype), bands)), shape)
        )
        picture = Picture(samples, layout=layout)
        check_limits(picture)
        return picture
    try:
        picture = as_picture(np.broadcast_to(np.zeros((), dtype), shape))
        check_limits(picture)
    except ImageError as error:
        raise ImageError(
            f"{error} (a chunk must be uint8, with the shape (H, W), (H, W, C), (N, H, W) or "
            "(N, H, W, C), and C from 1 to 4; codec 'samples' accepts any shape and type)"
        ) from error
    return picture


def _shape_of_pictures(shape: Shape) -> Shape:
    """The shape, with 2 to 4 axes, in which `samples` codes a chunk of any shape.

    >>> _shape_of_pictures((7,)), _shape_of_pictures((2, 3, 6, 512, 512))
    ((1, 7), (6, 6, 512, 512))
    """
    shape = (*(1,) * (2 - len(shape)), *shape)
    axes = 3 if len(shape) > 3 and min(shape[-1], shape[-3]) <= MAX_BANDS else 2
    return shape if len(shape) <= axes else (math.prod(shape[:-axes]), *shape[-axes:])


def band_axis(shape: Shape, bands: int) -> int | None:
    """Axis of the bands of a chunk; None without one, as for ANY_BANDS. Or ImageError."""
    if bands == ANY_BANDS:
        return None
    if len(shape) in (3, 4) and shape[-1] == bands:
        return len(shape) - 1
    if bands == 1 and len(shape) in (2, 3):
        return None
    if len(shape) in (3, 4) and shape[-3] == bands:
        return -3
    plain = "(H, W), (N, H, W), " if bands == 1 else ""
    raise ImageError(
        f"chunks have the shape {shape}, but the codec has {bands} band{'s' * (bands > 1)}: use "
        f"{plain}(H, W, {bands}), ({bands}, H, W), (N, H, W, {bands}) or (N, {bands}, H, W)"
    )


def check_chunks(array: Shape, chunk: Shape, dtype: npt.DTypeLike, bands: int | None) -> None:
    """Raise ImageError unless the chunks of an array are pictures with all channels or bands."""
    check_chunk(chunk, dtype, bands)
    if bands is None:
        axis = -1 if len(chunk) > 2 and chunk[-1] <= 4 else None
        text = "a last axis of length 1 to 4 holds channels: each chunk must contain all channels"
    else:
        axis = band_axis(chunk, bands) if bands > 1 else None  # ANY_BANDS has no axis of bands
        text = f"the codec has {bands} bands, so select as many bands of the array"
    if axis is not None and chunk[axis] != array[axis]:
        raise ImageError(f"chunks of shape {chunk} in an array of shape {array}: {text}")


def check_header(spec: CodecSpec, header: Header, shape: Shape, dtype: np.dtype[Any]) -> None:
    """Raise FormatError, before decoding, if the pictures of a file do not match a chunk."""
    bands, size = spec.band_count, header.size or spec.tile[::-1]
    chunk, samples = check_chunk(shape, dtype, bands), header.samples
    kind = samples and (samples.type.dtype, samples.layout, samples.bands)
    expected = None if chunk.layout is None else (dtype.name, chunk.layout, chunk.pixels.shape[-1])
    mode = header.picture_mode if samples else chunk.mode
    stored = (header.frames, size, header.picture_mode, kind)
    if stored != (chunk.frames, chunk.size, mode, expected):
        name = samples.type.dtype if samples else header.picture_mode.name
        raise FormatError(
            f"the chunk contains {header.frames} x {size[0]}x{size[1]} {name}, but this array has "
            f"chunks of shape {shape}: the chunk belongs to a different array"
        )


_KEYS = {"codec", "codec_id", "level", "bands", "nodata", "max_error"}
_CODEC_ID = re.compile("[0-9a-f]{8}")
_VALUE_NOT_KEPT = (
    "codec {name} does not preserve the fill value 0: if 0 marks missing pixels, use codec "
    "'samples'; otherwise, pass nodata=False"
)
_EXACT = Target(max_error=0)
_PERCENTAGE = (
    "a percentage max_error is relative to the chunk's range, and errors grow if you write parts "
    "of the chunk: write whole chunks, or use a number instead of a percentage"
)


@dataclass(frozen=True, repr=False)
class ChunkCodec:
    """A codec at a level, as the metadata of an array describe it.

    The first bytes of a codec's identity select the codec. The name is only for messages. `level`
    is the level of new chunks, or None if `max_error` chooses it. `bands` is None without bands.
    """

    name: str
    codec_id: bytes
    level: float | None
    bands: int | None = None
    nodata: float | None = None
    max_error: MaxError | None = None

    @classmethod
    def of(
        cls,
        codec: Codec | str | Path | None = None,
        level: float | None = None,
        nodata: float | None = None,
        max_error: MaxError | None = None,
    ) -> ChunkCodec:
        """Choose a codec, with the parameters and errors of :class:`aecodec.zarr.Aecodec`."""
        opened = codec if isinstance(codec, Codec) else load_codec(codec or SAMPLES)
        remember(opened)
        spec = opened.spec
        target = Target(level, max_error=max_error).for_codec(spec)
        if target.is_level:
            number = spec.level_index(level) / LEVEL_UNITS
            level = int(number) if number == int(number) else number
        _check_nodata(nodata, spec.band_count)
        return cls(spec.name, spec.codec_id, level, spec.band_count, nodata, target.max_error)

    @classmethod
    def from_configuration(cls, values: Mapping[str, Any]) -> ChunkCodec:
        """Read a configuration of :meth:`configuration`; without an id, the codec must be built in.

        Paths in metadata are never opened, and codecs are only needed to read or write a chunk.
        Raises CodecError for an unknown name without id, and UsageError for wrong values.
        """
        name, level = values.get("codec", SAMPLES), values.get("level")
        codec_id, bands, nodata = (values.get(key) for key in ("codec_id", "bands", "nodata"))
        max_error = Target(max_error=values.get("max_error")).max_error
        is_any = name == SAMPLES and codec_id in (None, SAMPLES_ID.hex()) and bands is None
        is_built_in = is_any or (codec_id is None and bands is None)
        has_target = level is not None or max_error is not None
        is_valid = is_name(name) and not set(values) - _KEYS
        is_valid &= level is None or (type(level) in (int, float) and 1 <= level < 16)
        is_valid &= bands is None or (type(bands) is int and 1 <= bands <= MAX_CODEC_BANDS)
        is_valid &= _is_nodata(nodata, ANY_BANDS if is_any else bands)
        is_id = isinstance(codec_id, str) and bool(_CODEC_ID.fullmatch(codec_id))
        is_valid &= is_built_in or (is_id and has_target)
        if not is_valid:
            raise UsageError(
                f"{dict(values)} is not a valid configuration: set codec (a name) and, if needed, "
                "level (at least 1), max_error, codec_id (eight hexadecimal digits; needs level or "
                f"max_error), bands (1 to {MAX_CODEC_BANDS}) and nodata (a number; needs bands)"
            )
        if not is_built_in:
            return cls(name, bytes.fromhex(str(codec_id)), level, bands, nodata, max_error)
        if name not in built_in_names():
            raise CodecError(
                f"{name!r} is not a built-in codec: add its codec_id to the configuration, or, in "
                "Python, pass the path of its folder"
            )
        return cls.of(name, level, nodata, max_error)

    def __repr__(self) -> str:
        items = self.configuration().items()
        return f"Aecodec({', '.join(f'{name}={value!r}' for name, value in items)})"

    def configuration(self) -> dict[str, Any]:
        """Return values for JSON: codec, codec_id (hexadecimal digits), and values that are set."""
        values: dict[str, Any] = {"codec": self.name, "codec_id": self.codec_id.hex()}
        errors = self.max_error
        optional = {
            "level": self.level,
            "bands": self.bands or None,
            "nodata": self.nodata,
            "max_error": list(errors) if isinstance(errors, tuple) else errors,
        }
        return values | {name: value for name, value in optional.items() if value is not None}

    @memory_errors_wrapped()
    def encode(self, chunk: npt.NDArray[Any], fill_value: float) -> bytes:
        """Compress a chunk, in any memory order, to the bytes of an `.aec` file.

        If two values might mark missing samples, the chunk is stored without loss, with a warning;
        UsageError if that fails. Raises CodecError if the codec is not installed, and ImageError if
        dtype or shape are not supported, or the chunk has both NaN and nodata.
        """
        check_chunk(chunk.shape, chunk.dtype, self.bands)
        if self.bands == ANY_BANDS:
            chunk = chunk.reshape(_shape_of_pictures(chunk.shape))
        target = Target(self.level, max_error=self.max_error)
        if self.bands is None:
            return self._encode_pixels(chunk, target, fill_value)
        nodata, axis = self.nodata, band_axis(chunk.shape, self.bands)
        stability = Stability.STATED
        picture_with = partial(samples_picture, chunk, band_axis=axis, bands=self.bands)
        if nodata is None and not target.is_lossless:
            try:
                stated = _as_nodata(fill_value, chunk.dtype.kind)
                nodata = nodata_in(replace(picture_with(), nodata=stated))
            except UsageError as error:
                return self._encode_without_loss(picture_with(), error)
            if not nodata or nodata != fill_value:
                stability = Stability.FOUND
        is_number = nodata is not None and nodata is not False
        if is_number and chunk.dtype.kind == "f" and np.isnan(chunk).any():
            raise ImageError(
                f"the chunk contains NaN, but nodata is {nodata}: a chunk can mark missing "
                f"samples in only one way, so replace NaN with {nodata}"
            )
        picture = picture_with(nodata=nodata if is_number else None)
        return self._compress(picture, target, stability)

    def _encode_without_loss(self, picture: Picture, reason: UsageError) -> bytes:
        """Compress samples in which two values might be nodata; if that fails, raise the reason."""
        try:
            data = self._compress(picture, _EXACT, Stability.FOUND)
        except UsageError as error:
            raise reason from error
        warn(f"a chunk is stored without loss, because {reason}")
        return data

    def _compress(
        self, source: npt.NDArray[Any] | Picture, target: Target, stability: Stability
    ) -> bytes:
        """The file of a chunk; coding decoded integers again does not add to their error."""
        encoder = self.codec.encoder
        target.for_codec(self.codec.spec)
        if target.max_error is None:
            return encoder.compress(source, level=target.level, metadata=False)
        if "%" in str(target.max_error):
            warn(_PERCENTAGE)
        picture = encoder.picture_of(source)
        return refinement.within_error(encoder, picture, target, False, stability=stability).data

    def _encode_pixels(self, chunk: npt.NDArray[Any], target: Target, fill_value: float) -> bytes:
        """Compress pixels; without loss if pixels would lose or gain the array's fill value."""
        data = self._compress(chunk, target, Stability.STATED)
        if self.nodata is False or target.is_lossless:
            return data
        if fill_value:
            decoded = self.decode_to(data, chunk.shape, chunk.dtype)
            is_kept = ((decoded == fill_value) == (chunk == fill_value)).all()
            return data if is_kept else self._compress(chunk, _EXACT, Stability.STATED)
        if (chunk == 0).any():
            warn(_VALUE_NOT_KEPT.format(name=self.name))
        return data

    def decode_to(self, data: bytes, shape: Shape, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Decode a chunk of known shape and dtype; CodecError or FormatError for other files."""
        header, spec = self._header(data), self.codec.spec
        check_header(spec, header, shape, np.dtype(dtype))
        picture = self.codec.decoder.decompress_picture(data, UNLIMITED)
        if self.max_error is not None:
            refinement.check_guarantee(spec, picture, self.max_error, header.refinements)
        chunk: npt.NDArray[Any] = np.ma.getdata(source_array(picture))
        return chunk.reshape(shape).astype(dtype, copy=False)

    @property
    def codec(self) -> Codec:
        """The codec; CodecError if it is not installed."""
        return codec_with_id(self.codec_id, self.name)

    def _header(self, data: bytes) -> Header:
        header = read_header(data)
        if header.codec_id != self.codec_id:
            raise CodecError(
                f"the chunk was made with codec {title_of(header.codec_id)}, but this array needs "
                f"{title_of(self.codec_id, self.name)}: the chunk belongs to a different array"
            )
        return header


def _check_nodata(nodata: Any, bands: int | None) -> None:
    if not _is_nodata(nodata, bands):
        raise UsageError(
            f"nodata is {nodata!r}: use a finite number and a codec with bands; NaN samples "
            "count as missing even without a nodata value"
        )


def _is_nodata(nodata: Any, bands: int | None) -> bool:
    is_number = type(nodata) in (int, float) and math.isfinite(nodata)
    return nodata is None or nodata is False or (is_number and bands is not None)


def _as_nodata(fill_value: float, kind: str) -> float | None:
    """Use a fill value as nodata, unless it is NaN, or 0 (a default) in a signed integer type."""
    return None if math.isnan(fill_value) or (kind == "i" and not fill_value) else fill_value
