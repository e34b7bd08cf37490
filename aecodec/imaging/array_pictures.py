"""Arrays as pictures: accepted shapes, and the meaning of the axes."""

import math
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Pixels
from aecodec.base.errors import ImageError, warn
from aecodec.format.arrays import ANY_BANDS, BAND_TYPES, MAX_BANDS, Layout, SampleType
from aecodec.imaging.missing import Mask, without_equal_planes
from aecodec.imaging.picture import ANY_CODEC, Picture

_LEAST_PLANE_SIDE = 64
"""Three grey arrays with longer sides than those of digits may be the planes of an RGB picture."""


def from_array(array: npt.NDArray[Any]) -> Picture:
    """Make a picture from an array without copying it.

    The array is uint8 of shape (H, W), (H, W, C) with C in 1..4 (grey, grey + alpha, RGB, RGBA),
    (F, H, W) for F grey frames, or (F, H, W, C). Raises ImageError for other dtypes and shapes,
    empty arrays, and arrays that could be a picture with bands as well as grey frames.
    """
    if array.ndim == 3 and array.shape[2] > 4:
        check_frames(array.shape)
    picture = as_picture(array)
    _warn_of_other_meanings(array, picture)
    return picture


def _warn_of_other_meanings(array: npt.NDArray[Any], picture: Picture) -> None:
    if array.ndim == 3 and _may_be_planes(array.shape):
        warn(
            f"an array of shape {array.shape} is stored as three grey pictures: if it is one RGB "
            "picture, pass np.moveaxis(array, 0, -1); if not, pass array[..., None]"
        )
    if picture.alpha is not None and is_mostly_translucent(picture.alpha):
        warn(
            f"the last of the {array.shape[-1]} channels is stored as opacity (alpha): if it is a "
            "band, pass np.moveaxis(array, -1, 0)[..., None] for one grey picture per band"
        )


def check_frames(shape: tuple[int, ...]) -> None:
    """Raise ImageError if three axes may be a picture with bands instead of frames (F, H, W)."""
    frames, height, width = shape
    if not _may_be_bands(frames, height, width):
        return
    raise ImageError(
        f"an array of shape {shape} may be {frames} grey pictures of {height}x{width} pixels, or a "
        f"picture of {frames}x{height} pixels with {width} bands: for grey pictures, pass "
        f"array[..., None]; for bands, {ANY_CODEC}"
    )


def _may_be_bands(frames: int, height: int, width: int) -> bool:
    """Whether frames (F, H, W) may be a picture with bands (H, W, B)."""
    return width != height and (frames == height or 2 * width <= height)


def _may_be_planes(shape: tuple[int, ...]) -> bool:
    """Whether grey frames (F, H, W) may be the planes of an RGB picture."""
    return shape[0] == 3 and min(shape[1:]) >= _LEAST_PLANE_SIDE


def is_mostly_translucent(alpha: Pixels) -> bool:
    """Whether most pixels are neither opaque nor transparent, unlike those of pictures."""
    return bool(2 * np.count_nonzero((alpha != 0) & (alpha != 255)) > alpha.size)


def as_picture(array: npt.NDArray[Any]) -> Picture:
    """Like :func:`from_array`, even if the shape is ambiguous."""
    if array.dtype != np.uint8:
        raise ImageError(
            f"codecs without bands store 8 bits per channel, but the array has the dtype "
            f"{array.dtype}: {ANY_CODEC}, or convert it to uint8; for pixels in 0..1, pass "
            "np.rint(255 * array).astype(np.uint8)"
        )
    if array.ndim == 2 or (array.ndim == 3 and array.shape[2] <= 4):
        array = array[None]
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or not 1 <= array.shape[3] <= 4 or not array.size:
        raise ImageError(
            f"an array of shape {array.shape} is neither a picture nor a batch of pictures: use "
            "(H, W), (H, W, C), (N, H, W) or (N, H, W, C), with C from 1 to 4; for bands, "
            f"{ANY_CODEC}"
        )
    if array.shape[3] in (2, 4):
        return Picture(array[..., :-1], array[..., -1])
    return Picture(array)


