"""Networks outside codecs, as plans (docs/PLAN.md)."""

from __future__ import annotations

from ctypes import byref, c_uint32

import numpy as np

from aecodec.base.arrays import Latents, Pixels
from aecodec.native import structures
from aecodec.native.codec import aligned
from aecodec.native.library import LIBRARY, address_of
from aecodec.native.status import check

Shape = tuple[int, int, int]

_SIGN = np.uint8(0x80)
"""Flipping this bit adds or subtracts 128, the difference between uint8 and int8."""


def to_int8(pixels: Pixels) -> Latents:
    """Convert pixels to the input of an encoder: pixels minus 128."""
    return (pixels ^ _SIGN).view(np.int8)


def to_pixels(outputs: Latents) -> Pixels:
    """Convert the output of a decoder to pixels."""
    return outputs.view(np.uint8) ^ _SIGN


class NativeNetwork:
    """A network that the library has opened; CodecError if the plan is damaged."""

    def __init__(self, plan: bytes) -> None:
        self._plan, self._network = aligned(plan), structures.Network()
        size = len(plan)
        check(LIBRARY.aecodec_network_open(byref(self._network), address_of(self._plan), size))

    def shapes(self, rows: int, columns: int) -> tuple[Shape, Shape]:
        """Shapes (h, w, C) of input and output, for this size if any is accepted; or CodecError."""
        taken, returned, network = (c_uint32 * 3)(), (c_uint32 * 3)(), byref(self._network)
        LIBRARY.aecodec_network_input(network, taken)
        rows, columns = taken[:2] if taken[0] else (rows, columns)
        check(LIBRARY.aecodec_network_output(network, rows, columns, returned))
        return (rows, columns, taken[2]), (returned[0], returned[1], returned[2])

    def device_work_size(self, rows: int, columns: int) -> int:
        """Bytes of working memory on a device for an input of this size."""
        return int(LIBRARY.aecodec_device_work_size(byref(self._network), rows, columns))

    def __call__(self, picture: Latents) -> Latents:
        """Run int8 (h, w, C), or an array of any shape if the network accepts only one size.

        Returns int8 (h', w', C'). Raises CodecError if the network does not accept the size.
        """
        network, sides = byref(self._network), (*picture.shape, 1)[:2]
        taken, returned = self.shapes(*sides)
        inputs = np.ascontiguousarray(picture.reshape(taken))
        work = np.empty(LIBRARY.aecodec_network_work_size(network, *taken[:2]), np.uint8)
        output = np.empty(returned, np.int8)
        arrays = address_of(inputs), address_of(output), address_of(work), work.size
        check(LIBRARY.aecodec_network_run(network, *taken[:2], *arrays))
        return output
