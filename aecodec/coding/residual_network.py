"""Residual networks: from the context of a sample to the distribution of its value, in integers.

A network has one hidden layer. It predicts the mean and the scale of a sample in units of the
activity around it, so that one network serves samples of any range.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Int64
from aecodec.coding.residual_context import MOST_INPUT, Context, input_count
from aecodec.errors import CodecError

WEIGHT_BITS, UNIT_BITS, OUTPUT_BITS = 12, 7, 19
"""Binary places of the weights, of the hidden units, and of the outputs."""

MOST_UNIT = 6 << UNIT_BITS
"""Maximum of the hidden units, whose activation is ReLU6."""

_HIDDEN_SHIFT, _DIRECT_SHIFT = 10, 2
MEAN_BITS = 8
"""Binary places of means."""

MOST_UNITS = 64
SHAPE_SIZE = 513

_SUMMED = "hidden", "bias", "outputs", "output_bias", "direct"

SCALE_BITS = 4
"""Binary places of the logarithms of scales."""


class Prediction(NamedTuple):
    """The distributions of n samples.

    Attributes:
        mean: (n,) means, in 1/256.
        log_scale: (n,) logarithms to base 2 of the scales, in sixteenths.
    """

    mean: Int64
    log_scale: Int64


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

    def predict(self, context: Context) -> Prediction:
        """Predict the distributions of samples."""
        inputs = context.inputs.astype(np.int64)
        units = (inputs @ self.hidden.T.astype(np.int64) + self.bias) >> _HIDDEN_SHIFT
        units = np.clip(units, 0, MOST_UNIT)
        sums = units @ self.outputs.T.astype(np.int64) + self.output_bias
        mean = sums[:, 0] + ((inputs @ self.direct.astype(np.int64)) << _DIRECT_SHIFT)
        moved = ((mean >> UNIT_BITS) << context.exponent) >> (OUTPUT_BITS - UNIT_BITS - MEAN_BITS)
        log_scale = sums[:, 1] >> (OUTPUT_BITS - SCALE_BITS)
        return Prediction(
            (context.reference << MEAN_BITS) + moved, log_scale + (context.exponent << SCALE_BITS)
        )


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

    def for_band(self, band: int) -> ResidualNetwork:
        """The network of a band."""
        return self.networks[min(band, len(self.networks) - 1)]

    @cached_property
    def identity(self) -> bytes:
        """The first 4 bytes of the SHA-256 of the packed networks."""
        return hashlib.sha256(self.content).digest()[:4]

    @cached_property
    def content(self) -> bytes:
        """The networks as bytes, little-endian (docs/FORMAT.md, section 8)."""
        head = bytes([self.has_base, len(self.networks), 0, 0])
        return head + b"".join(map(_packed, self.networks))


def unpack_networks(content: bytes) -> ResidualNetworks:
    """Read packed networks. Raises CodecError if they are damaged."""
    if len(content) < 4 or content[0] > 1 or not 1 <= content[1] <= 32 or any(content[2:4]):
        raise CodecError("the residual networks are damaged: their head is unknown")
    has_base, at, networks = bool(content[0]), 4, []
    for band in range(content[1]):
        network, at = _unpacked(content, at)
        _check(network, band, has_base)
        networks.append(network)
    if at != len(content):
        raise CodecError("the residual networks are damaged: bytes follow the last one")
    return ResidualNetworks(networks, has_base)


def _packed(network: ResidualNetwork) -> bytes:
    units, inputs = network.hidden.shape
    arrays = [
        np.array([units, inputs], "<u2"),
        *(a.astype("<i4") for a in (network.shape, network.bias, network.output_bias)),
        *(a.astype("<i2") for a in (network.hidden, network.outputs, network.direct)),
    ]
    content = b"".join(a.tobytes() for a in arrays)
    return content + b"\0" * (-len(content) % 4)


def _unpacked(content: bytes, at: int) -> tuple[ResidualNetwork, int]:
    """The network at an offset, and the offset behind it."""
    units, inputs = map(int, _read(content, at, "<u2", 2))
    start, arrays, at = at, [], at + 4
    for dtype, sides in (
        ("<i4", (SHAPE_SIZE,)),
        ("<i4", (units,)),
        ("<i4", (2,)),
        ("<i2", (units, inputs)),
        ("<i2", (2, units)),
        ("<i2", (inputs,)),
    ):
        array = _read(content, at, dtype, math.prod(sides)).reshape(sides)
        arrays.append(array)
        at += array.nbytes
    shape, bias, output_bias, hidden, outputs, direct = arrays
    at += (start - at) % 4
    return ResidualNetwork(hidden, bias, outputs, output_bias, direct, shape), at


def _read(content: bytes, at: int, dtype: str, count: int) -> npt.NDArray[Any]:
    if at + count * np.dtype(dtype).itemsize > len(content):
        raise CodecError("the residual networks are damaged: they end early")
    return np.frombuffer(content, dtype, count, at).astype(dtype[1:])


def _check(network: ResidualNetwork, band: int, has_base: bool) -> None:
    """Check the sizes, and that no sum exceeds 32 bits."""
    units, inputs = network.hidden.shape
    if not 1 <= units <= MOST_UNITS or inputs != input_count(band, has_base):
        raise CodecError(f"the residual network of band {band} has wrong sizes")
    wide = {name: np.abs(getattr(network, name).astype(np.int64)) for name in _SUMMED}
    sums = MOST_INPUT * wide["hidden"].sum(axis=1) + wide["bias"]
    outputs = MOST_UNIT * wide["outputs"].sum(axis=1) + wide["output_bias"]
    outputs[0] += (MOST_INPUT << _DIRECT_SHIFT) * wide["direct"].sum()
    ascends = (np.diff(network.shape) >= 0).all()
    middle, end = int(network.shape[0]), int(network.shape[-1])
    if (
        max(sums.max(), outputs.max()) >= 1 << 31
        or not ascends
        or middle < 1 << 23
        or end > 1 << 24
    ):
        raise CodecError(
            f"the residual network of band {band} is damaged: numbers are out of range"
        )
