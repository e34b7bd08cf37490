"""Pictures inside a page, as data URIs: exact where they are small, within a bound where not."""

from __future__ import annotations

import base64
from typing import NamedTuple

from aecodec import metrics
from aecodec.arrays import Pixels
from aecodec.evaluation.formats import AVIF, PillowFormat, decode

MAX_SIDE = 1200
"""Longest side in pixels of what is shown of a picture."""

_ALWAYS_EXACT = 256 * 256
"""Pixels of a picture that costs few bytes in any case."""

_EXACT = PillowFormat("PNG", "PNG", {"optimize": True})
_NEARLY = PillowFormat("AVIF", "AVIF", {"quality": 94, "subsampling": "4:4:4", "speed": 8})
"""About 44 dB from photographs and 46 dB from what codecs make of them, in a third of the bytes."""


class Embedded(NamedTuple):
    """A picture inside a page.

    Attributes:
        uri: the `data:` URI of an image file.
        psnr: PSNR in dB of what the URI shows, beside the picture; infinite if that is exact.
    """

    uri: str
    psnr: float


def middle(pixels: Pixels) -> tuple[slice, slice]:
    """Rows and columns that are shown of a picture: all, or the middle of a very large one.

    >>> import numpy as np
    >>> middle(np.zeros((600, 1600), np.uint8))
    (slice(0, 600, None), slice(200, 1400, None))
    """
    starts = [max(0, side - MAX_SIDE) // 2 for side in pixels.shape[:2]]
    rows, columns = (
        slice(start, start + min(side, MAX_SIDE))
        for start, side in zip(starts, pixels.shape[:2], strict=True)
    )
    return rows, columns


def embed_file(kind: PillowFormat, content: bytes) -> Embedded:
    """Embed the bytes of a file as they are; its format must be one that browsers show.

    Args:
        kind: format of the file.
        content: its bytes.
    """
    encoded = base64.b64encode(content).decode("ascii")
    return Embedded(f"data:{kind.media_type};base64,{encoded}", metrics.psnr(0.0))


def embed_pixels(pixels: Pixels, *, lossless: bool) -> Embedded:
    """Pixels in a file that browsers show: PNG if they are few, AVIF without subsampling if not.

    Args:
        pixels: (H, W) or (H, W, 3) uint8.
        lossless: use PNG however many pixels there are.

    >>> import numpy as np
    >>> embed_pixels(np.zeros((28, 28), np.uint8), lossless=False).psnr
    inf
    """
    is_small = pixels.shape[0] * pixels.shape[1] <= _ALWAYS_EXACT
    kind = _EXACT if lossless or is_small or not AVIF.is_installed else _NEARLY
    content = kind.encode(pixels)
    error = metrics.mse(pixels, decode(content, pixels))
    return embed_file(kind, content)._replace(psnr=metrics.psnr(error))
