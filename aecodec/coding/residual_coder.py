"""What coding the residuals of a segment takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.coding.residual_network import ResidualNetworks

Missing = npt.NDArray[np.bool_]


class Coding(NamedTuple):
    """How the values of a segment are coded.

    Attributes:
        networks: their networks.
        steps: (B,) distances of two values that the bounds can tell apart: 2 E + 1.
        limits: (B,) lowest and highest value of each band.
    """

    networks: ResidualNetworks
    steps: Sequence[int]
    limits: Sequence[tuple[int, int]]
