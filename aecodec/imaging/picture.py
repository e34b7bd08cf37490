"""Pictures in memory, and arrays as pictures."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Pixels
from aecodec.errors import AecodecWarning, FormatError, ImageError
from aecodec.format.container import MetadataKind, Mode, check_size
from aecodec.format.instruction import Origin

_LEAST_PLANE_SIDE = 64
"""Three grey arrays with longer sides than those of digits may be the planes of an RGB picture."""


@dataclass(frozen=True, eq=False)
class Picture:
    """Frames with the same size, independent of any file.

    Attributes:
        pixels: (F, H, W, C) uint8, F frames; C is 1 (grey) or 3 (RGB).
        alpha: (F, H, W) uint8, or None for opaque pictures.
        metadata: ICC profile, EXIF and XMP, unchanged from the source file.
        origin: extension and time of the source file, or None.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    metadata: dict[MetadataKind, bytes] = field(default_factory=dict)
    origin: Origin | None = None

    @property
    def frames(self) -> int:
        """Number of frames."""
        return int(self.pixels.shape[0])

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of each frame in pixels."""
        return int(self.pixels.shape[2]), int(self.pixels.shape[1])

    @property
    def mode(self) -> Mode:
        """Pixel mode of the picture in the header of an `.aec` file."""
        if self.pixels.shape[3] == 3:
            return Mode.RGB if self.alpha is None else Mode.RGBA
        return Mode.L if self.alpha is None else Mode.LA

    @property
    def raw_size(self) -> int:
        """Size of the uncompressed pixels in bytes, alpha included."""
        return self.pixels.size + (0 if self.alpha is None else self.alpha.size)


def from_array(array: npt.NDArray[Any]) -> Picture:
    """Make a picture from an array without copying it.

    Args:
        array: uint8 of shape (H, W), (H, W, C) with C in 1..4 (grey, grey + alpha, RGB, RGBA),
            (F, H, W) for F grey frames, or (F, H, W, C).

    Raises:
        ImageError: the array has another dtype or shape, is empty, or could be a picture with
            bands as well as grey frames.

    >>> from_array(np.zeros((5, 28, 28), np.uint8)).frames
    5
    >>> from_array(np.zeros((64, 64, 13), np.uint8))
    Traceback (most recent call last):
    aecodec.errors.ImageError: an array of shape (64, 64, 13) may be 64 grey pictures of 64x13 \
