"""Descriptions that several commands print."""

from __future__ import annotations

import math

from aecodec.codec.codec import Codec
from aecodec.codec_files.spec import CodecSpec
from aecodec.codecs import title_of


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
    half = "" if codec.folder.compresses else ", only decompresses"
    title = title_of(spec.codec_id, spec.name)
    return "\n".join([f"{title}: {kind}, {sizes}{half}", *lines])


def loss_text(codec: Codec) -> str:
    """What the finest level of a codec keeps of its float models, in a few lines."""
    loss = codec.folder.measured["finest_level"]
    in_floats = [name for names in loss["layers_in_floats"].values() for name in names]
    lines = [
        f"  {loss['float_pair']:6.2f} dB  float encoder, float decoder",
        f"  {loss['int8_encoder']:6.2f} dB  int8 encoder, float decoder",
        f"  {loss['int8_decoder']:6.2f} dB  float encoder, int8 decoder",
        f"  {loss['codec']:6.2f} dB  the codec at level {len(codec.spec.levels)}",
    ]
    if in_floats:
        lines.append(f"  layers that compute in floats: {', '.join(in_floats)}")
    return "\n".join(lines)


def _cost(spec: CodecSpec, payload_bytes: float) -> str:
    """Bytes per tile; bits per pixel for codecs of pictures of any size."""
    if spec.receptive_field:
        return f"{8 * payload_bytes / math.prod(spec.tile):6.3f} bpp"
    return f"{payload_bytes:6.2f} bytes"
