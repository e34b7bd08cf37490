"""What the files of a codec that is being made would hold of tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from aecodec.arrays import Float32, Latents, Pixels
from aecodec.bitstream.payload import rdoq_codes
from aecodec.entropy import coding
from aecodec.entropy.prior import Prior
from aecodec.inference.transform import Transform, to_int8
from aecodec.quantization.levels import Level


class CodedTiles(NamedTuple):
    """Tiles, and what a decoder gets of them at all levels.

    Attributes:
        pixels: (N, h, w, C) uint8.
        latents: (L, N, *code_shape) int8, dequantized.
        bits: (L, N) ideal code lengths.
    """

    pixels: Pixels
    latents: Latents
    bits: Float32


@dataclass(frozen=True)
class TileCoder:
    """An int8 encoder with its levels and priors.

    Attributes:
        network: pixels (N, h, w, C), as int8, to latents (N, *code_shape).
        levels: quality levels.
        priors: one for each level.
    """

    network: Transform
    levels: Sequence[Level]
    priors: Sequence[Prior]

    def code(self, pixels: Pixels) -> CodedTiles:
        """Code tiles (N, h, w, C), uint8, at all levels."""
        latents = self.network(to_int8(pixels))
        coded = [
            self._at_level(*each, latents) for each in zip(self.levels, self.priors, strict=True)
        ]
        decoded, bits = zip(*coded, strict=True)
        return CodedTiles(pixels, np.stack(decoded), np.stack(bits))

    def _at_level(self, level: Level, prior: Prior, latents: Latents) -> tuple[Latents, Float32]:
        codes = rdoq_codes(prior, level, latents)
        decoded = np.zeros_like(latents)
        level.dequantize_into(codes, decoded)
        grid = latents.shape[:3] if latents.ndim == 4 else None
        bits = coding.bits(prior, codes, grid).reshape(len(latents), -1).sum(axis=1)
        return decoded, bits.astype(np.float32)