pixels, or a picture of 64x64 pixels with 13 bands: give array[..., None] for grey pictures; for \
bands, which codecs do not have, give np.moveaxis(array, -1, 0)[..., None], a grey picture per band
    """
    if array.ndim == 3 and array.shape[2] > 4:
        check_frames(array.shape)
    picture = as_picture(array)
    if array.ndim == 3 and len(array) == 3 and min(array.shape[1:]) >= _LEAST_PLANE_SIDE:
        warnings.warn(
            f"an array of shape {array.shape} is stored as three grey pictures: if it is one RGB "
            "picture, give np.moveaxis(array, 0, -1); for grey pictures, give array[..., None]",
            AecodecWarning,
            stacklevel=3,
        )
    if picture.alpha is not None and _is_mostly_translucent(picture.alpha):
        warnings.warn(
            f"the last of the {array.shape[-1]} channels is stored as opacity (alpha): if it is a "
            "band, give np.moveaxis(array, -1, 0)[..., None], a grey picture per band",
            AecodecWarning,
            stacklevel=3,
        )
    return picture


def check_frames(shape: tuple[int, ...]) -> None:
    """Check that three axes are frames (F, H, W), and cannot be a picture with bands (H, W, C).

    Raises:
        ImageError: they may be a picture with bands.

    >>> check_frames((1797, 8, 8))
    """
    frames, height, width = shape
    if width == height or (frames != height and 2 * width > height):
        return
    raise ImageError(
        f"an array of shape {shape} may be {frames} grey pictures of {height}x{width} pixels, or a "
        f"picture of {frames}x{height} pixels with {width} bands: give array[..., None] for grey "
        "pictures; for bands, which codecs do not have, give np.moveaxis(array, -1, 0)[..., None], "
        "a grey picture per band"
    )


def _is_mostly_translucent(alpha: Pixels) -> bool:
    """Whether most of the pixels are neither opaque nor transparent, unlike those of pictures."""
    return bool(2 * np.count_nonzero((alpha != 0) & (alpha != 255)) > alpha.size)


def as_picture(array: npt.NDArray[Any]) -> Picture:
    """Make a picture from an array that :func:`from_array` takes, even if its shape is ambiguous.

    Raises:
        ImageError: the array has another dtype or shape, or is empty.
    """
    if array.dtype != np.uint8:
        raise ImageError(
            f"codecs store 8 bits per channel, but the array has the dtype {array.dtype}: scale it "
            "to 0..255 and convert it to uint8"
        )
    if array.ndim == 2 or (array.ndim == 3 and array.shape[2] <= 4):
        array = array[None]
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or not 1 <= array.shape[3] <= 4 or not array.size:
        raise ImageError(
            f"an array of shape {array.shape} is neither a picture nor a batch of pictures: give "
            "(H, W), (H, W, C), (N, H, W) or (N, H, W, C), with 1 to 4 channels C as the last axis"
        )
    if array.shape[3] in (2, 4):
        return Picture(array[..., :-1], array[..., -1])
    return Picture(array)


def to_array(picture: Picture) -> Pixels:
    """Join pixels and alpha in one array.

    Returns:
        (F, H, W) uint8 for grey pictures without alpha, else (F, H, W, C); alpha is the last
        channel.
    """
    if picture.alpha is not None:
        return np.concatenate([picture.pixels, picture.alpha[..., None]], axis=-1)
    return picture.pixels[..., 0] if picture.pixels.shape[-1] == 1 else picture.pixels


def is_grey(pixels: npt.NDArray[Any]) -> bool:
    """Whether pictures have one channel, or equal channels.

    Args:
        pixels: (..., H, W, C), uint8 or floats.

    >>> is_grey(np.full((2, 3, 3), 7)), is_grey(np.eye(3)[None])
    (True, False)
    """
    rows = pixels.reshape(-1, *pixels.shape[-2:])
    return pixels.shape[-1] == 1 or not any((row != row[..., :1]).any() for row in rows)


def grey_if_possible(picture: Picture) -> Picture:
    """Reduce a picture to one channel if its channels are equal; return other pictures unchanged.

    >>> grey_if_possible(from_array(np.zeros((2, 3, 3), np.uint8))).pixels.shape
    (1, 2, 3, 1)
    """
    return replace(picture, pixels=picture.pixels[..., :1]) if is_grey(picture.pixels) else picture


def without_channel_axis(pixels: Pixels) -> Pixels:
    """Reshape grey pixels (H, W, 1) to (H, W), as Pillow needs; return other pixels unchanged.

    >>> without_channel_axis(np.zeros((2, 3, 1), np.uint8)).shape
    (2, 3)
    """
    return pixels[..., 0] if pixels.shape[-1] == 1 else pixels


def check_limits(picture: Picture) -> None:
    """Check that an `.aec` file can hold a picture.

    Raises:
        ImageError: the picture has no pixels, or too many.
    """
    try:
        check_size(picture.size, picture.frames)
    except FormatError as error:
        raise ImageError(str(error)) from error


def stack(pictures: Sequence[Picture], names: Sequence[object] = ()) -> Picture:
    """Join pictures with the same size to one picture with many frames.

    Metadata and origins are dropped. Grey pictures become RGB if any of the pictures is RGB.

    Args:
        pictures: at least one picture.
        names: names of the pictures for messages, or nothing.

    Raises:
        ImageError: there are no pictures, they differ in size, or only some of them have alpha.
    """
    _check_stackable(pictures, names)
    channels = max(picture.pixels.shape[-1] for picture in pictures)
    pictures = [_with_channels(picture, channels) for picture in pictures]
    planes = [picture.alpha for picture in pictures if picture.alpha is not None]
    pixels = np.concatenate([picture.pixels for picture in pictures])
    return Picture(pixels, np.concatenate(planes) if planes else None)


def _check_stackable(pictures: Sequence[Picture], names: Sequence[object]) -> None:
    """Check that pictures can be stacked; otherwise name two that cannot."""
    if not pictures:
        raise ImageError("there are no pictures to stack: give at least one")
    kinds = [(picture.size, picture.alpha is None) for picture in pictures]
    for number, kind in enumerate(kinds):
        if kind != kinds[0]:
            prefixes = [f"{name} is " for name in names] or [""] * len(pictures)
            first, second = (prefixes[n] + _kind_text(pictures[n]) for n in (0, number))
            raise ImageError(
                f"{first}, {second}: pictures can be stacked only if they have the same size, and "
                "all or none have alpha (--stacks-of makes a file for each kind)"
            )


def _kind_text(picture: Picture) -> str:
    width, height = picture.size
    return f"{width}x{height} {picture.mode.name}"


def _with_channels(picture: Picture, channels: int) -> Picture:
    shape = (*picture.pixels.shape[:-1], channels)
    return Picture(np.broadcast_to(picture.pixels, shape), picture.alpha)
