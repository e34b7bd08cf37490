"""Limits of decoding, and messages about files that exceed them."""

from __future__ import annotations

from ctypes import byref
from functools import lru_cache
from typing import Any

from aecodec.base.errors import LimitError
from aecodec.format.limits import Limits
from aecodec.native import structures
from aecodec.native.codec import NativeCodec
from aecodec.native.library import LIBRARY
from aecodec.native.status import check

MOST_TILES = 4
"""Computed pixels for each pixel that a caller allows: whole tiles at edges have more pixels."""


@lru_cache(64)
def structure_of(limits: Limits) -> Any:
    """A pointer to limits for the library, which does not change them."""
    most_pixels, most_frames = limits.max_pixels or 0, limits.max_frames or 0
    return byref(
        structures.Limits(
            max_pixels=min(most_pixels, (1 << 64) - 1),
            max_frames=min(most_frames, (1 << 32) - 1),
            base_only=limits.base_only,
        )
    )


def claim_of(codec: NativeCodec, data: bytes, limits: Limits = Limits()) -> structures.Claim:
    """The claims of a codec's file, and the limits of the file; or FormatError or CodecError."""
    claim, chosen = structures.Claim(), structure_of(limits)
    check(LIBRARY.aecodec_claim_of(codec.handle, data, len(data), chosen, byref(claim)))
    return claim


def check_limits(codec: NativeCodec, data: bytes, limits: Limits) -> None:
    """Raise LimitError, which names the option for a higher limit, if a file claims more."""
    claim = claim_of(codec, data, limits)
    if claim.frames > claim.max_frames:
        raise LimitError(
            f"{claim.frames} pictures in {len(data)} bytes exceed the limit of {claim.max_frames}: "
            f"allow them with max_frames={claim.frames} (--max-frames)"
        )
    if claim.pixels > claim.max_pixels:
        raise LimitError(
            f"{_pixels_text(claim)} exceed the limit of {claim.max_pixels}: allow them with "
            f"max_pixels={claim.pixels} (--max-pixels)"
        )
    if claim.work > claim.max_work:
        enough = max(claim.pixels, -(-claim.work // MOST_TILES))
        raise LimitError(
            f"{_pixels_text(claim)} in only {len(data)} bytes are suspicious: the file may be a "
            f"decompression bomb. If you trust it, use max_pixels={enough} (--max-pixels)"
        )


def _pixels_text(claim: structures.Claim) -> str:
    frames = f"{claim.frames} x " if claim.frames > 1 else ""
    of_bytes = f" of up to {3 * claim.weight} bytes (counted as {claim.pixels})"
    return f"{frames}{claim.width}x{claim.height} pixels{of_bytes * (claim.weight > 1)}"
