"""The weights of residual networks, and their bytes in codec files.

A residual network has one hidden layer. From the neighbours of a sample, it predicts the mean and
the scale of the sample in units of the activity around it, so that one network serves samples of
any range. The library runs it (docs/FORMAT.md, section 8).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

INPUT_BITS, WEIGHT_BITS, UNIT_BITS, OUTPUT_BITS, TOTAL_BITS = 5, 12, 7, 19, 24
"""Binary places of the inputs, the weights, the hidden units, the outputs and the probabilities."""

MOST_UNIT = 6 << UNIT_BITS
"""Maximum of the hidden units, whose activation is ReLU6."""

SHAPE_SIZE = 513


@dataclass(frozen=True, eq=False)
class ResidualNetwork:
    """A network for the samples of a band.

    Attributes:
        hidden: (H, I) int16 weights of the hidden units in 2^-12.
        bias: (H,) int32 in 2^-17.
        outputs: (2, H) int16 weights of the mean and of the logarithm of the scale in 2^-12.
        output_bias: (2,) int32 in 2^-19.
        direct: (I,) int16 weights from the inputs to the mean in 2^-12.
        shape: (513,) int32, the cumulative distribution at 0, 1/32, ... 16 scales from the mean, in
            2^-24; ascending.
    """

    hidden: npt.NDArray[np.int16]
    bias: npt.NDArray[np.int32]
    outputs: npt.NDArray[np.int16]
    output_bias: npt.NDArray[np.int32]
    direct: npt.NDArray[np.int16]
    shape: npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class ResidualNetworks:
    """The networks of B bands; bands without a network of their own use the last one.

    Attributes:
        networks: one for each band, and at least 3 for codecs with more bands, because a third
            band reads more bands than the second.
        has_base: whether samples have a base.
    """

    networks: Sequence[ResidualNetwork]
    has_base: bool

    @property
    def content(self) -> bytes:
        """The networks as bytes, little-endian (docs/FORMAT.md, section 8)."""
        head = bytes([self.has_base, len(self.networks), 0, 0])
        return head + b"".join(map(_packed, self.networks))


def _packed(network: ResidualNetwork) -> bytes:
    units, inputs = network.hidden.shape
    arrays = [
        np.array([units, inputs], "<u2"),
        *(a.astype("<i4") for a in (network.shape, network.bias, network.output_bias)),
        *(a.astype("<i2") for a in (network.hidden, network.outputs, network.direct)),
    ]
    content = b"".join(a.tobytes() for a in arrays)
    return content + b"\0" * (-len(content) % 4)
