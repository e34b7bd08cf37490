"""Pillow images and arrays to pixels and back, with one explicit policy for each mode."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from aecodec.container import MetadataKind, Mode
from aecodec.errors import AecodecWarning, FormatError, ImageError

Pixels = npt.NDArray[np.uint8]

_REFUSED = {"I", "F", "I;16", "I;16B", "I;16L", "I;16N"}
_SAME_MEANING = {"1": "L", "La": "LA", "PA": "RGBA", "RGBa": "RGBA", "RGBX": "RGB"}
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
        with Image.open(source) as image:
            image.load()
            return from_pil(image)
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError("not an image that Pillow can open") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageError(f"cannot be read as an image: {error}") from error


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
    if image.mode in _REFUSED:
        raise ImageError(
            f"mode {image.mode} has more than 8 bits a channel, which this codec is not built "
            "for: convert it to 8 bits first"
        )
    if getattr(image, "n_frames", 1) > 1:
        _warn("the file holds several frames; only the first is compressed")
    upright = ImageOps.exif_transpose(image)
    metadata = _metadata_of(upright)
    return _without_equal_channels(_split_alpha(_to_known_mode(upright), metadata))


def _to_known_mode(image: Image.Image) -> Image.Image:
    if image.mode == "P" or "transparency" in image.info:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode in Mode.__members__:
        return image
    if image.mode not in _SAME_MEANING:
        _warn(f"{image.mode} was converted to RGB; the file will hold RGB")
    return image.convert(_SAME_MEANING.get(image.mode, "RGB"))


def _split_alpha(image: Image.Image, metadata: dict[MetadataKind, bytes]) -> Picture:
    array = np.asarray(image)
    array = array[..., None] if array.ndim == 2 else array
    if not Mode[image.mode].has_alpha:
        return Picture(array[None], None, metadata)
    return Picture(array[None, ..., :-1], array[None, ..., -1], metadata)


def _without_equal_channels(picture: Picture) -> Picture:
    """Grey content in RGB says the same in one channel, at a third of the price."""
    if not (picture.pixels == picture.pixels[..., :1]).all():
        return picture
    return Picture(picture.pixels[..., :1], picture.alpha, picture.metadata)


def _metadata_of(image: Image.Image) -> dict[MetadataKind, bytes]:
    found = {kind: image.info.get(name) for kind, name in _METADATA_INFO.items()}
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


def stack(pictures: Sequence[Picture]) -> Picture:
    """Pictures of one size and mode to one of many frames, without their metadata.

    Raises:
        ImageError: they differ.
    """
    kinds = {(picture.size, picture.mode) for picture in pictures}
    if len(kinds) != 1:
        listed = ", ".join(sorted(f"{w}x{h} {mode.name}" for (w, h), mode in kinds)) or "none"
        raise ImageError(f"only pictures of one size and mode can be stacked, these are: {listed}")
    planes = [picture.alpha for picture in pictures if picture.alpha is not None]
    pixels = np.concatenate([picture.pixels for picture in pictures])
    return Picture(pixels, np.concatenate(planes) if planes else None)


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
