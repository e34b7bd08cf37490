"""Previews: a small, blurred version of a picture in 10 to 100 bytes.

>>> from PIL import Image
>>> payload = encode(Image.new("RGB", (60, 40), "teal"), max_bytes=20)
>>> decode(payload).size
(32, 21)
"""

import math
from typing import Any

import numpy as np
from PIL import Image

from aecodec.base.arrays import Int64, Pixels
from aecodec.base.errors import UsageError, warn
from aecodec.codec.sources import COLOURS, ImageSource, to_picture
from aecodec.image_files.colour import in_kept_colours
from aecodec.image_files.writing import to_pil
from aecodec.preview.payload import SQUARE, unpack
from aecodec.preview.search import best_payload
from aecodec.preview.synthesis import synthesize
from aecodec.preview.tables import SIDE

__all__ = ["average_colour", "decode", "decode_pixels", "encode"]

LARGEST_RATIO = 5.0
"""Largest ratio of the longer to the shorter side of a preview."""
LEAST_BYTES = 10
_LANCZOS = Image.Resampling.LANCZOS


def encode(image: ImageSource, max_bytes: int = 40) -> bytes:
    """Return the payload of a picture's preview: at most `max_bytes` bytes, without a header.

    The payload contains the ratio of width to height, from 1:5 to 5:1. Channels of files with more
    than 8 bits are scaled to 8 bits. If the picture has several frames, aecodec issues a warning
    and uses the first frame.

    Raises ImageError if the picture cannot be read, and UsageError if `max_bytes` is below 10.
    """
    if max_bytes < LEAST_BYTES:
        raise UsageError(f"max_bytes is {max_bytes}: a preview needs at least {LEAST_BYTES} bytes")
    picture = in_kept_colours(to_picture(image, COLOURS), {})
    if picture.frames > 1:
        warn(f"the preview shows the first of {picture.frames} frames")
    frame = to_pil(picture)[0]
    return best_payload(_reduced(frame), _shape_number(frame.width / frame.height), max_bytes)


def decode(payload: bytes) -> Image.Image:
    """Decode a preview to an RGB or RGBA image, whose longer side has 32 pixels.

    Raises FormatError if the payload is empty or not valid. Most random bytes are valid payloads.
    """
    pixels, ratio = decode_pixels(payload)
    size = round(SIDE * min(1.0, ratio)), round(SIDE * min(1.0, 1 / ratio))
    image: Any = Image.fromarray(pixels)
    return image.resize(size, Image.Resampling.BICUBIC)


def decode_pixels(payload: bytes) -> tuple[Pixels, float]:
    """Decode a preview to pixels (32, 32, 3) or (32, 32, 4), and the ratio of width to height.

    The pixels are the same integers in all implementations. Raises FormatError if the payload is
    empty or not valid.
    """
    content = unpack(payload)
    ratio = LARGEST_RATIO ** ((content.shape - SQUARE) / SQUARE)
    planes = [synthesize(plane.codes, plane.level) for plane in content.planes]
    return np.dstack([planes[0], *(alpha[..., 1] for alpha in planes[1:])]), ratio


def average_colour(payload: bytes) -> str:
    """Return the average colour of a preview's visible pixels as a CSS colour.

    Raises FormatError if the payload is empty or not valid.

    >>> average_colour(encode(Image.new("RGB", (60, 40), "teal")))
    '#007f7f'
    """
    return "#" + bytes(_mean(decode_pixels(payload)[0]).tolist()).hex()


def _mean(pixels: Pixels) -> Int64:
    """Return the mean (3,) of pixels (H, W, 3), or of (H, W, 4) weighted by alpha."""
    opaque = np.pad(pixels, ((0, 0), (0, 0), (0, 1)), constant_values=255)
    weights = opaque[..., 3:4].astype(np.int64)
    return (pixels[..., :3] * weights).sum((0, 1)) // max(1, int(weights.sum()))


def _shape_number(ratio: float) -> int:
    exponent = math.log(ratio) / math.log(LARGEST_RATIO)
    return SQUARE + round(SQUARE * min(max(exponent, -1.0), 1.0))


def _reduced(frame: Image.Image) -> Pixels:
    """Reduce an image to pixels (32, 32, 3), or (32, 32, 4) if a pixel is not opaque.

    The width is reduced first: for both at once, the order depends on Pillow's version. Transparent
    pixels are blended with the mean colour, because their own colours are invisible.
    """
    narrow = frame.convert("RGBA").convert("RGBa").resize((SIDE, frame.height), _LANCZOS)
    pixels = np.asarray(narrow.resize((SIDE, SIDE), _LANCZOS).convert("RGBA"))
    alpha = pixels[..., 3:]
    if alpha.min() == 255:
        return pixels[..., :3]
    opacity = alpha.astype(np.int64)
    blended = (pixels[..., :3] * opacity + _mean(pixels) * (255 - opacity) + 127) // 255
    return np.dstack([blended.astype(np.uint8), alpha])
