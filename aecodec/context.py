"""A context network: what the channels before tell about the next one, in exact integers.

It is an autoregressive network of one hidden layer (M. Germain et al., "MADE: Masked autoencoder
for distribution estimation", 2015) whose hidden units know the prior that was chosen. From the
codes that are already known it moves each table that the prior would use: by eighths of a
symbol, and to a narrower or wider shape.

In pictures of many vectors it also reads what lies around a vector (:mod:`aecodec.neighbours`). Its
hidden units read magnitudes there, of the vector's own codes too: how busy a picture is tells how
wide a table must be. Where a table lies, signs tell: what grows brighter across a vector's
neighbours does so within it too. So the first channels' sums and differences around, their trends,
move the tables of one another.

Weights and activations are 8-bit integers. They are multiplied as float32, whose sums of integers
are exact in any order while they stay below 2**24; so every machine finds the same tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.errors import CodecError
from aecodec.neighbours import KINDS, LED, TRENDS, Surroundings, about, blocks

CEILING = 127
"""Inputs lie in -127..127, hidden units in 0..127."""

POSITION_BITS = 3
POSITIONS = 1 << POSITION_BITS
"""Tables are moved by eighths of a symbol: a shape has 8 rows of the bank, one for each."""

Integers = npt.NDArray[np.int32]
_Exact = npt.NDArray[np.float32]  # integers, times a power of two

MAX_SHIFT = 24
_MAX_INPUT_SHIFT = 7

MOST = 1024
"""Channels or units: so many products of two 8-bit integers stay below 2**24."""

TREND_CEILING = 511
"""Trends lie in -511..511: so many as there are, times 8-bit integers, stay below 2**24."""


@dataclass(frozen=True, eq=False)
class AroundWeights:
    """How a context network reads what lies around a vector, for each kind of surroundings.

    Attributes:
        centre: (K,) int8, what codes are measured from, those of the vector itself too.
        weights: (KINDS, K, H) int8, of the magnitudes, shifted left as a channel's own input is,
            and divided by four.
        bias: (KINDS, H) int8, added to that of the prior.
        slope: (KINDS, L, TRENDS, L) int8, by which the trends of the first L channels, 64 at the
            most, move the table of each of them; trends are shifted left as inputs are, and
            clipped to -511..511.
        slope_shift: (KINDS, L) uint8; the weighted sum of trends is shifted right, and rounded.
    """

    centre: npt.NDArray[np.int8]
    weights: npt.NDArray[np.int8]
    bias: npt.NDArray[np.int8]
    slope: npt.NDArray[np.int8]
    slope_shift: npt.NDArray[np.uint8]

    def __post_init__(self) -> None:
        for name, dtype in AROUND_DTYPES.items():
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype))

    @cached_property
    def exact_slope(self) -> _Exact:
        """(KINDS, L, TRENDS * L): the slopes, their shifts to the right in them."""
        exact = self.slope * np.float32(0.5) ** self.slope_shift[..., None, None]
        return exact.reshape(*self.slope_shift.shape, -1)


AROUND_DTYPES: dict[str, type[np.integer[Any]]] = {
    "centre": np.int8,
    "weights": np.int8,
    "bias": np.int8,
    "slope": np.int8,
    "slope_shift": np.uint8,
}


@dataclass(frozen=True, eq=False)
class Context:
    """The weights of a context network with H hidden units, for P priors of K channels.

    Attributes:
        order: (K,) uint16, all channels, in the order in which they become known. What follows
            has its K in this order.
        input_shift: (K,) uint8; the input of a channel is its code's distance from the chosen
            prior's offset, shifted left; or, for networks that look around, the size of its
            distance from their centre.
        reach: (H,) uint16, ascending; unit j reads the first reach[j] channels of the order.
        weights: (K, H) int8, of inputs.
        unit_shift: (H,) uint8; the weighted sum of a unit is shifted right.
        bias: (P, H) int8, added after that.
        output_weights: (K, H, 2) int8, of units; the two outputs of a channel move its table in
            eighths of a symbol, and in shapes.
        output_shift: (K, 2) uint8; the weighted sums are shifted right, and rounded.
        around: the weights of what lies around a vector; None for vectors that stand alone.

    Raises:
        CodecError: shapes that do not fit together.
    """

    order: npt.NDArray[np.uint16]
    input_shift: npt.NDArray[np.uint8]
    reach: npt.NDArray[np.uint16]
    weights: npt.NDArray[np.int8]
    unit_shift: npt.NDArray[np.uint8]
    bias: npt.NDArray[np.int8]
    output_weights: npt.NDArray[np.int8]
    output_shift: npt.NDArray[np.uint8]
    around: AroundWeights | None = None

    def __post_init__(self) -> None:
        for name, dtype in DTYPES.items():
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype))
        channels, units = len(self.input_shift), len(self.reach)
        shapes_fit = (
            np.array_equal(np.sort(self.order), np.arange(channels))
            and self.weights.shape == (channels, units)
            and self.unit_shift.shape == (units,)
            and self.bias.shape[1:] == (units,)
            and self.output_weights.shape == (channels, units, 2)
            and self.output_shift.shape == (channels, 2)
        )
        in_range = (
            max(channels, units) <= MOST
            and self.input_shift.max(initial=0) <= _MAX_INPUT_SHIFT
            and max(self.unit_shift.max(initial=0), self.output_shift.max(initial=0)) <= MAX_SHIFT
            and (np.diff(self.reach.astype(np.int32)) >= 0).all()
        )
        if not (shapes_fit and in_range and self._around_fits(channels, units)):
            raise CodecError("the codec's context network does not fit together: export it again")

    def _around_fits(self, channels: int, units: int) -> bool:
        if self.around is None:
            return True
        led = min(channels, LED)
        return bool(
            self.around.centre.shape == (channels,)
            and self.around.weights.shape == (KINDS, channels, units)
            and self.around.bias.shape == (KINDS, units)
            and self.around.slope.shape == (KINDS, led, TRENDS, led)
            and self.around.slope_shift.shape == (KINDS, led)
            and self.around.slope_shift.max(initial=0) <= MAX_SHIFT
            and 2 * channels <= MOST
        )

    @cached_property
    def slices(self) -> list[slice]:
        """Runs of places for which the same units can be known."""
        starts = {0, *self.reach[self.reach < len(self.order)].tolist()}
        return [slice(*ends) for ends in pairwise([*sorted(starts), len(self.order)])]

    def ready(self, places: slice) -> int:
        """How many units can be known before the channels at those places are."""
        return int(np.searchsorted(self.reach, places.start, side="right"))

    @cached_property
    def exact_weights(self) -> tuple[_Exact, _Exact]:
        """(H, K) and (2 K, H): both layers' weights, their shifts to the right in them."""
        inner = self.weights * np.float32(0.5) ** self.unit_shift
        outer = self.output_weights * np.float32(0.5) ** self.output_shift[:, None]
        by_output = outer.transpose(0, 2, 1).reshape(2 * len(self.order), len(self.reach))
        return np.ascontiguousarray(inner.T), np.ascontiguousarray(by_output)

    @cached_property
    def exact_around(self) -> _Exact:
        """(KINDS, H, K): the weights of what lies around, their shifts to the right in them.

        The channels are in their own order.
        """
        assert self.around
        by_channel = self.around.weights[:, self.place_of]
        inner = by_channel * np.float32(0.5) ** self.unit_shift
        return np.ascontiguousarray(inner.transpose(0, 2, 1), np.float32)

    @cached_property
    def centre(self) -> npt.NDArray[np.int16]:
        """(K,) that of what lies around, the channels in their own order."""
        assert self.around
        return self.around.centre[self.place_of].astype(np.int16)

    @cached_property
    def place_of(self) -> npt.NDArray[np.intp]:
        """(K,) where each channel stands in the order."""
        return np.argsort(self.order)

    @property
    def led(self) -> npt.NDArray[np.uint16]:
        """(L,) the channels whose trends move their tables."""
        return self.order[:LED]

    def inputs(self, places: slice, codes: npt.NDArray[Any], offset: Integers) -> Integers:
        """What units read of the codes (n, N) of the channels at those places."""
        shift = self.input_shift[places, None].astype(np.int32)
        if self.around:
            centre = self.around.centre[places, None].astype(np.int16)
            return np.minimum(np.abs(about(centre, codes)) << shift, CEILING)
        return ((codes - offset) << shift).clip(-CEILING, CEILING)