def any_picture(
    array: npt.NDArray[Any], *, band_axis: int | None = None, nodata: float | None = None
) -> Picture:
    """A picture of pixels if an array can only be pixels, otherwise :func:`samples_picture`."""
    is_plain = array.dtype == np.uint8 and band_axis is None and nodata is None
    if is_plain and array.size and not np.ma.is_masked(array) and _has_only_pixels(array):
        return as_picture(np.asarray(array))
    return samples_picture(array, band_axis=band_axis, nodata=nodata, bands=ANY_BANDS)


def _has_only_pixels(array: npt.NDArray[Any]) -> bool:
    shape = array.shape
    if len(shape) == 3 and shape[2] > 4:
        return not _may_be_bands(*shape) and not _may_be_planes(shape)
    if len(shape) in (3, 4) and shape[-1] in (2, 4):
        return not is_mostly_translucent(np.asarray(array[..., -1]))
    return len(shape) == 2 or (len(shape) in (3, 4) and shape[-1] in (1, 3))


def samples_picture(
    array: npt.NDArray[Any],
    *,
    band_axis: int | None = None,
    nodata: float | None = None,
    bands: int | None = None,
) -> Picture:
    """Make a picture from samples of any type and number of bands, for a codec with bands.

    Args:
        array: (H, W), (H, W, B) or (N, H, W, B), or with `band_axis` (B, H, W) or (N, B, H, W), of
            a type of :class:`~aecodec.format.arrays.SampleType` in any byte order. Masked and NaN
            samples are missing; NaN is restored as nodata if `nodata` is set.
        band_axis: axis of the bands; the last one by default.
        nodata: value of missing samples.
        bands: number of bands of the codec. If it is 1, (N, H, W) are grey frames. With ANY_BANDS,
            the bands are the first or the last axis, if it is shorter than the others.

    Raises:
        ImageError: the array is empty, or has an unsupported type or shape or infinite samples, or
            its type cannot represent nodata.
    """
    layout, kind = layout_of(array.shape, band_axis, bands), native_type(array.dtype)
    samples = layout.undo(np.ma.getdata(array)).astype(kind, copy=False)
    if not samples.size or samples.shape[-1] > MAX_BANDS:
        raise ImageError(
            f"an array of shape {array.shape} has no samples, or more than {MAX_BANDS} bands: use "
            "(H, W), (H, W, B) or (N, H, W, B); if the bands come first, add --bands-first (in "
            "Python, band_axis)"
        )
    nodata = None if nodata is None else _checked_nodata(kind, nodata)
    missing = _missing(samples, nodata)
    if np.ma.isMaskedArray(array):
        masked = layout.undo(np.ma.getmaskarray(array))
        missing = masked if missing is None else missing | masked
    _check_finite(samples, missing)
    return Picture(
        samples,
        missing=None if missing is None else without_equal_planes(missing),
        nodata=nodata,
        layout=layout,
        is_big_endian=array.dtype.str[0] == ">",
    )


_LAYOUTS = {(3, 2): Layout.HWB, (3, 0): Layout.BHW, (4, 3): Layout.FHWB, (4, 1): Layout.FBHW}


def layout_of(shape: tuple[int, ...], band_axis: int | None, bands: int | None) -> Layout:
    """The layout of an array for :func:`samples_picture`; ImageError if its shape does not fit."""
    axes = len(shape)
    axis = axes - 1 if band_axis is None else band_axis + axes * (band_axis < 0)
    if axes == 2 and band_axis is None:
        return Layout.HW
    if axes == 3 and band_axis is None and bands == 1 and shape[2] != 1:
        return Layout.FHW
    if axes in (3, 4) and band_axis is None and bands == ANY_BANDS:
        return _likely_layout(*shape[-3:], frames=axes == 4)
    if (axes, axis) not in _LAYOUTS:
        text = "" if band_axis is None else f" with bands in axis {band_axis}"
        raise ImageError(
            f"an array of shape {shape}{text} is not a picture: use (H, W), (H, W, B), (N, H, W, "
            "B), or (B, H, W) with band_axis=0, or (N, B, H, W) with band_axis=1"
        )
    return _LAYOUTS[axes, axis]


