"""Decompression bombs: Pillow's limit, `Image.MAX_IMAGE_PIXELS`, for what `.aec` files claim.

Pillow itself measures one picture of a file. Here all its pictures count, as they are decoded at
once, and so does what the networks compute. No other limit refuses a file.
"""

from __future__ import annotations

import warnings

from PIL import Image

from aecodec.errors import LimitError
from aecodec.format.limits import FREE_WORK, WORK_PER_BYTE, Claim, Limits


def check_claim(claim: Claim) -> None:
    """Check what a file claims, where Pillow's own check of one picture does not.

    A :class:`PIL.Image.DecompressionBombWarning` is given for more pixels than
    `Image.MAX_IMAGE_PIXELS`, and for more than :func:`aecodec.decompress` accepts of a file of so
    few bytes.

    Raises:
        DecompressionBombError: more than twice `Image.MAX_IMAGE_PIXELS`.
    """
    limit, of_one = Image.MAX_IMAGE_PIXELS, claim.size[0] * claim.size[1]
    if limit is None or of_one > 2 * limit:
        return
    try:
        Limits(max_pixels=2 * limit, max_frames=claim.frames).check(claim)
    except LimitError as error:
        raise Image.DecompressionBombError(_text(claim, 2 * limit)) from error
    is_suspect = claim.work > max(FREE_WORK, WORK_PER_BYTE * claim.file_size)
    if of_one <= limit and (is_suspect or claim.pixels > limit):
        warnings.warn(_text(claim, limit), Image.DecompressionBombWarning, stacklevel=4)


def _text(claim: Claim, limit: int) -> str:
    many = f"{claim.frames} pictures of " if claim.frames > 1 else ""
    return (
        f"{many}{claim.size[0]}x{claim.size[1]} pixels in a file of {claim.file_size} bytes, which "
        f"could be a decompression bomb; Image.MAX_IMAGE_PIXELS sets the limit, now {limit} pixels"
    )
