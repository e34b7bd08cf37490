"""Whether a codec takes a picture, and the limits of samples in files."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from aecodec.arrays import Float64
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import CodecSpec
from aecodec.errors import ImageError, warn
from aecodec.format.samples import Layout
from aecodec.imaging.picture import TRAINING, Picture
from aecodec.native.headers import read_info

_LAYOUTS = {
    (False, False): Layout.HW,
    (False, True): Layout.HWB,
    (True, False): Layout.FHW,
    (True, True): Layout.FHWB,
}


def fit(spec: CodecSpec, picture: Picture) -> Picture:
    """Check that a codec takes a picture. A picture for a codec with bands gets a layout.

    Raises ImageError if it does not; the message has the command that trains a codec.
    """
    if not spec.bands:
        if picture.is_scientific:
            raise ImageError(
                f"{_text(picture)}: codec {spec.name} takes uint8 grey or RGB, {_TRAIN}"
            )
        return picture
    bands = spec.bands.count
    if picture.alpha is not None or picture.pixels.shape[-1] != bands:
        alpha = "" if picture.alpha is None else " and alpha"
        raise ImageError(
            f"{_text(picture)}{alpha}: codec {spec.name} takes {_bands_text(bands)} without alpha "
            f"({', '.join(spec.bands.names)}); choose these bands with array[..., [...]], {_TRAIN}"
        )
    if picture.layout is not None:
        return picture
    return replace(picture, layout=_LAYOUTS[picture.frames > 1, bands > 1])


_TRAIN = f"or train a codec on such pictures: {TRAINING}"


def _text(picture: Picture) -> str:
    text = f"the picture has {_bands_text(picture.pixels.shape[-1])} of {picture.pixels.dtype}"
    return text if picture.missing is None else f"{text} with missing samples"


def _bands_text(count: int) -> str:
    return "1 band" if count == 1 else f"{count} bands"


def limits_in(folder: CodecFolder, picture: Picture, file: bytes) -> Float64 | None:
    """The limits (B, 2) of the samples of a picture's file; None for a codec without bands."""
    if not folder.spec.bands:
        return None
    info, own = read_info(file), None
    if info.has_limits:
        own = np.array(info.limits)[: info.bands]
    return folder.transfer.limits_of(picture.pixels.dtype, own)


def warn_of_clipped(
    folder: CodecFolder, picture: Picture, counts: Iterable[int], file: bytes
) -> None:
    """Warn of the samples of each band that are outside of the limits of a file."""
    bands = folder.spec.bands
    limits = limits_in(folder, picture, file) if any(counts) else None
    if bands is None or limits is None:
        return
    for name, count, (low, high) in zip(bands.names, counts, limits, strict=False):
        if count:
            warn(f"{count} samples of band {name} were clipped to {low:g}..{high:g}")
