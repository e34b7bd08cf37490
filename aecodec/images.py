"""Pillow images and arrays to pixels and back, with one explicit policy for each mode."""

from __future__ import annotations

import io
import re
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from aecodec.container import MAX_PIXELS, MAX_SIDE, MetadataKind, Mode
from aecodec.errors import AecodecWarning, FormatError, ImageError, UsageError

Pixels = npt.NDArray[np.uint8]

_REFUSED = {"I", "F", "I;16", "I;16B", "I;16L", "I;16N"}
_DEEP = re.compile(";16[BLN]")
"""In what Pillow calls pixels in a file; it would cut such colours to 8 bits without a word."""

_SAME_MEANING = {"1": "L", "La": "LA", "PA": "RGBA", "RGBa": "RGBA", "RGBX": "RGB"}
_SETTINGS = {"PNG": {"compress_level": 4}}
"""Files within 3 % of Pillow's default (6) and often smaller, in less than half the time."""

_PNG_XMP = "XML:com.adobe.xmp"
_METADATA_INFO = {
    MetadataKind.ICC: "icc_profile",
    MetadataKind.EXIF: "exif",
    MetadataKind.XMP: "xmp",
}


@dataclass(frozen=True, eq=False)
class Picture:
    """Pictures of one size, apart from any file.

    Attributes:
        pixels: (F, H, W, C) uint8, F frames; C is 1 (grey) or 3 (RGB).
        alpha: (F, H, W) uint8, or None for opaque pictures.
        metadata: ICC profile, EXIF and XMP, each as its file held it.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    metadata: dict[MetadataKind, bytes] = field(default_factory=dict)

    @property
    def frames(self) -> int:
        """F."""
        return int(self.pixels.shape[0])

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return int(self.pixels.shape[2]), int(self.pixels.shape[1])

    @property
    def mode(self) -> Mode:
        """The pixel mode that a file of this picture names."""
        if self.pixels.shape[3] == 3:
            return Mode.RGB if self.alpha is None else Mode.RGBA
        return Mode.L if self.alpha is None else Mode.LA

    @property
    def raw_size(self) -> int:
        """Bytes of the pixels as they are, alpha included."""
        return self.pixels.size + (0 if self.alpha is None else self.alpha.size)


def read(source: Path | IO[bytes]) -> Picture:
    """Read an image file of any kind that Pillow opens.

    Raises:
        ImageError: it cannot be read, or is of a kind that is not supported.
    """
    try:
        image = Image.open(source)
    except UnidentifiedImageError:
        raise ImageError("not an image that Pillow can open") from None
    except Exception as error:  # Pillow's plugins raise whatever a damaged file leads them to
        raise ImageError(f"cannot be read as an image: {error}") from error
    with image:
        return from_pil(image)


def has_image_name(path: Path) -> bool:
    """Whether a name ends as those of images do.

    >>> has_image_name(Path("digit.PNG")), has_image_name(Path("digit.aec"))
    (True, False)
    """
    return path.suffix.lower() in _image_suffixes()


@cache
def _image_suffixes() -> frozenset[str]:
    return frozenset(Image.registered_extensions())


def from_pil(image: Image.Image) -> Picture:
    """A Pillow image to pixels.

    L, LA, RGB and RGBA are taken as they are; 1 and P become what they mean; a transparent
    colour becomes an alpha plane; RGB whose three channels are equal becomes L. CMYK and other
    colour spaces are converted to RGB, with a warning. EXIF orientation is applied. Of an
    animation the first frame is taken, with a warning.

    Raises:
        ImageError: 16-bit, 32-bit and float images.

    >>> from_pil(Image.new("P", (3, 2))).mode.name
    'L'
    """
    if image.mode in _REFUSED or _is_deep(image):
        raise ImageError(
            f"mode {image.mode} of more than 8 bits a channel, which this codec is not built "
            "for: convert it to 8 bits first"
        )
    upright = _upright(image)
    known = _to_known_mode(upright)
    metadata = _metadata_of(upright)
    if _has_other_colours(upright.mode):
        metadata.pop(MetadataKind.ICC, None)  # it describes a colour space that is gone
    return _without_equal_channels(_split_alpha(known, metadata))


def _is_deep(image: Image.Image) -> bool:
    """Whether a file that is not loaded yet has channels of 16 bits."""
    return any(_DEEP.search(str(tile[3])) for tile in getattr(image, "tile", ()))


def _upright(image: Image.Image) -> Image.Image:
    try:
        if getattr(image, "n_frames", 1) > 1:
            _warn("the file holds several frames; only the first is compressed")
        image.load()
        is_upright = image.getexif().get(ExifTags.Base.Orientation, 1) == 1
        return image if is_upright else ImageOps.exif_transpose(image)
    except Exception as error:  # Pillow's plugins raise whatever a damaged file leads them to
        raise ImageError(f"cannot be read as an image: {error}") from error


def _to_known_mode(image: Image.Image) -> Image.Image:
    if image.mode == "P" or "transparency" in image.info:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode in Mode.__members__:
        return image
    if _has_other_colours(image.mode):
        _warn(f"{image.mode} was converted to RGB; the file will hold RGB")
    return image.convert(_SAME_MEANING.get(image.mode, "RGB"))


def _has_other_colours(mode: str) -> bool:
    """Whether a mode is of a colour space that no file holds, such as CMYK or LAB."""
    return mode not in {"P", *_SAME_MEANING, *Mode.__members__}


def _split_alpha(image: Image.Image, metadata: dict[MetadataKind, bytes]) -> Picture:
    array = np.asarray(image)
    array = array[..., None] if array.ndim == 2 else array
    if not Mode[image.mode].has_alpha:
        return Picture(array[None], None, metadata)
    return Picture(array[None, ..., :-1], array[None, ..., -1], metadata)


def _without_equal_channels(picture: Picture) -> Picture:
    """Grey content in RGB says the same in one channel, at a third of the price."""
    rows = (row for frame in picture.pixels for row in frame)
    if picture.mode.channels == 1 or any((row != row[..., :1]).any() for row in rows):
        return picture
    metadata = dict(picture.metadata)
    metadata.pop(MetadataKind.ICC, None)
    return Picture(picture.pixels[..., :1], picture.alpha, metadata)


def _metadata_of(image: Image.Image) -> dict[MetadataKind, bytes]:
    found = {kind: image.info.get(name) for kind, name in _METADATA_INFO.items()}
    found[MetadataKind.XMP] = found[MetadataKind.XMP] or image.info.get(_PNG_XMP)
    return {
        kind: value.encode() if isinstance(value, str) else value
        for kind, value in found.items()
        if value
    }


def from_array(array: npt.NDArray[Any]) -> Picture:
    """An array to pixels.

    Args:
        array: uint8 of shape (H, W), (H, W, C) with C in 1..4 (grey, grey + alpha, RGB, RGBA),
            (N, H, W) for N grey pictures, or (N, H, W, C).

    Raises:
        ImageError: another dtype or shape, or nothing in it.

    >>> from_array(np.zeros((5, 28, 28), np.uint8)).frames
    5
    """
    if array.dtype != np.uint8:
        raise ImageError(f"array of {array.dtype}: pixels are uint8, 0 to 255; scale and round it")
    if array.ndim == 2 or (array.ndim == 3 and array.shape[2] <= 4):
        array = array[None]
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or not 1 <= array.shape[3] <= 4 or not array.size:
        raise ImageError(f"array of shape {array.shape}: not a picture, nor a batch of pictures")
    if array.shape[3] in (2, 4):
        return Picture(array[..., :-1], array[..., -1])
    return Picture(array)


def check_limits(picture: Picture) -> None:
    """Refuse what no file can hold, before any work is done.

    Raises:
        ImageError: no pixels, or too many.
    """
    width, height = picture.size
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and picture.frames > 0):
        raise ImageError(f"{width}x{height} pixels: a side is 1 to {MAX_SIDE} pixels")
    if width * height * picture.frames > MAX_PIXELS:
        raise ImageError(
            f"{picture.frames} x {width}x{height} pixels: a file holds {MAX_PIXELS} at most"
        )


def to_arrays(picture: Picture) -> Pixels:
    """Pixels to one array: (F, H, W) for grey, else (F, H, W, C), alpha the last channel."""
    if picture.alpha is not None:
        return np.concatenate([picture.pixels, picture.alpha[..., None]], axis=-1)
    return picture.pixels[..., 0] if picture.pixels.shape[-1] == 1 else picture.pixels


def to_pil(picture: Picture) -> list[Image.Image]:
    """Pixels to one Pillow image a frame, metadata in `info` where `save` finds it."""
    images = [Image.fromarray(array) for array in to_arrays(picture)]
    for image in images:
        image.info.update({_METADATA_INFO[k]: v for k, v in picture.metadata.items()})
    return images


def encode(image: Image.Image, suffix: str) -> bytes:
    """An image as the content of a file.

    Args:
        image: metadata in its `info` goes into the file, if the format takes it.
        suffix: the file name's ending, which chooses the format: `.png`.

    Raises:
        UsageError: Pillow has no such format, or cannot write this image in it.
    """
    chosen = _format_of(suffix)
    if chosen is None:
        raise UsageError(f"Pillow has no image format for names that end with {suffix}")
    names = _METADATA_INFO.values()
    metadata: dict[str, Any] = {name: image.info[name] for name in names if name in image.info}
    if chosen == "PNG" and "xmp" in metadata:
        metadata["pnginfo"] = PngInfo()
        metadata["pnginfo"].add_itxt(_PNG_XMP, metadata.pop("xmp"))
    return _saved(image, chosen, metadata)


def _saved(image: Image.Image, chosen: str, metadata: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    try:
        image.save(file, format=chosen, **_SETTINGS.get(chosen, {}), **metadata)
    except Exception as error:  # Pillow's plugins raise whatever a metadata block leads them to
        if metadata:
            _warn(f"its metadata cannot be written as {chosen} and is left out ({error})")
            return _saved(image, chosen, {})
        raise UsageError(f"Pillow cannot write {image.mode} as {chosen}: {error}") from error
    return file.getvalue()


def _format_of(suffix: str) -> str | None:
    """The usual formats without loading all of Pillow's plugins, which takes 40 ms."""
    Image.preinit()
    return Image.EXTENSION.get(suffix) or Image.registered_extensions().get(suffix)


