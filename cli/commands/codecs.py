"""`aecodec codecs`: list codecs with the size and quality of their levels."""

from __future__ import annotations

from aecodec.cli.shared.console import Console
from aecodec.cli.shared.options import OptionalCodec
from aecodec.codec.codec import Codec
from aecodec.codec.registry import built_in_names, load_codec
from aecodec.codec_files.summary import levels_of, title_line, unit_of_cost


def codecs(name: OptionalCodec = None) -> None:
    """List a codec, or all built-in codecs, with the size and quality of each level, if any.

    Sizes are the mean payload per tile in bytes; header and checksum add at least 12 bytes. For
    codecs that accept pictures of any size, the unit is bits per pixel.
    """
    for codec_name in [name] if name else built_in_names():
        Console().result(codec_lines(load_codec(codec_name)))


def codec_lines(codec: Codec) -> list[str]:
    """A line for a codec, and a line for each of its levels."""
    unit = unit_of_cost(codec.folder)
    decimals = 3 if unit == "bpp" else 2
    lines = [
        f"  level {number}  {cost:6.{decimals}f} {unit}  {psnr:6.2f} dB"
        + ("  (default)" if is_default else "")
        for number, cost, psnr, is_default in levels_of(codec.folder)
    ]
    return [title_line(codec.folder), *lines]
