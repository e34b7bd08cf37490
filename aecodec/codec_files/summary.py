"""Descriptions of codecs and of the cost of their levels."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from aecodec.codec_files.folder import CodecFolder
from aecodec.data.codecs import title_of


class LevelSummary(NamedTuple):
    """Measurements of a level; the cost is the size of its payload in the codec's unit."""

    level: int
    cost: float
    psnr: float
    is_default: bool


def title_line(folder: CodecFolder) -> str:
    """Describe a codec in a line: `digits (f206e96f): grey, 28x28 tiles`."""
    spec = folder.spec
    kind = "grey" if spec.channels == 1 else "RGB"
    if spec.bands:
        kind = f"{spec.channels} band{'s' * (spec.channels > 1)} ({', '.join(spec.bands.names)})"
    if not spec.levels:
        return f"{title_of(spec.codec_id, spec.name)}: any samples, with a maximum error"
    sizes = "any size" if spec.receptive_field else f"{spec.tile[1]}x{spec.tile[0]} tiles"
    half = "" if folder.compresses else ", only decompresses"
    return f"{title_of(spec.codec_id, spec.name)}: {kind}, {sizes}{half}"


def unit_of_cost(folder: CodecFolder) -> str:
    """Unit of the cost of levels: bytes per tile, or bpp if a codec takes pictures of any size."""
    return "bpp" if folder.spec.receptive_field else "bytes"


def levels_of(folder: CodecFolder) -> Iterator[LevelSummary]:
    """Yield the measured levels of a codec, beginning with level 1."""
    spec = folder.spec
    scale = 8 / math.prod(spec.tile) if spec.receptive_field else 1
    for level, values in enumerate(folder.measured.get("levels", []), start=1):
        is_default = level == spec.default_level
        yield LevelSummary(level, scale * values["payload_bytes"], values["psnr"], is_default)
