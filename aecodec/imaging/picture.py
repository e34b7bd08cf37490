"""Pictures in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.base.arrays import Pixels
from aecodec.base.errors import FormatError, ImageError
from aecodec.format.arrays import Layout
from aecodec.format.container import MetadataKind, Mode, check_size
from aecodec.format.origin import Origin
from aecodec.imaging.missing import Mask

ANY_CODEC = "compress it with --max-error E or --lossless (in Python, with max_error)"


@dataclass(frozen=True, eq=False, repr=False)
class Picture:
    """Frames with the same size, independent of any file.

    Attributes:
        pixels: (F, H, W, C) uint8, F frames; C is 1 (grey) or 3 (RGB). Codecs with bands also
            accept the types of :class:`~aecodec.format.arrays.SampleType` in native byte order, and
            C from 1 to 32.
        alpha: (F, H, W) uint8, or None for opaque pictures.
        metadata: ICC profile, EXIF and XMP, unchanged from the source file.
        origin: extension and time of the source file, or None.
        missing: (F, H, W, 1) or (F, H, W, C), True for missing samples, or None.
        nodata: value of missing samples in the source, or None.
        layout: axes of the source array, or None.
        is_big_endian: whether the source was big-endian.
    """

    pixels: npt.NDArray[Any]
    alpha: Pixels | None = None
    metadata: Mapping[MetadataKind, bytes] = field(default_factory=dict)
    origin: Origin | None = None
    missing: Mask | None = None
    nodata: float | None = None
    layout: Layout | None = None
    is_big_endian: bool = False

    @property
    def is_scientific(self) -> bool:
        """Whether only a codec with bands accepts the picture, or restores it exactly."""
        is_plain = self.pixels.dtype == np.uint8 and self.pixels.shape[-1] in (1, 3)
        return not is_plain or self.missing is not None or self.layout is not None

    @property
    def frames(self) -> int:
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
    def is_missing(self) -> Mask:
        """(F, H, W, C), True for missing samples; a view."""
        return np.broadcast_to(False if self.missing is None else self.missing, self.pixels.shape)

    def known(self, band: int) -> npt.NDArray[Any]:
        """The known samples of a band: a view (F, H, W) if none is missing, else (n,)."""
        samples = self.pixels[..., band]
        return samples if self.missing is None else samples[~self.is_missing[..., band]]

    @property
    def raw_size(self) -> int:
        """Size of the uncompressed pixels in bytes, alpha included."""
        return self.pixels.nbytes + (0 if self.alpha is None else self.alpha.size)


def to_array(picture: Picture) -> Pixels:
    """Join pixels and alpha, the last channel, in one array: (F, H, W, C) uint8.

    Grey pictures without alpha become (F, H, W), and pictures with a layout (F, H, W, B), as in
    :func:`source_array`.
    """
    if picture.layout is not None:
        return source_array(replace(picture, layout=Layout.FHWB))
    if picture.alpha is not None:
        return np.concatenate([picture.pixels, picture.alpha[..., None]], axis=-1)
    return without_channel_axis(picture.pixels)


def source_array(picture: Picture) -> npt.NDArray[Any]:
    """Convert a picture to an array like its source.

    Returns an array with the layout and the byte order of the source; a masked array if integers
    have missing samples without nodata. A picture without a layout becomes (H, W), (H, W, C), (F,
    H, W) or (F, H, W, C), without the axis of a single frame.
    """
    if picture.layout is None:
        array = to_array(picture)
        return array[0] if picture.frames == 1 else array
    dtype = picture.pixels.dtype
    in_order = dtype.newbyteorder(">" if picture.is_big_endian else "<")
    array = np.ascontiguousarray(picture.layout.apply(picture.pixels), in_order)
    if picture.missing is None or picture.nodata is not None or dtype.kind == "f":
        return array
    return np.ma.MaskedArray(array, picture.layout.apply(picture.is_missing).copy())


def is_grey(pixels: npt.NDArray[Any]) -> bool:
    """Whether pictures (..., H, W, C), uint8 or floats, have one channel or equal channels."""
    rows = pixels.reshape(-1, *pixels.shape[-2:])
    return pixels.shape[-1] == 1 or not any((row != row[..., :1]).any() for row in rows)


def grey_if_possible(picture: Picture) -> Picture:
    """Reduce a picture to one channel if its channels are equal."""
    return replace(picture, pixels=picture.pixels[..., :1]) if is_grey(picture.pixels) else picture


def without_channel_axis(pixels: Pixels) -> Pixels:
    """Reshape grey pixels (..., 1) to (...), as Pillow needs; return other pixels unchanged."""
    return pixels[..., 0] if pixels.shape[-1] == 1 else pixels


def check_limits(picture: Picture) -> None:
    """Raise ImageError if a picture has no pixels, or too many for an `.aec` file."""
    try:
        check_size(picture.size, picture.frames)
    except FormatError as error:
        raise ImageError(str(error)) from error


def stack(pictures: Sequence[Picture], names: Sequence[object] = ()) -> Picture:
    """Join one or more pictures with the same size to one picture, without metadata.

    If any picture is RGB, grey pictures become RGB. Messages contain the names. Raises ImageError
    if the pictures differ in size, or only some of them have alpha.
    """
    for number, picture in enumerate(pictures):
        if (picture.size, picture.mode.has_alpha) != (pictures[0].size, pictures[0].mode.has_alpha):
            prefixes = [f"{name} is " for name in names] or [""] * len(pictures)
            first, second = (prefixes[n] + _kind_text(pictures[n]) for n in (0, number))
            raise ImageError(
                f"{first}, {second}: you can stack only pictures of the same size, all with or all "
                "without alpha"
            )
    channels = max(picture.pixels.shape[-1] for picture in pictures)
    planes = [picture.alpha for picture in pictures if picture.alpha is not None]
    shape = (*pictures[0].pixels.shape[1:3], channels)
    pixels = [np.broadcast_to(p.pixels, (p.frames, *shape)) for p in pictures]
    return Picture(np.concatenate(pixels), np.concatenate(planes) if planes else None)


def _kind_text(picture: Picture) -> str:
    width, height = picture.size
    return f"{width}x{height} {picture.mode.name}"
