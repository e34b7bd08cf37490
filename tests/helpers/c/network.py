"""`aecodec_network.c`, called from Python."""

from __future__ import annotations

import ctypes
import functools
import platform
from ctypes import byref, c_size_t, c_uint32, c_void_p
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from helpers.c.library import SANITIZER, SOURCES, Guarded, compile_c
from helpers.programs import shared_folder

BAD_NETWORK, OTHER_SIZE = 6, 7
NETWORK_SOURCES = sorted(SOURCES.glob("aecodec_*.c"))
_LIBRARY = "libnetwork.so"

KERNELS = {"portable": ("-DAECODEC_PORTABLE", *SANITIZER), "best": ()}
"""Builds with different kernels, by their names, and the options that they are built with."""

if platform.machine() in ("x86_64", "AMD64"):
    KERNELS["avx2"] = ("-DAECODEC_NO_AVX512",)

FEW = ("portable", "best")
"""Those that tests build which are not slow."""


def all_kernels() -> list[Any]:
    """The kernels that this machine runs, as parameters of tests; most are slow to build."""
    return [name if name in FEW else pytest.param(name, marks=pytest.mark.slow) for name in KERNELS]


@functools.cache
def _library(kernels: str) -> ctypes.CDLL:
    def build(folder: Path) -> None:
        options = ("-O2", "-shared", *KERNELS[kernels], "-o", folder / _LIBRARY)
        compile_c(*options, *NETWORK_SOURCES)

    library = ctypes.CDLL(str(shared_folder(f"network_{kernels}", build) / _LIBRARY))
    for name in ("work_size", "batch_work_size"):
        getattr(library, f"aecodec_network_{name}").restype = c_size_t
    return library


class CNetwork:
    """An open network of a plan, with some of `KERNELS`; `status` is what opening it gave."""

    def __init__(self, plan: bytes, kernels: str = "portable") -> None:
        self._library = _library(kernels)
        self._plan = np.frombuffer(plan, np.uint8).copy()
        self._network = (c_void_p * 2)()
        self.status = self._library.aecodec_network_open(
            byref(self._network), c_void_p(self._plan.ctypes.data), c_size_t(len(plan))
        )

    def output_shape(self, rows: int, columns: int) -> tuple[int, tuple[int, ...]]:
        """Status, and shape of the output."""
        shape = (c_uint32 * 3)()
        status = self._library.aecodec_network_output(byref(self._network), rows, columns, shape)
        return status, tuple(shape)

    def work_size(self, rows: int, columns: int) -> int:
        """Bytes of working memory that a size takes; 0 if it is not taken."""
        return int(self._library.aecodec_network_work_size(byref(self._network), rows, columns))

    def run(self, inputs: npt.NDArray[np.int8], lacking: int = 0) -> tuple[int, Any]:
        """Status and output of inputs (rows, columns, channels), with memory lacking."""
        sizes = inputs.shape[:2]
        work = Guarded(self.work_size(*sizes) - lacking)
        _, shape = self.output_shape(*sizes)
        return self._run(self._library.aecodec_network_run, inputs, sizes, shape, work)

    def run_batch(self, inputs: npt.NDArray[np.int8]) -> tuple[int, Any]:
        """Run it on (pictures, rows, columns, channels) within exactly the memory it needs."""
        sizes, library = inputs.shape[:3], self._library
        work = Guarded(library.aecodec_network_batch_work_size(byref(self._network), *sizes))
        shape = (sizes[0], *self.output_shape(*sizes[1:])[1])
        return self._run(library.aecodec_network_run_batch, inputs, sizes, shape, work)

    def _run(
        self,
        function: Any,
        inputs: npt.NDArray[np.int8],
        sizes: tuple[int, ...],
        shape: tuple[int, ...],
        work: Guarded,
    ) -> tuple[int, Any]:
        output, array = Guarded(int(np.prod(shape))), np.ascontiguousarray(inputs)
        content = (c_void_p(array.ctypes.data), output.address)
        status = function(byref(self._network), *sizes, *content, *work.address_and_size)
        output.check()
        work.check()
        return status, output.bytes.view(np.int8).reshape(shape)
