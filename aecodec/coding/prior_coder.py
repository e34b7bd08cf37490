"""The message coder of the Python engine."""

from typing import NamedTuple

from aecodec.arrays import Codes, Latents
from aecodec.coding.levels import Level
from aecodec.coding.message_coder import Segment
from aecodec.coding.rdoq import Quantizer
from aecodec.entropy import coding
from aecodec.entropy.prior import Prior
from aecodec.entropy.range_coder import FASTEST, RangeCoder


class PriorCoder(NamedTuple):
    """A message coder in NumPy. It is the readable reference; all others write identical bytes."""

    prior: Prior
    level: Level
    quantizer: Quantizer
    range_coder: RangeCoder = FASTEST

    def encode(self, latents: Latents, segment: Segment) -> tuple[bytes, Codes]:
        symbols = self.quantizer(latents)
        message = coding.encode_symbols(self.prior, symbols, segment.grid, self.range_coder)
        return message, symbols.codes

    def decide(self, latents: Latents, segment: Segment) -> Codes:
        return coding.decide(self.prior, self.quantizer(latents), segment.grid)

    def decode(self, message: bytes, segment: Segment) -> Codes:
        return coding.decode(self.prior, message, segment.vectors, segment.grid, self.range_coder)

    def dequantize_into(self, codes: Codes, latents: Latents) -> None:
        self.level.dequantize_into(codes, latents)