def stack(pictures: Sequence[Picture]) -> Picture:
    """Pictures of one size to one of many frames, without their metadata; grey ones among colours
    become colours.

    Raises:
        ImageError: they differ in size, or some have alpha.
    """
    channels = max((picture.pixels.shape[-1] for picture in pictures), default=1)
    pictures = [_with_channels(picture, channels) for picture in pictures]
    kinds = {(picture.size, picture.mode) for picture in pictures}
    if len(kinds) != 1:
        listed = ", ".join(sorted(f"{w}x{h} {mode.name}" for (w, h), mode in kinds)) or "none"
        raise ImageError(f"only pictures of one size and mode can be stacked, these are: {listed}")
    planes = [picture.alpha for picture in pictures if picture.alpha is not None]
    pixels = np.concatenate([picture.pixels for picture in pictures])
    return Picture(pixels, np.concatenate(planes) if planes else None)


def _with_channels(picture: Picture, channels: int) -> Picture:
    shape = (*picture.pixels.shape[:-1], channels)
    return Picture(np.broadcast_to(picture.pixels, shape), picture.alpha)


def pack_alpha(alpha: Pixels | None) -> bytes:
    """Alpha planes to a zlib stream; nothing for opaque pictures."""
    return b"" if alpha is None else zlib.compress(np.ascontiguousarray(alpha).tobytes(), 9)


def unpack_alpha(data: bytes, shape: tuple[int, int, int]) -> Pixels:
    """A zlib stream to alpha planes (F, H, W); never inflates more than they need.

    Raises:
        FormatError: the stream is damaged, or of another size.
    """
    size = int(np.prod(shape, dtype=np.int64))
    inflater = zlib.decompressobj()
    try:
        plane = inflater.decompress(data, size)
    except zlib.error as error:
        raise FormatError(f"damaged: the alpha plane does not inflate ({error})") from error
    if len(plane) != size or inflater.decompress(inflater.unconsumed_tail, 1):
        raise FormatError("damaged: the alpha plane is not of the picture's size")
    if inflater.unused_data or not inflater.eof:
        raise FormatError("damaged: the alpha plane does not end where it should")
    return np.frombuffer(plane, np.uint8).reshape(shape)


def _warn(message: str) -> None:
    warnings.warn(message, AecodecWarning, stacklevel=2)
