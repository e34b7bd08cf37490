"""The engine in C: networks as plans and tables as bundle sections, run by the library.

If the library cannot run a codec, because a layer works on floats or a table is too large, the
Python engine runs it. The codes are the same; only pixels may differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Codes, Int64, Latents
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import nearest_level
from aecodec.coding.levels import Level
from aecodec.coding.payload import MessageCoder, Segment
from aecodec.coding.residual_coder import Coding, Missing
from aecodec.engine.bundle import (
    KINDS,
    Section,
    SectionKind,
    bands_sections,
    join_sections,
    level_section,
)
from aecodec.engine.c_tables import CTables
from aecodec.engine.transform import Transform, check_shapes
from aecodec.errors import CodecError, ModelError, errors_about
from aecodec.native.parts import Parts, refine
from aecodec.network.check import check_model, output_shape
from aecodec.network.convert import network_plan
from aecodec.parallel import Workers
from aecodec.tflite.model import Shape

if TYPE_CHECKING:  # few codecs need it
    from aecodec.engine.python import PythonEngine

_BATCH = 96
"""Number of tiles of a large batch that a thread processes at a time."""


def _fallback() -> PythonEngine:
    from aecodec.engine.python import PythonEngine

    return PythonEngine()


class CEngine:
    def name_for(self, folder: CodecFolder) -> str:
        try:
            networks = [_network(folder, half) for half in Half if folder.has(half.tflite)]
            is_run = all([*networks, _level_parts(folder, folder.spec.default_level)])
        except CodecError:  # a damaged codec, which its first use reports
            return "c"
        return "c" if is_run else _fallback().name_for(folder)

    def network(self, folder: CodecFolder, half: Half, workers: Workers) -> Transform:
        network = _network(folder, half)
        if network is None:
            return _fallback().network(folder, half, workers)
        return network if folder.spec.receptive_field else partial(network.run_batch, workers)

    def exact_network(self, folder: CodecFolder, half: Half, workers: Workers) -> Transform | None:
        is_exact = _network(folder, half) is not None
        return None if is_exact else _fallback().exact_network(folder, half, workers)

    def coder(self, folder: CodecFolder, level: float | None) -> MessageCoder:
        level_index = folder.spec.level_index(level)
        parts = _level_parts(folder, nearest_level(level_index))
        if parts is None:
            return _fallback().coder(folder, level)
        return LibraryCoder(parts, level_index, folder.spec.level(level))

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
    """A network of a codec in the library; several threads may run it at once.

    Raises CodecError if the model is damaged or belongs to another codec, and ModelError if the
    library cannot run it.
    """

    def __init__(self, folder: CodecFolder, half: Half) -> None:
        content, is_any_size = folder.read(half.tflite), folder.spec.receptive_field > 0
        with errors_about(folder.path / half.tflite):
            self._model = check_model(content)
            shapes = self._model.input_shape[1:], self._model.output_shape[1:]
            check_shapes(folder.spec, half, *shapes)
            plan = network_plan(content, is_any_size=is_any_size, checked=self._model)
            self._parts = _opened(folder, Section(KINDS[half], 0, plan))
        self._is_encoder = half is Half.ENCODER
        self._output_shapes: dict[Shape, Shape] = {}

    def __call__(self, batch: Latents) -> Latents:
        """Run int8 (1, h, w, C) of any size that the network supports.

        Raises CodecError if it does not support the size, or needs too much memory or time for it.
        """
        if batch.shape not in self._output_shapes:
            self._output_shapes[batch.shape] = output_shape(self._model, batch.shape)
        output = np.empty(self._output_shapes[batch.shape], np.int8)
        self._run(np.ascontiguousarray(batch), output, (batch.shape[1], batch.shape[2]))
        return output

    def run_batch(self, workers: Workers, batch: Latents) -> Latents:
        """Run N int8 tensors of the network's input shape in threads."""
        count = batch.size // math.prod(self._model.input_shape)
        inputs = np.ascontiguousarray(batch).reshape(count, -1)
        outputs = np.empty((count, *self._model.output_shape[1:]), np.int8)

        def run(start: int) -> None:
            part = slice(start, start + _BATCH)
            self._run(inputs[part], outputs[part], (0, 0))

        for _ in workers.map(run, range(0, count, _BATCH)):
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


_opened_parts: WeakKeyDictionary[CodecFolder, dict[Half | int, Any]] = WeakKeyDictionary()
"""The opened networks and levels of each codec; None for a part that the library cannot run."""


def _part(folder: CodecFolder, key: Half | int, make: Callable[[], Any]) -> Any:
    opened = _opened_parts.setdefault(folder, {})
    if key not in opened:
        try:
            opened[key] = make()
        except ModelError:
            opened[key] = None
    return opened[key]


def _network(folder: CodecFolder, half: Half) -> Network | None:
    """Open a network of a codec once; None if the library cannot run it."""
    network: Network | None = _part(folder, half, lambda: Network(folder, half))
    return network


def _level_parts(folder: CodecFolder, number: int) -> Parts | None:
    """The tables of a whole level; None if the library has no room for them."""

    def make() -> Parts:
        content = level_section(CTables(folder, number))
        return _opened(folder, Section(SectionKind.LEVEL, number, content))

    parts: Parts | None = _part(folder, number, make)
    return parts


def _opened(folder: CodecFolder, section: Section) -> Parts:
    return Parts(join_sections(folder, [*bands_sections(folder), section]))