class ContextPass:
    """One pass over the slices of N vectors, in the network's order.

    Args:
        context: the network.
        count: N.
        chosen: (N,) the prior of each vector; or (1,), the same for all.
        offset: (K, N) or (K, 1), the offsets of those priors, channels in the network's order.
        surroundings: of the vectors, if the network reads them and there are any.
    """

    def __init__(
        self,
        context: Context,
        count: int,
        chosen: Integers,
        offset: Integers,
        surroundings: Surroundings | None = None,
    ) -> None:
        self._context, self._chosen, self._offset = context, chosen, offset
        self._weights, self._output_weights = context.exact_weights
        self._inputs: _Exact = np.empty((len(offset), count), np.float32)
        self._hidden: _Exact = np.empty((len(self._weights), count), np.float32)
        self._known = 0
        self._from_around: _Exact | None = None
        self._bias = context.bias
        self._eighths = np.zeros((len(offset), 1), np.int32)
        if surroundings and context.around:
            self._look_around(context.around, surroundings)

    def _look_around(self, around: AroundWeights, surroundings: Surroundings) -> None:
        kind, scale = surroundings.kind, np.float32(2) ** self._context.input_shift
        scale_of_channel, scale_of_led = scale[self._context.place_of] / 4, scale[:LED]
        inputs = np.empty(surroundings.magnitudes.shape, np.float32)  # channels in their own order
        trends = np.empty(surroundings.trends.shape, np.float32)
        for block in blocks(len(inputs)):
            magnitudes = surroundings.magnitudes[block] * scale_of_channel
            inputs[block] = np.floor(np.minimum(magnitudes, CEILING))
            shifted = surroundings.trends[block] * scale_of_led
            trends[block] = shifted.clip(-TREND_CEILING, TREND_CEILING)
        self._from_around = self._context.exact_around[kind] @ inputs.T
        self._bias = self._bias.astype(np.int32) + around.bias[kind]
        moved = around.exact_slope[kind] @ trends.reshape(len(trends), -1).T
        self._eighths = np.zeros((len(self._offset), len(trends)), np.int32)
        self._eighths[:LED] = _rounded(moved)

    def moves(self, places: slice) -> tuple[Integers, Integers]:
        """(n, N) each: eighths of a symbol, and shapes, by which to move the tables of a slice.

        Args:
            places: the slice, in the network's order; all before it have been told.
        """
        ready = self._context.ready(places)
        if ready > self._known:
            new = slice(self._known, ready)
            self._hidden[new] = self._units(new, places.start)
            self._known = ready
        weights = self._output_weights[2 * places.start : 2 * places.stop, :ready]
        moves = _rounded(weights @ self._hidden[:ready])
        return moves[0::2] + self._eighths[places], moves[1::2]

    def _units(self, new: slice, known: int) -> _Exact:
        """Those units that see the first `known` channels."""
        sums = self._weights[new, :known] @ self._inputs[:known]
        if self._from_around is not None:
            sums += self._from_around[new]
        bias = self._bias[:, new].T.astype(np.float32)[:, self._chosen]
        return (np.floor(sums) + bias).clip(0, CEILING)

    def tell(self, places: slice, codes: npt.NDArray[Any]) -> None:
        """What the codes (n, N) of the channels at those places are."""
        self._inputs[places] = self._context.inputs(places, codes, self._offset[places])


def _rounded(sums: _Exact) -> Integers:
    """To the nearest integers, up from the middle; a sum plus a half might need more digits."""
    return (np.floor(sums + sums).astype(np.int32) + 1) >> 1


DTYPES: dict[str, type[np.integer[Any]]] = {
    "order": np.uint16,
    "input_shift": np.uint8,
    "reach": np.uint16,
    "weights": np.int8,
    "unit_shift": np.uint8,
    "bias": np.int8,
    "output_weights": np.int8,
    "output_shift": np.uint8,
}
