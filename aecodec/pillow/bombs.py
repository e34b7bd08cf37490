"""Decompression bombs: apply Pillow's limit, `Image.MAX_IMAGE_PIXELS`, to `.aec` files.

Pillow itself checks one picture of a file. Here all pictures count, because they are decoded at
once, and so do the pixels that the networks compute. No other limits apply.
"""

from __future__ import annotations

import warnings

from PIL import Image

from aecodec.errors import LimitError
from aecodec.format.limits import FREE_WORK, WORK_PER_BYTE, Claim, Limits


def check_claim(claim: Claim) -> None:
    """Check the claim of a file in all cases that Pillow's own check of one picture ignores.

    A :class:`PIL.Image.DecompressionBombWarning` warns of more pixels than
    `Image.MAX_IMAGE_PIXELS`, or than :func:`aecodec.decompress` accepts in a file of this size.

    Raises:
        DecompressionBombError: the file claims more than twice `Image.MAX_IMAGE_PIXELS`.
    """
    limit, pixels = Image.MAX_IMAGE_PIXELS, claim.size[0] * claim.size[1]
    if limit is None or pixels > 2 * limit:
        return
    try:
        Limits(max_pixels=2 * limit, max_frames=claim.frames).check(claim)
    except LimitError as error:
        raise Image.DecompressionBombError(_text(claim, 2 * limit)) from error
    is_suspect = claim.work > max(FREE_WORK, WORK_PER_BYTE * claim.file_size)
    if pixels <= limit and (is_suspect or claim.pixels > limit):
        warnings.warn(_text(claim, limit), Image.DecompressionBombWarning, stacklevel=4)


def _text(claim: Claim, limit: int) -> str:
    frames = f"{claim.frames} pictures of " if claim.frames > 1 else ""
    return (
        f"{frames}{claim.size[0]}x{claim.size[1]} pixels in a file of {claim.file_size} bytes, "
        "which may be a decompression bomb; Image.MAX_IMAGE_PIXELS sets the limit, currently "
        f"{limit} pixels"
    )
