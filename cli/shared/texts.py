"""Descriptions that several commands print."""

from __future__ import annotations

import math

from aecodec.codec.codec import Codec
from aecodec.codec_files.spec import CodecSpec


def codec_text(codec: Codec) -> str:
    """A codec and its levels in a few lines."""
    spec = codec.spec
    kind = "grey" if spec.channels == 1 else "RGB"
    sizes = "any size" if spec.receptive_field else f"{spec.tile[1]}x{spec.tile[0]} tiles"
    lines = [
        f"  level {number}  {_cost(spec, level['payload_bytes'])}  {level['psnr']:6.2f} dB"
        + ("  (default)" if number == spec.default_level else "")
        for number, level in enumerate(codec.folder.measured.get("levels", []), start=1)
    ]
    return "\n".join([f"{spec.name} ({spec.codec_id.hex()}): {kind}, {sizes}", *lines])


def _cost(spec: CodecSpec, payload_bytes: float) -> str:
    """Bytes per tile; bits per pixel for codecs of pictures of any size."""
    if spec.receptive_field:
        return f"{8 * payload_bytes / math.prod(spec.tile):6.3f} bpp"
    return f"{payload_bytes:6.2f} bytes"
