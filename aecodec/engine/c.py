"""The engine: the library runs the networks and the tables of a codec file."""

from __future__ import annotations

import math
from functools import partial
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes, Int64, Latents
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.levels import Level
from aecodec.coding.payload import MessageCoder, Segment
from aecodec.coding.residual_coder import Coding, Missing
from aecodec.engine.transform import Transform
from aecodec.errors import errors_about
from aecodec.native.parts import Parts, refine
from aecodec.parallel import Workers

_BATCH = 96
"""Number of tiles of a large batch that a thread processes at a time."""


class CEngine:
    def name_for(self, folder: CodecFolder) -> str:
        return "c"

    def network(self, folder: CodecFolder, half: Half, workers: Workers) -> Transform:
        network = Network(folder, half)
        return network if folder.spec.receptive_field else partial(network.run_batch, workers)

    def exact_network(self, folder: CodecFolder, half: Half, workers: Workers) -> Transform | None:
        return None

    def coder(self, folder: CodecFolder, level: float | None) -> MessageCoder:
        return LibraryCoder(
            _opened(folder), folder.spec.level_index(level), folder.spec.level(level)
        )

    def encode_residuals(
        self, coding: Coding, base: Int64, values: Int64, missing: Missing | None
    ) -> tuple[bytes, Int64]:
        decoded = np.empty(base.shape, np.int64)
        return _refined(coding, base, missing, decoded, _int64(values)), decoded

    def decode_residuals(
        self, coding: Coding, base: Int64, message: bytes, missing: Missing | None
    ) -> Int64:
        decoded = np.empty(base.shape, np.int64)
        _refined(coding, base, missing, decoded, message)
        return decoded


class Network:
    """A network of a codec in the core; several threads may run it at once.

    Raises CodecError if the codec file is damaged, or lacks the network.
    """

    def __init__(self, folder: CodecFolder, half: Half) -> None:
        folder.check_has(half)
        self._parts, self._spec = _opened(folder), folder.spec
        self._is_encoder = half is Half.ENCODER

    def __call__(self, batch: Latents) -> Latents:
        """Run int8 (1, h, w, C) of a size that the network supports."""
        spec, (rows, columns) = self._spec, batch.shape[1:3]
        height, width = spec.tile
        shape = (1, rows * height, columns * width, spec.network_channels)
        if self._is_encoder:
            shape = (1, rows // height, columns // width, spec.latent_channels)
        output = np.empty(shape, np.int8)
        self._run(np.ascontiguousarray(batch), output, (rows, columns))
        return output

    def run_batch(self, workers: Workers, batch: Latents) -> Latents:
        """Run N int8 tensors of a tile or its vectors in threads."""
        spec = self._spec
        tile, vectors = (*spec.tile, spec.network_channels), (spec.vectors, spec.latent_channels)
        shape_in, shape_out = (tile, vectors) if self._is_encoder else (vectors, tile)
        inputs = np.ascontiguousarray(batch).reshape(-1, math.prod(shape_in))
        outputs = np.empty((len(inputs), *shape_out), np.int8)

        def run(start: int) -> None:
            part = slice(start, start + _BATCH)
            self._run(inputs[part], outputs[part], (0, 0))

        for _ in workers.map(run, range(0, len(inputs), _BATCH)):
            pass
        return outputs

    def _run(self, inputs: Latents, outputs: Latents, size: tuple[int, int]) -> None:
        self._parts.run(self._is_encoder, *size, inputs, outputs)


class LibraryCoder(NamedTuple):
    """Codes messages in the library with the tables of a level; `level_index` is in sixteenths."""

    parts: Parts
    level_index: int
    level: Level

    def encode(self, latents: Latents, segment: Segment) -> tuple[bytes, Codes]:
        codes = np.empty((segment.vectors, self.level.code_dimension), np.int8)
        latents = np.ascontiguousarray(latents)
        return self.parts.encode(self.level_index, _sides(segment), latents, codes), codes

    def decide(self, latents: Latents, segment: Segment) -> Codes:
        return self.encode(latents, segment)[1]

    def decode(self, message: bytes, segment: Segment) -> Codes:
        codes = np.empty((segment.vectors, self.level.code_dimension), np.int8)
        self.parts.decode(self.level_index, _sides(segment), message, codes)
        return codes

    def dequantize_into(self, codes: Codes, latents: Latents) -> None:
        whole = latents if latents.flags.c_contiguous else np.empty(latents.shape, np.int8)
        vectors = codes.size // self.level.code_dimension
        self.parts.dequantize(self.level_index, vectors, codes, whole)
        if whole is not latents:
            latents[...] = whole


def _refined(
    coding: Coding, base: Int64, missing: Missing | None, decoded: Int64, source: Int64 | bytes
) -> bytes:
    arrays = _int64(coding.steps), _int64(coding.limits), _int64(base)
    mask = None if missing is None else np.ascontiguousarray(missing)
    return refine(coding.networks.content, *arrays, mask, decoded, source)


def _int64(numbers: npt.ArrayLike) -> Int64:
    return np.require(numbers, np.int64, ["C", "A"])


def _sides(segment: Segment) -> tuple[int, int, int]:
    return segment.grid or (1, 1, segment.vectors)


_codecs: WeakKeyDictionary[CodecFolder, Parts] = WeakKeyDictionary()
"""The opened codecs."""


def _opened(folder: CodecFolder) -> Parts:
    if folder not in _codecs:
        content = folder.content
        with errors_about(folder.file):
            _codecs[folder] = Parts(content)
    return _codecs[folder]
