"""Pictures of codecs with bands: samples to the 8-bit channels of the networks, and back."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float64, Pixels
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import CodecSpec
from aecodec.errors import FormatError, ImageError, warn
from aecodec.format.container import Header
from aecodec.format.samples import MAX_RANGE, Layout, Limit, Samples, SampleType
from aecodec.imaging import repetition
from aecodec.imaging.missing import Mask, fill, pack_mask, unpack_mask
from aecodec.imaging.picture import TRAINING, Picture
from aecodec.imaging.transfer import from_phases, rounded_limits, to_phases

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


def describe(folder: CodecFolder, picture: Picture) -> Samples:
    """Describe the samples of a picture that :func:`fit` returned, for the header of its file.

    Raises ImageError if the codec has limits that the type of the samples cannot have.
    """
    kind = SampleType.of(picture.pixels.dtype.name)
    assert picture.layout is not None
    samples = Samples(
        type=kind,
        layout=picture.layout,
        bands=picture.pixels.shape[-1],
        is_big_endian=picture.is_big_endian,
        limits=_own_limits(folder, picture),
        nodata=picture.nodata,
        repetition=repetition.detect(picture.pixels, picture.missing),
    )
    if samples.limits is None:
        folder.transfer.limits_of(picture.pixels.dtype)
    if picture.missing is None:
        return samples
    planes = picture.missing.shape[-1]
    return samples._replace(mask=pack_mask(picture.missing), mask_planes=planes)


def _own_limits(folder: CodecFolder, picture: Picture) -> tuple[Limit, ...] | None:
    """Limits that contain all samples, if the codec allows them and its own limits do not."""
    bands, dtype = folder.spec.bands, picture.pixels.dtype
    if not bands or not bands.file_limits:
        return None
    limits = rounded_limits(folder.transfer.limits, dtype).astype(dtype)
    codec = [(low, high) for low, high in limits.tolist()]
    own = [_widened(picture.known(band), *pair) for band, pair in enumerate(codec)]
    return None if own == codec else tuple(own)


def _widened(known: npt.NDArray[Any], low: float, high: float) -> Limit:
    """Limits that contain known samples as well, unless these are a few outliers.

    Hot pixels would make the steps of a band coarse. Outliers are at most 1 % of the samples, and
    would more than double the distance of the limits. Floats have none.
    """
    if not known.size:
        return low, high
    least, most = min(low, known.min().item()), max(high, known.max().item())
    if least == most:
        return _apart(least, known.dtype)
    if known.dtype.kind == "f" or most - least <= 2 * (high - low):
        return least, most
    outside = np.count_nonzero((known < low) | (known > high))
    is_allowed = most - least <= MAX_RANGE and 100 * outside > known.size
    return (least, most) if is_allowed else (low, high)


def _apart(sample: float, dtype: np.dtype[Any]) -> Limit:
    """Limits around the only sample of a band."""
    if dtype.kind != "f":
        return (sample - 1, sample) if sample > np.iinfo(dtype).min else (sample, sample + 1)
    below = np.nextafter(dtype.type(sample), dtype.type(-np.inf)).item()
    if math.isfinite(below):
        return below, sample
    return sample, np.nextafter(dtype.type(sample), dtype.type(0)).item()


def to_channels(folder: CodecFolder, picture: Picture, samples: Samples) -> Pixels:
    """Convert the samples of a picture to channels (F, H, W, B * P) of the encoder network.

    `samples` is the description that :func:`describe` returned. A warning counts samples outside of
    the limits, which are clipped.
    """
    bands, transfer, limits = folder.spec.bands, folder.transfer, limits_of(samples)
    assert bands is not None
    values, clipped = transfer.to_values(picture.pixels, limits, picture.missing)
    fitted = transfer.limits_of(picture.pixels.dtype, limits)
    for name, count, (low, high) in zip(bands.names, clipped, fitted, strict=True):
        if count:
            warn(f"{count} samples of band {name} were clipped to {low:g}..{high:g}")
    if picture.missing is not None:
        fill(values, picture.missing)
    return to_phases(values, bands.phases)


def clipped(folder: CodecFolder, picture: Picture, samples: Samples) -> Picture:
    """Clip the samples of a picture to the limits of its file, without a warning.

    `samples` is the description that :func:`describe` returned.
    """
    levels = folder.transfer.levels(picture.pixels.dtype, limits_of(samples))
    return replace(picture, pixels=np.clip(picture.pixels, levels[:, 0], levels[:, -1]))


def from_channels(folder: CodecFolder, channels: Pixels, samples: Samples) -> npt.NDArray[Any]:
    """Convert channels of the decoder network to samples (F, H, W, B); missing ones are arbitrary.

    Raises FormatError if the type of the samples cannot have the codec's limits.
    """
    bands = folder.spec.bands
    assert bands is not None
    values = repetition.average(from_phases(channels, bands.phases), samples.repetition)
    return folder.transfer.to_samples(values, np.dtype(samples.type.dtype), limits_of(samples))


def limits_of(samples: Samples) -> Float64 | None:
    """The limits (B, 2) of a file; None if it has the codec's limits."""
    return None if samples.limits is None else np.array(samples.limits, np.float64)


def check_samples(folder: CodecFolder, samples: Samples | None) -> None:
    """Check that a codec can have made a file with these samples; raise FormatError if not."""
    bands = folder.spec.bands
    if samples is None or bands is None:
        if samples is not None or bands is not None:
            raise FormatError("damaged: either the file or its codec has bands, but not both")
        return
    if samples.bands != bands.count or (samples.limits is not None and not bands.file_limits):
        raise FormatError("damaged: the file does not have the bands or the limits of its codec")
    if samples.limits is None:
        try:
            folder.transfer.limits_of(np.dtype(samples.type.dtype))
        except ImageError as error:
            raise FormatError(f"damaged: {error}") from error


def mask_of(header: Header, size: tuple[int, int]) -> Mask | None:
    """The mask of the missing samples of a file, (F, H, W, planes); None if it has none.

    Raises FormatError if it is damaged.
    """
    samples = header.samples
    if samples is None or not samples.mask:
        return None
    return unpack_mask(samples.mask, (header.frames, size[1], size[0], samples.mask_planes))


def with_missing(pixels: npt.NDArray[Any], missing: Mask | None, nodata: float | None) -> None:
    """Write the value of missing samples into samples (F, H, W, B), in place."""
    if missing is not None:
        default = np.nan if pixels.dtype.kind == "f" else 0
        np.copyto(pixels, pixels.dtype.type(default if nodata is None else nodata), where=missing)
