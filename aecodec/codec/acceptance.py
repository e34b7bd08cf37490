"""Check whether a codec accepts a picture, and find the limits of samples in files."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Float64
from aecodec.base.errors import ImageError, warn
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import Bands, CodecSpec
from aecodec.format.arrays import LAYOUTS
from aecodec.imaging.array_pictures import native_type
from aecodec.imaging.picture import ANY_CODEC, Picture
from aecodec.native.headers import read_info

_LEAST_FILL, _LEAST_FILL_OF_BANDS = 1 / 100, 1 / 1000
"""Shares of a codec's range. A single band may be flat, such as the elevation of the sea. If
several bands are flat at the same level, their units differ from the codec's."""


def fit(spec: CodecSpec, picture: Picture) -> Picture:
    """Give a picture that is coded as samples a layout; ImageError if the codec rejects it."""
    bands = picture.pixels.shape[-1]
    if spec.band_count is None and picture.is_scientific:
        text = f"but codec {spec.name} accepts only uint8 grey or RGB pictures: {ANY_CODEC}"
        raise ImageError(f"{_text(picture)}, {text}")
    if spec.bands:
        _check_bands(spec.name, spec.bands, picture)
        native_type(picture.pixels.dtype, spec.bands.count)
    if picture.layout is not None or not (spec.bands or picture.is_scientific):
        return picture
    return replace(picture, layout=LAYOUTS[picture.frames > 1, bands > 1])


def _check_bands(name: str, taken: Bands, picture: Picture) -> None:
    if picture.alpha is not None or picture.pixels.shape[-1] != taken.count:
        alpha = "" if picture.alpha is None else " and alpha"
        raise ImageError(
            f"{_text(picture)}{alpha}, but codec {name} needs {_bands_text(taken.count)} "
            f"({', '.join(taken.names)}) and no alpha: select these bands with array[..., [...]], "
            f"or {ANY_CODEC}"
        )


def _text(picture: Picture) -> str:
    text = f"the picture has {_bands_text(picture.pixels.shape[-1])} of {picture.pixels.dtype}"
    return text if picture.missing is None else f"{text} with missing samples"


def _bands_text(count: int) -> str:
    return "1 band" if count == 1 else f"{count} bands"


def limits_in(folder: CodecFolder, picture: Picture, file: bytes) -> Float64 | None:
    """The limits (B, 2) of the samples of a file, or else their range; None for pixels."""
    if picture.layout is None:
        return None
    if not folder.spec.bands:
        return np.array([_ends(picture.known(band)) for band in range(picture.pixels.shape[-1])])
    info, limits = read_info(file), None
    if info.has_limits:
        limits = np.array(info.limits)[: info.bands]
    return folder.transfer.limits_of(picture.pixels.dtype, limits)


def _ends(known: npt.NDArray[Any]) -> tuple[float, float]:
    """The lowest and the highest of some samples; two different values even if all are equal."""
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    return low, high if high > low else low + 1


def check_fill(folder: CodecFolder, picture: Picture) -> None:
    """Warn if all known samples, relative to limits, fill less than 1/100 of the codec's range.

    ImageError if several bands fill less than 1/1000: their units differ from the codec's.
    """
    if folder.spec.bands is None:
        return
    limits = folder.transfer.limits_of(picture.pixels.dtype)
    known = {band: picture.known(band) for band in range(len(limits))}
    ends = {band: (k.min(), k.max()) for band, k in known.items() if k.size}
    spans = np.array(list(ends.values()), np.float64).reshape(-1, 2)
    low, high = limits[list(ends)].T
    relative = (spans.T - low) / (high - low)
    if not (spans[:, 0] < spans[:, 1]).any() or np.ptp(relative) >= _LEAST_FILL:
        return
    text = (
        f"its samples lie in {spans.min():g}..{spans.max():g}, only {np.ptp(relative):.2g} of the "
        f"range {low.min():g}..{high.max():g} of codec {folder.spec.name}: if the codec expects a "
        "different unit, convert the samples, or set a maximum error (--max-error E; in Python, "
        "max_error)"
    )
    if len(limits) > 1 and np.ptp(relative) < _LEAST_FILL_OF_BANDS:
        raise ImageError(text)
    warn(text)


def warn_of_clipped(
    folder: CodecFolder, picture: Picture, counts: Iterable[int], file: bytes
) -> None:
    """Warn about the samples of each band that lie outside a file's limits."""
    bands = folder.spec.bands
    limits = limits_in(folder, picture, file) if any(counts) else None
    if bands is None or limits is None:
        return
    for name, count, (low, high) in zip(bands.names, counts, limits, strict=False):
        if count:
            warn(f"{count} samples of band {name} were clipped to {low:g}..{high:g}")
