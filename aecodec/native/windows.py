"""Windows of an encoding or a decoding in which another function than the codec's network runs."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import byref, c_void_p

import numpy as np

from aecodec.arrays import Latents
from aecodec.errors import CodecError
from aecodec.native import structures
from aecodec.native.codec import NativeCodec
from aecodec.native.library import LIBRARY, address_of
from aecodec.parallel import Workers

Transform = Callable[[Latents], Latents]
"""A function from a batch of int8 tensors to a batch of int8 tensors."""

_BATCH = 256
"""Tiles of a codec without a receptive field that the function gets at once."""

_TILES = 4096
"""Tiles that a window of a large picture has at least."""


def parts_for(codec: NativeCodec, workers: Workers, width: int, height: int) -> int:
    """The minimum number of windows, so that all threads have some of a large picture."""
    facts = codec.facts
    if not facts.tile_width:  # no network, no windows
        return 0
    tiles = width * height // (facts.tile_width * facts.tile_height)
    return min(2 * workers.thread_count, tiles // _TILES)


def run_transform(
    side: str, handle: c_void_p, transform: Transform, shape: tuple[int, ...], workers: Workers
) -> None:
    """Run a function on all windows.

    Args:
        side: "encoding" or "decoding".
        handle: the encoding or the decoding, whose codes are known.
        transform: the function, from a batch of inputs to a batch of outputs.
        shape: shape of an input: that of a tile or, with a receptive field, (0, 0, channels) for
            one window at a time.
        workers: run windows, or batches of tiles.

    Raises:
        CodecError: an output of the function does not have the size of a window.
    """
    count = getattr(LIBRARY, f"aecodec_{side}_windows")(handle)
    window, take, give = (
        getattr(LIBRARY, f"aecodec_{side}_{name}") for name in ("window", "input", "output")
    )
    size, is_tiled = structures.Window(), shape[0] > 0
    if count:
        window(handle, 0, byref(size))
    batch, shape = (_BATCH, shape) if is_tiled else (1, (size.rows, size.columns, shape[-1]))

    def run(first: int) -> None:
        inputs = np.empty((min(batch, count - first), size.input_size), np.int8)
        for number, part in enumerate(inputs, first):
            take(handle, number, address_of(part))
        outputs = np.ascontiguousarray(transform(inputs.reshape(-1, *shape)), np.int8)
        if outputs.size != len(inputs) * size.output_size:
            raise CodecError(f"the network has an output of shape {outputs.shape}")
        for number, part in enumerate(outputs.reshape(len(inputs), -1), first):
            give(handle, number, address_of(part))

    for _ in workers.map(run, range(0, count, batch)):
        pass
