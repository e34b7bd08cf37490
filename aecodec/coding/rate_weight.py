"""The weight of bits against error, with which encoders quantize."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes

_MAX_WEIGHT = 255


class RateWeight(NamedTuple):
    """The weight of bits against squared error, for each vector.

    Texture hides errors, and flat areas show them (contrast masking; A. B. Watson, "DCT
    quantization matrices visually optimized for individual images", 1993). With masking, the weight
    of bits therefore increases with the number of a vector's codes that differ from 0. On Kodak,
    `photo` then takes 2.3 % fewer bytes by SSIMULACRA2 and 2.7 % fewer by MS-SSIM, but 1.3 % more
    by PSNR.

    `most`, 0 to 255, is the largest weight: the squared error that 1/256 bit is worth, in 2**-15 of
    a squared step. The default is 0.06 per bit. At high rates theory gives ln(2) / 6 = 0.116, but
    it ignores that these symbols are context for others. `masking`, up to 255, is the number of
    codes other than 0 per unit of weight; 0 gives every vector the highest weight.

    >>> RateWeight(10, 2).of(np.array([[0, 0, 0, 0, 0], [5, 0, -1, 1, 1]])).tolist()
    [0, 2]
    """

    most: int = 8
    masking: int = 0

    def of(self, codes: Codes) -> npt.NDArray[np.integer[Any]]:
        """Weights (N,) of vectors, from the codes (N, K) nearest to their latents."""
        if not self.masking:
            return np.full(len(codes), self.most)
        return np.minimum(np.count_nonzero(codes, axis=1) // self.masking, self.most)


UNMASKED = RateWeight()
"""The default weight of codecs."""


def read_rate_weight(values: Mapping[str, Any]) -> RateWeight:
    """Read a weight from parsed JSON or TOML.

    Raises TypeError for unknown keys, and ValueError if a number is not an integer from 0 to 255.
    """
    weight = RateWeight(**values)
    for number in weight:
        if type(number) is not int or not 0 <= number <= _MAX_WEIGHT:
            raise ValueError(f"rdoq has {number!r}, not an integer from 0 to {_MAX_WEIGHT}")
    return weight
