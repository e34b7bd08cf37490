"""The half of a codec that decompresses: `.aec` bytes to pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from aecodec import container, images, segments, spec, tiling
from aecodec.arriving import arriving
from aecodec.container import LEVEL_UNITS, Header
from aecodec.errors import CodecError, FormatError, UsageError
from aecodec.half import HalfCodec
from aecodec.images import Picture, Pixels
from aecodec.neighbours import Codes
from aecodec.parallel import in_parallel
from aecodec.reduction import resized
from aecodec.segments import Message, Segment
from aecodec.shapes import coded_size, shape_of, size_of
from aecodec.transforms import Transform, to_pixels

if TYPE_CHECKING:
    from aecodec.windows import PartByPart


class DecoderCodec(HalfCodec):
    """The half that decompresses.

    Args:
        folder: the codec.
        transform: codes to pixels; LiteRT with the folder's `decoder.tflite` unless given.
    """

    @cached_property
    def _transform(self) -> Transform:
        return self.transform or self.litert(
            spec.DECODER_TFLITE, self.spec.code_shape, self.tile_shape
        )

    def codes(self, data: bytes) -> Codes:
        """The bytes of an `.aec` file to the very codes that were encoded, (T * vectors, K).

        Raises:
            FormatError: the file is damaged.
            CodecError: another codec made it.
        """
        header, payload = self._opened(data)
        level = self.spec.level(self._level(header))
        return segments.joined(self._codes(header, payload), shape_of(self.spec, header), level)

    def _opened(self, data: bytes) -> tuple[Header, bytes]:
        header, payload = container.unpack(data)
        self._check_made_here(header)
        return header, payload

    def _codes(self, header: Header, payload: bytes) -> Iterator[tuple[Segment, Codes]]:
        prior = self.folder.prior(self._level(header))
        messages = segments.messages(payload, shape_of(self.spec, header))
        return in_parallel(lambda message: (message.segment, message.codes(prior)), messages)

    @contextmanager
    def _integers(self, header: Header, payload: bytes) -> Iterator[PartByPart]:
        """As the encoder had them, but for rounding; 0 in channels of other levels."""
        shape, number = shape_of(self.spec, header), self._level(header)
        messages, prior = segments.messages(payload, shape), self.folder.prior(number)
        level = self.spec.level(number)
        whole = np.zeros((*shape, self.spec.code_shape[-1]), np.int8)

        def fill(message: Message) -> None:
            level.spread(message.codes(prior), whole[message.segment.places])

        with arriving(whole, messages, fill) as integers:
            yield integers

    def planes(
        self, codes: Codes, level: float | None = None, size: tuple[int, int] | None = None
    ) -> Pixels:
        """Codes to pictures.

        Args:
            codes: (T * vectors, K) integers.
            level: the level they are of; the codec's default if None.
            size: (width, height) of each picture; a tile's if None.

        Returns:
            (F, H, W, C) uint8.

        Raises:
            FormatError: codes that no encoder of this codec makes.
            UsageError: codes of another dimension, or no such level.
        """
        chosen = self.spec.level(level)
        dimension = chosen.stop - chosen.start
        if codes.ndim != 2 or codes.shape[1] != dimension:
            raise UsageError(f"codes of shape {codes.shape}: this level has (N, {dimension})")
        size = size or self.spec.tile[::-1]
        shape = (-1, *tiling.grid(size, self.spec.tile)) if self.spec.reach else (-1,)
        integers = np.zeros((len(codes), self.spec.code_shape[-1]), np.int8)
        chosen.spread(codes, integers)
        return self._restored(integers.reshape(*shape, integers.shape[-1]), size)

    def _restored(self, integers: PartByPart, size: tuple[int, int]) -> Pixels:
        """Of vectors as :func:`~aecodec.shapes.shape_of` has them. Those that stand alone are one
        message, and have arrived.
        """
        tile, reach = self.spec.tile, self.spec.reach
        if reach:
            from aecodec import windows

            return windows.decode(self._transform, integers, tile, reach, size)
        pixels = self._transform(np.asarray(integers).reshape(-1, *self.spec.code_shape))
        tiles = to_pixels(pixels).reshape(-1, *self.tile_shape)
        return tiling.merge(tiles, len(tiles) // math.prod(tiling.grid(size, tile)), size)

    def decompress(self, data: bytes) -> Picture:
        """The bytes of an `.aec` file to pictures.

        Raises:
            FormatError: the file is damaged.
            CodecError: another codec made it.
        """
        header, payload = self._opened(data)
        with self._integers(header, payload) as integers:
            return self.restore(header, integers)

    def restore(self, header: Header, integers: PartByPart) -> Picture:
        """The network's integers to pictures.

        Args:
            header: of their file.
            integers: as :meth:`~aecodec.encoding.Encoding.kept` gives them, or as they arrive.

        Raises:
            FormatError: the alpha planes are damaged, or integers that arrive.
        """
        alpha = self._alpha(header)
        return Picture(self.pixels(header, integers), alpha, header.metadata)

    def pixels(self, header: Header, integers: PartByPart) -> Pixels:
        """As :meth:`restore`, (F, H, W, C) without alpha and metadata."""
        planes = self._restored(integers, coded_size(self.spec, header))
        pixels = tiling.from_planes(planes, header.frames, header.mode.channels)
        return resized(pixels, size_of(self.spec, header))

    def check(self, data: bytes) -> None:
        """All of :meth:`decompress` but the network.

        Raises:
            FormatError: the file is damaged.
            CodecError: another codec made it.
        """
        header, payload = self._opened(data)
        level = self.spec.level(self._level(header))
        for _, codes in self._codes(header, payload):
            level.integers(codes)
        self._alpha(header)

    def level(self, data: bytes) -> float:
        """The level, 1 and up, that an `.aec` file of this codec was made at."""
        return self._level(container.unpack(data)[0])

    def _alpha(self, header: Header) -> Pixels | None:
        if not header.mode.has_alpha:
            return None
        width, height = size_of(self.spec, header)
        return images.unpack_alpha(header.alpha, (header.frames, height, width))

    def _check_made_here(self, header: Header) -> None:
        if header.codec_id != self.spec.codec_id:
            raise CodecError(
                f"made with codec {header.codec_id.hex()}, and this is {self.spec.name} "
                f"({self.spec.codec_id.hex()}): give the codec that made it with --codec"
            )

    def _level(self, header: Header) -> float:
        if header.level is None:
            return self.spec.default_level
        level = header.level / LEVEL_UNITS
        try:
            self.spec.level(level)
        except UsageError as error:
            raise FormatError(f"damaged: {error}") from error
        return level
