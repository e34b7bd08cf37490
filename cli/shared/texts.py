"""Descriptions of codecs that several commands print."""

from __future__ import annotations

from aecodec.codec.codec import Codec
from aecodec.codec_files.summary import levels_of, title_line, unit_of_cost


def codec_lines(codec: Codec) -> list[str]:
    """A line for a codec, and a line for each of its levels."""
    unit = unit_of_cost(codec.folder)
    decimals = 3 if unit == "bpp" else 2
    lines = [
        f"  level {number}  {cost:6.{decimals}f} {unit}  {psnr:6.2f} dB"
        + ("  (default)" if is_default else "")
        for number, cost, psnr, is_default in levels_of(codec.folder)
    ]
    return [f"{title_line(codec.folder)}, engine {codec.engine}", *lines]


def loss_lines(codec: Codec) -> list[str]:
    """PSNR of the finest level of a codec and of its float models, in several lines."""
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
    return lines
