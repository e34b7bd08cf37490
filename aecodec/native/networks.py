"""Networks outside of codecs, as plans (docs/PLAN.md)."""

from __future__ import annotations

import math
from ctypes import byref, c_uint32

import numpy as np

from aecodec.arrays import Latents
from aecodec.native import structures
from aecodec.native.codec import aligned
from aecodec.native.library import LIBRARY, address_of
from aecodec.native.status import check


class NativeNetwork:
    """A network that the library has opened; CodecError if the plan is damaged."""

    def __init__(self, plan: bytes) -> None:
        self._plan, self._network = aligned(plan), structures.Network()
        size = len(plan)
        check(LIBRARY.aecodec_network_open(byref(self._network), address_of(self._plan), size))

    def __call__(self, picture: Latents) -> Latents:
        """Run int8 (h, w, C), or an array of any shape if the network takes only one size.

        Returns int8 (h', w', C'). Raises CodecError if the network does not take the size.
        """
        shape, network = (c_uint32 * 3)(), byref(self._network)
        LIBRARY.aecodec_network_input(network, shape)
        rows, columns = shape[:2] if shape[0] else picture.shape[:2]
        inputs = np.ascontiguousarray(picture.reshape(rows, columns, shape[2]))
        check(LIBRARY.aecodec_network_output(network, rows, columns, shape))
        work = np.empty(LIBRARY.aecodec_network_work_size(network, rows, columns), np.uint8)
        output = np.empty(math.prod(shape), np.int8)
        arrays = address_of(inputs), address_of(output), address_of(work), work.size
        check(LIBRARY.aecodec_network_run(network, rows, columns, *arrays))
        return output.reshape(tuple(shape))
