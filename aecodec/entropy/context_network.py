"""The context network adapts tables to codes that are already known, in exact integers.

It is an autoregressive network with one hidden layer (M. Germain et al., "MADE: Masked autoencoder
for distribution estimation", 2015) whose hidden units also know which prior was selected. From the
known codes it adapts each table of that prior: it moves the table by eighths of a symbol and makes
its shape narrower or wider.

In pictures with many vectors the network also reads a vector's spatial context
(:mod:`aecodec.entropy.spatial_context`). Its hidden units then read activities instead of signed
codes, for the vector's own channels too: the busier a picture is, the wider its tables must be. The
signs of the neighbouring codes shift the tables: gradients of the first channels directly move the
tables of these channels.

Weights and activations are 8-bit integers. They are multiplied as float32. Sums of integers below
2**24 are exact there in any order, so every machine computes the same tables.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float32, Int32
from aecodec.entropy.spatial_context import (
    GRADIENTS,
    KINDS,
    PREDICTED_CHANNELS,
    SpatialContext,
    blocks,
    centred,
)
from aecodec.errors import CodecError

MAX_ACTIVATION = 127
"""Inputs are in -127..127, hidden units in 0..127."""

POSITION_BITS = 3
POSITIONS = 1 << POSITION_BITS
"""Tables move by eighths of a symbol: each shape has 8 rows in the bank, one per eighth."""

MAX_SHIFT = 24
_MAX_INPUT_SHIFT = 7

MAX_UNITS = 1024
"""Largest number of channels or units. Sums of this many products of 8-bit integers stay below
2**24."""

# With small arrays, NumPy reads array scalars in half the time that Python numbers take.
_ONE = np.array(1, np.int32)
_MIN_INPUT, _MAX_INPUT = np.array(-127, np.int32), np.array(127, np.int32)
_NO_ACTIVATION, _FULL_ACTIVATION = np.array(0, np.float32), np.array(127, np.float32)

MAX_GRADIENT = 511
"""Gradients are clipped to -511..511, so that their weighted sums stay below 2**24."""

Dtypes = dict[str, type[np.integer[Any]]]


def set_dtypes(owner: object, dtypes: Dtypes) -> None:
    """Convert the array fields of a dataclass to their dtypes."""
    for name, dtype in dtypes.items():
        setattr(owner, name, np.asarray(getattr(owner, name), dtype))


class Step(NamedTuple):
    """Channels whose tables are computed together: n places in the order of coding.

    `units` are the units that no earlier step has computed, and `inner` their weights for the first
    channels in the order. `outer` (2n, h) are weights for the first h units, doubled: first of the
    outputs that move tables, then of the outputs that select shapes.
    """

    places: slice
    units: slice
    inner: Float32
    outer: Float32


@dataclass(eq=False, repr=False)
class SpatialWeights:
    """Weights with which a context network reads each kind of spatial context.

    Attributes:
        centre: (K,) int8, subtracted from all codes, including the vector's own.
        weights: (KINDS, K, H) int8, weights of the activities. Activities are shifted left like the
            input of their channel, then divided by four.
        bias: (KINDS, H) int8, added to the bias of the prior.
        gradient_weights: (KINDS, L, GRADIENTS, L) int8. The gradients of the first L channels (64
            at most), weighted, move the table of each of these channels. Gradients are shifted left
            like inputs, then clipped to -511..511.
        gradient_shift: (KINDS, L) uint8, right shift of the weighted sum of gradients, with
            rounding.
    """

    centre: npt.NDArray[np.int8]
    weights: npt.NDArray[np.int8]
    bias: npt.NDArray[np.int8]
    gradient_weights: npt.NDArray[np.int8]
    gradient_shift: npt.NDArray[np.uint8]

    DTYPES: ClassVar[Dtypes] = {
        "centre": np.int8,
        "weights": np.int8,
        "bias": np.int8,
        "gradient_weights": np.int8,
        "gradient_shift": np.uint8,
    }

    def __post_init__(self) -> None:
        set_dtypes(self, self.DTYPES)

    @cached_property
    def exact_gradient_weights(self) -> Float32:
        """(KINDS, L, GRADIENTS * L) gradient weights after their right shift."""
        exact = self.gradient_weights * np.float32(0.5) ** self.gradient_shift[..., None, None]
        return exact.reshape(*self.gradient_shift.shape, -1)


@dataclass(eq=False, repr=False)
class ContextNetwork:
    """The weights of a context network with H hidden units, for P priors of K channels.

    In all arrays, the K channels are in the order of coding.

    Attributes:
        order: (K,) uint16, all channels in the order of coding.
        input_shift: (K,) uint8, left shift of a channel's input. The input is the distance of the
            code from the offset of the selected prior or, with spatial weights, the absolute
            distance from their centre.
        degree: (H,) uint16, ascending; unit j reads the first degree[j] channels of the order.
        weights: (K, H) int8, weights of the inputs.
        unit_shift: (H,) uint8, right shift of a unit's weighted sum.
        bias: (P, H) int8, added after that shift.
        output_weights: (K, H, 2) int8, weights of the units. A channel's first output moves its
            table by eighths of a symbol, its second one moves on to another shape.
        output_shift: (K, 2) uint8, right shift of the outputs' weighted sums, with rounding.
        spatial: weights of the spatial context; None for vectors without neighbours.

    Raises:
        CodecError: the shapes do not fit together.
    """

    order: npt.NDArray[np.uint16]
    input_shift: npt.NDArray[np.uint8]
    degree: npt.NDArray[np.uint16]
    weights: npt.NDArray[np.int8]
    unit_shift: npt.NDArray[np.uint8]
    bias: npt.NDArray[np.int8]
    output_weights: npt.NDArray[np.int8]
    output_shift: npt.NDArray[np.uint8]
    spatial: SpatialWeights | None = None

    DTYPES: ClassVar[Dtypes] = {
        "order": np.uint16,
        "input_shift": np.uint8,
        "degree": np.uint16,
        "weights": np.int8,
        "unit_shift": np.uint8,
        "bias": np.int8,
        "output_weights": np.int8,
        "output_shift": np.uint8,
    }

    def __post_init__(self) -> None:
        set_dtypes(self, self.DTYPES)
        channels, units = len(self.input_shift), len(self.degree)
        shapes_fit = (
            np.array_equal(np.sort(self.order), np.arange(channels))
            and self.weights.shape == (channels, units)
            and self.unit_shift.shape == (units,)
            and self.bias.shape[1:] == (units,)
            and self.output_weights.shape == (channels, units, 2)
            and self.output_shift.shape == (channels, 2)
        )
        in_range = (
            max(channels, units) <= MAX_UNITS
            and self.input_shift.max(initial=0) <= _MAX_INPUT_SHIFT
            and max(self.unit_shift.max(initial=0), self.output_shift.max(initial=0)) <= MAX_SHIFT
            and (np.diff(self.degree.astype(np.int32)) >= 0).all()
        )
        if not (shapes_fit and in_range and self._spatial_fits(channels, units)):
            raise CodecError(
                "the arrays of the codec's context network do not fit together: export it again"
            )

    def _spatial_fits(self, channels: int, units: int) -> bool:
        if self.spatial is None:
            return True
        predicted = min(channels, PREDICTED_CHANNELS)
        shape = (KINDS, predicted, GRADIENTS, predicted)
        return bool(
            self.spatial.centre.shape == (channels,)
            and self.spatial.weights.shape == (KINDS, channels, units)
            and self.spatial.bias.shape == (KINDS, units)
            and self.spatial.gradient_weights.shape == shape
            and self.spatial.gradient_shift.shape == (KINDS, predicted)
            and self.spatial.gradient_shift.max(initial=0) <= MAX_SHIFT
            and 2 * channels <= MAX_UNITS
        )

    @cached_property
    def slices(self) -> list[slice]:
        """Runs of places in the order; the same units are known for all places of a run."""
        starts = {0, *self.degree[self.degree < len(self.order)].tolist()}
        return [slice(*ends) for ends in pairwise([*sorted(starts), len(self.order)])]

    @cached_property
    def steps(self) -> list[Step]:
        """One step per slice, for codes that become known slice after slice."""
        known = [0, *(self._known_units(places) for places in self.slices)]
        return [*map(self._step, self.slices, pairwise(known))]

    @cached_property
    def one_step(self) -> Step:
        """All slices in one step, for known codes."""
        return self._step(slice(0, len(self.order)), (0, self._known_units(self.slices[-1])))

    def _step(self, places: slice, units: tuple[int, int]) -> Step:
        inner, outer = self._exact_weights
        read, new = int(self.degree[: units[1]].max(initial=0)), slice(*units)
        of_outputs = np.concatenate(outer[:, places, : units[1]])
        return Step(places, new, np.ascontiguousarray(inner[new, :read]), of_outputs)

    def _known_units(self, places: slice) -> int:
        """Number of units that are known before the channels at these places."""
        return int(np.searchsorted(self.degree, places.start, side="right"))

    @cached_property
    def _exact_weights(self) -> tuple[Float32, Float32]:
        """(H, K) and (2, K, H) weights of both layers after their right shifts.

        They are 0 where a unit does not read a channel, or an output does not read a unit. The
        outputs' weights are doubled; see :func:`_rounded`.
        """
        channel = np.arange(len(self.order))[:, None]
        starts = np.array([places.start for places in self.slices])
        known = starts[np.searchsorted(starts, channel, side="right") - 1]
        inner = self.weights * np.float32(0.5) ** self.unit_shift * (channel < self.degree)
        outer = self.output_weights * np.float32(2) * np.float32(0.5) ** self.output_shift[:, None]
        outer *= (self.degree <= known)[..., None]
        return np.ascontiguousarray(inner.T), np.ascontiguousarray(outer.transpose(2, 0, 1))

    @cached_property
    def exact_bias(self) -> Float32:
        """(H, P) bias of the units."""
        return np.ascontiguousarray(self.bias.T, np.float32)

    @cached_property
    def exact_spatial_weights(self) -> Float32:
        """(KINDS, H, K) weights of activities after their right shifts.

        Unlike in all other arrays, the channels are in their own order.
        """
        assert self.spatial
        by_channel = self.spatial.weights[:, self.place_of]
        inner = by_channel * np.float32(0.5) ** self.unit_shift
        return np.ascontiguousarray(inner.transpose(0, 2, 1), np.float32)

    @cached_property
    def centre(self) -> npt.NDArray[np.int16]:
        """(K,) centre of the spatial weights, with the channels in their own order."""
        assert self.spatial
        return self.spatial.centre[self.place_of].astype(np.int16)

    @cached_property
    def place_of(self) -> npt.NDArray[np.intp]:
        """(K,) place of each channel in the order."""
        return np.argsort(self.order)

    @property
    def predicted(self) -> npt.NDArray[np.uint16]:
        """(L,) channels whose tables gradients move."""
        return self.order[:PREDICTED_CHANNELS]

    def inputs(self, places: slice, codes: npt.NDArray[Any], offset: Int32) -> npt.NDArray[Any]:
        """Inputs of the units for codes (n, N) of the channels at these places."""
        shift = self._shift[places]
        if self.spatial:
            distance = np.abs(centred(codes, self._centre_in_order[places]))
            return np.minimum(distance << shift, MAX_ACTIVATION)
        shifted = (codes - offset) << shift
        return np.minimum(np.maximum(shifted, _MIN_INPUT), _MAX_INPUT)

    @cached_property
    def _shift(self) -> npt.NDArray[np.int16]:
        return self.input_shift[:, None].astype(np.int16)

    @cached_property
    def _centre_in_order(self) -> npt.NDArray[np.int16]:
        assert self.spatial
        return self.spatial.centre[:, None].astype(np.int16)


class ContextState:
    """The state of a context network that processes N vectors step by step.

    `selected` is (N,) the prior of each vector, or (1,) the same prior for all. `offset` (K, N) or
    (K, 1) are the offsets of these priors, channels in the order of coding; `tables` (2, K, N) or
    (2, K, 1) the positions and shapes of their tables before the network adapts them. `spatial` is
    the spatial context of the vectors; None if they have none.
    """

    def __init__(
        self,
        network: ContextNetwork,
        count: int,
        selected: Int32,
        offset: Int32,
        tables: Int32,
        spatial: SpatialContext | None = None,
    ) -> None:
        self._network, self._offset = network, offset
        self._inputs: Float32 = np.empty((len(offset), count), np.float32)
        self._hidden: Float32 = np.empty((len(network.degree), count), np.float32)
        self._hidden[...] = network.exact_bias.take(selected, axis=1)
        self._spatial_sums: Float32 | None = None
        self._doubled_tables = 2 * tables + 1
        if spatial and network.spatial:
            self._read_spatial_context(network.spatial, spatial)

    def _read_spatial_context(self, weights: SpatialWeights, spatial: SpatialContext) -> None:
        """Feed the neighbours' activities to the units, and move tables by their gradients."""
        kind, scale = spatial.kind, np.float32(2) ** self._network.input_shift
        channel_scale = scale[self._network.place_of] / 4
        gradient_scale = scale[:PREDICTED_CHANNELS]
        inputs = np.empty(spatial.activity.shape, np.float32)  # channels in their own order
        gradients = np.empty(spatial.gradients.shape, np.float32)
        for block in blocks(len(inputs)):
            activity = spatial.activity[block] * channel_scale
            inputs[block] = np.floor(np.minimum(activity, MAX_ACTIVATION))
            shifted = spatial.gradients[block] * gradient_scale
            gradients[block] = shifted.clip(-MAX_GRADIENT, MAX_GRADIENT)
        self._spatial_sums = _product(self._network.exact_spatial_weights[kind], inputs.T)
        self._hidden += weights.bias[kind, :, None]
        flat = gradients.reshape(len(gradients), -1)
        moved = _product(weights.exact_gradient_weights[kind], flat.T)
        self._doubled_tables = self._doubled_tables.repeat(
            len(gradients) // self._doubled_tables.shape[2], axis=2
        )
        self._doubled_tables[0, :PREDICTED_CHANNELS] += 2 * _rounded(moved)

    def tables(self, step: Step) -> Int32:
        """Compute the adapted positions and shapes (2, n, N) of a step's tables.

        Call :meth:`update` with the codes of all earlier steps first.
        """
        if step.units.start < step.units.stop:
            self._activate(step)
        sums = _product(step.outer, self._hidden[: step.units.stop])
        doubled = np.floor(sums).astype(np.int32)
        doubled = doubled.reshape(2, len(doubled) // 2, doubled.shape[1])
        return (doubled + self._doubled_tables[:, step.places]) >> _ONE

    def _activate(self, step: Step) -> None:
        """Replace the biases of a step's units with their activations."""
        sums = _product(step.inner, self._inputs[: step.inner.shape[1]])
        if self._spatial_sums is not None:
            sums += self._spatial_sums[step.units]
        units = self._hidden[step.units]
        (units + np.floor(sums)).clip(_NO_ACTIVATION, _FULL_ACTIVATION, units)

    def update(self, step: Step, codes: npt.NDArray[Any]) -> None:
        """Read the codes (n, N) of a step's channels."""
        places = step.places
        self._inputs[places] = self._network.inputs(places, codes, self._offset[places])


@np.errstate(invalid="ignore")
def _product(weights: Float32, values: Float32) -> Float32:
    """Multiply exact weights and values, all of them finite.

    On some machines, NumPy 2.3 and later report invalid values that are not part of the result
    (https://github.com/numpy/numpy/issues/29194).
    """
    return weights.dot(values)


def _rounded(sums: Float32) -> Int32:
    """Round to the nearest integer, halves up.

    Doubling keeps the sums exact; adding a half might need more digits than float32 has.
    """
    return (np.floor(sums + sums).astype(np.int32) + 1) >> 1


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