def _likely_layout(first: int, second: int, last: int, *, frames: bool) -> Layout:
    """The layout of the last three axes: the shortest axis has the bands, unless it is the second.

    >>> [_likely_layout(count, 28, 28, frames=False).name for count in (6, 500)]
    ['BHW', 'FHW']
    """
    bands_last = last <= MAX_BANDS and last < second and last <= first
    bands_first = first <= MAX_BANDS and first < second and first < last
    if frames:
        return Layout.FBHW if bands_first else Layout.FHWB
    return Layout.HWB if bands_last else Layout.BHW if bands_first else Layout.FHW


_ADVICE = {"f": "array.astype(np.float32)", "c": "real and imaginary parts as bands"}
_ADVICE |= {"b": "array.astype(np.uint8)", "O": "an array of numbers", "V": "an array of numbers"}


def native_type(dtype: np.dtype[Any], bands: int | None = None) -> np.dtype[Any]:
    """The type in native byte order; ImageError if files or codecs with bands do not support it."""
    names, everywhere = ([kind.dtype for kind in kinds] for kinds in (SampleType, BAND_TYPES))
    if dtype.name not in names:
        advice = _ADVICE.get(dtype.kind, "array.astype(np.int32), if int32 can hold the samples")
        listed = ", ".join(names)
        raise ImageError(f"files can store {listed}, but not {dtype.name}: pass {advice}")
    if bands and dtype.name not in everywhere:
        listed = ", ".join(everywhere)
        raise ImageError(f"codecs with bands accept {listed}, but not {dtype.name}: {ANY_CODEC}")
    return dtype.newbyteorder("=")


def nodata_in(kind: np.dtype[Any], nodata: float) -> float | None:
    """The nodata value as a number of a type; None if the type cannot represent it."""
    if kind.kind == "f":
        with np.errstate(all="ignore"):
            value = float(kind.type(nodata))
        return value if math.isfinite(value) == math.isfinite(nodata) else None
    limits = np.iinfo(kind)
    is_held = limits.min <= nodata <= limits.max and nodata == int(nodata) == float(nodata)
    return int(nodata) if is_held else None


def _checked_nodata(kind: np.dtype[Any], nodata: float) -> float:
    if not isinstance(nodata, Real):
        raise ImageError(f"nodata is {nodata!r}: use a number")
    value = nodata_in(kind, nodata)
    if value is None:
        raise ImageError(
            f"nodata is {nodata}, which {kind.name} cannot hold: use a nodata value of the array's "
            "type, or a mask"
        )
    return value


def _missing(samples: npt.NDArray[Any], nodata: float | None) -> Mask | None:
    """Mask (F, H, W, B) of samples that are NaN or equal to nodata; None if no sample can be."""
    is_nan = np.isnan(samples) if samples.dtype.kind == "f" else None
    if nodata is None or math.isnan(nodata):
        return is_nan
    is_nodata = samples == nodata
    return is_nodata if is_nan is None else is_nodata | is_nan


def _check_finite(samples: npt.NDArray[Any], missing: Mask | None) -> None:
    if samples.dtype.kind != "f":
        return
    is_known = True if missing is None else ~missing
    count = np.count_nonzero(np.isinf(samples) & is_known)
    if count:
        raise ImageError(
            f"{count} samples are infinite: replace them with NaN or, if infinity marks missing "
            "samples, set nodata to infinity"
        )
