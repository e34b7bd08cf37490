"""The context network of a prior, which adapts tables to codes that are already known.

`docs/how_it_works.md` explains it. Weights and activations are 8-bit integers. The library runs the
network (`docs/FORMAT.md`, section 4); these classes only hold its weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt

MAX_ACTIVATION = 127
"""Inputs are in -127..127, hidden units in 0..127."""

MAX_GRADIENT = 511
POSITIONS = 8
"""Tables move by eighths of a symbol: each shape has 8 rows in the bank, one per eighth."""

KINDS = 2
"""Kinds of neighbours: four diagonal neighbours, or neighbours above, below, left and right."""

GRADIENTS = 4
"""Gradients per channel: the sums of both pairs of opposite neighbours, then the differences."""

BY_DIFFERENCE = 8
"""Added to the input shift of predicted channels that vary less between neighbours than around
their centre: their activity is the difference of opposite neighbours."""

PREDICTED_CHANNELS = 64
"""Gradients predict at most this many channels, the first ones in the order of coding."""

MAX_SHIFT = 24

MAX_UNITS = 1024


def array_fields(owner: type) -> dict[str, Any]:
    hints = get_type_hints(owner).items()
    arrays = {name: get_args(hint) for name, hint in hints if get_origin(hint) is np.ndarray}
    return {name: get_args(dtype)[0] for name, (_, dtype) in arrays.items()}


class ArrayFields:
    def __post_init__(self) -> None:
        for name, dtype in array_fields(type(self)).items():
            setattr(self, name, np.asarray(getattr(self, name), dtype))


@dataclass(eq=False, repr=False)
class SpatialWeights(ArrayFields):
    """Weights with which a context network reads each kind of spatial context."""

    centre: npt.NDArray[np.int8]  # (K,), subtracted from all codes, including the vector's own
    weights: npt.NDArray[np.int8]  # (KINDS, K, H) of activities, shifted like inputs, then / 4
    bias: npt.NDArray[np.int8]  # (KINDS, H), added to the bias of the prior
    gradient_weights: npt.NDArray[np.int8]  # (KINDS, L, GRADIENTS, L), of the first L channels
    gradient_shift: npt.NDArray[np.uint8]  # (KINDS, L) right shifts of sums, with rounding


@dataclass(eq=False, repr=False)
class ContextNetwork(ArrayFields):
    """The weights of a context network with H hidden units, for P priors of K channels.

    In all arrays, the K channels are in the order of coding. The input of a channel is the distance
    of the code from the offset of the selected prior or, with spatial weights, the absolute
    distance from their centre. The first output of a channel moves its table by eighths of a
    symbol, and the second output selects a different shape.
    """

    order: npt.NDArray[np.uint16]  # (K,) all channels in the order of coding
    input_shift: npt.NDArray[np.uint8]  # (K,) left shifts of inputs, and BY_DIFFERENCE
    degree: npt.NDArray[np.uint16]  # (H,), ascending: how many first channels a unit reads
    weights: npt.NDArray[np.int8]  # (K, H) of the inputs
    unit_shift: npt.NDArray[np.uint8]  # (H,) right shifts of the units' sums
    bias: npt.NDArray[np.int8]  # (P, H), added after that shift
    output_weights: npt.NDArray[np.int8]  # (K, H, 2) of the units
    output_shift: npt.NDArray[np.uint8]  # (K, 2) right shifts of the outputs, with rounding
    spatial: SpatialWeights | None = None  # None for vectors without neighbours

    @property
    def slices(self) -> list[slice]:
        """Runs of positions in the order; all positions of a run use the same units."""
        starts = {0, *self.degree[self.degree < len(self.order)].tolist()}
        return [slice(*ends) for ends in pairwise([*sorted(starts), len(self.order)])]


def slice_degrees(channels: int, units: int) -> npt.NDArray[np.int64]:
    """Ascending degrees (units,) so that slices start at channels 0, 1, 2, 4, 8 and so on.

    The first channels carry the most information and are coded in small slices, later ones in
    slices of 32.

    >>> slice_degrees(channels=120, units=9).tolist()
    [0, 1, 2, 4, 8, 16, 32, 64, 96]
    """
    starts = [start for start in (0, 1, 2, 4, 8, 16) if start < channels]
    starts += range(32, channels, 32)
    return np.sort(np.array(starts)[np.arange(units) % len(starts)])
