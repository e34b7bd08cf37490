"""`aecodec codecs`: list codecs with the size and quality of their levels."""

from __future__ import annotations

import math

from aecodec.cli.shared.console import Console
from aecodec.cli.shared.options import OptionalCodec
from aecodec.codec.codec import Codec
from aecodec.codec.registry import built_in_names, load_codec
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import title_of


def codecs(name: OptionalCodec = None) -> None:
    """List the size and quality of each level of a codec, or of all built-in codecs.

    A size is the mean payload per tile in bytes; header and checksum add at least 12 bytes. For
    codecs that accept pictures of any size, sizes are in bits per pixel.
    """
    for codec_name in [name] if name else built_in_names():
        Console().result(codec_lines(load_codec(codec_name)))


def codec_lines(codec: Codec) -> list[str]:
    spec, lines = codec.spec, [_title_line(codec.folder)]
    unit, decimals, scale = "bytes", 2, 1.0
    if spec.receptive_field:
        unit, decimals, scale = "bpp", 3, 8 / math.prod(spec.tile)
    for level, values in enumerate(codec.folder.measured.get("levels", []), start=1):
        cost, psnr = scale * values["payload_bytes"], values["psnr"]
        default = "  (default)" * (level == spec.default_level)
        lines.append(f"  level {level}  {cost:6.{decimals}f} {unit}  {psnr:6.2f} dB{default}")
    return lines


def _title_line(folder: CodecFolder) -> str:
    """Describe a codec: `digits (f206e96f): grey, 28x28 tiles`."""
    spec = folder.spec
    kind = "grey" if spec.channels == 1 else "RGB"
    if spec.bands:
        kind = f"{spec.channels} band{'s' * (spec.channels > 1)} ({', '.join(spec.bands.names)})"
    if not spec.levels:
        return f"{title_of(spec.codec_id, spec.name)}: any samples, with a maximum error"
    sizes = "any size" if spec.receptive_field else f"{spec.tile[1]}x{spec.tile[0]} tiles"
    half = "" if folder.compresses else ", only decompresses"
    return f"{title_of(spec.codec_id, spec.name)}: {kind}, {sizes}{half}"
