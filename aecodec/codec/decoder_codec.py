"""The decoder codec: the half of a codec that decompresses `.aec` files to pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

import numpy as np
from PIL import Image

from aecodec.arrays import Codes, LatentSource, Pixels
from aecodec.codec.base import CodecHalf
from aecodec.codec.geometry import claim_of, coded_size, picture_size, vector_shape
from aecodec.codec.sources import DataSource, to_bytes
from aecodec.codec_files.file_names import Half
from aecodec.coding import payload
from aecodec.coding.decode_ahead import decode_ahead
from aecodec.coding.message_coder import Segment
from aecodec.coding.payload import Message
from aecodec.data.codecs import title_of
from aecodec.engine.transform import Transform, to_pixels
from aecodec.errors import CodecError, FormatError, UsageError, memory_errors_wrapped
from aecodec.format import container
from aecodec.format.container import LEVEL_UNITS, Header
from aecodec.format.limits import Limits
from aecodec.image_files.writing import to_pil
from aecodec.imaging.alpha import unpack_alpha
from aecodec.imaging.picture import Picture, to_array
from aecodec.imaging.planes import from_planes
from aecodec.imaging.resampling import resize
from aecodec.imaging.tiling import grid_of, merge


class DecoderCodec(CodecHalf):
    """The half of a codec that decompresses; it needs only the decoder's files.

    Args:
        folder: the codec on disk.
        transform: latents to pixels; the folder's `decoder.tflite`, run by the engine, if None.
        execution: how it computes.

    >>> from aecodec import compress, load_codec
    >>> load_codec("digits").decoder.decompress(compress(np.zeros((28, 28), np.uint8))).size
    (28, 28)
    """

    @cached_property
    def _network(self) -> Transform:
        return self.network(Half.DECODER)

    @memory_errors_wrapped()
    def decompress(
        self, data: DataSource, *, max_pixels: int | None = None, max_frames: int | None = None
    ) -> Image.Image:
        """Decompress a file of one picture.

        Args:
            data: see :data:`aecodec.codec.sources.DataSource`.
            max_pixels: as for :func:`aecodec.decompress`.
            max_frames: as for :func:`aecodec.decompress`.

        Raises:
            FormatError: the file is damaged.
            CodecError: another codec made it.
            LimitError: it claims more than these numbers.
            UsageError: it holds several pictures.
            AecodecError: memory runs out.
        """
        header, content = self.unpack(to_bytes(data), Limits(max_pixels, max_frames))
        if header.frames > 1:
            raise UsageError(
                f"the file holds {header.frames} pictures: decompress_frames gives them all"
            )
        with self._latents(header, content) as latents:
            return to_pil(self.reconstruct_picture(header, latents))[0]

    @memory_errors_wrapped()
    def decompress_frames(
        self, data: DataSource, *, max_pixels: int | None = None, max_frames: int | None = None
    ) -> Pixels:
        """Decompress a file of any number of pictures.

        Args:
            data: see :data:`aecodec.codec.sources.DataSource`.
            max_pixels: as for :func:`aecodec.decompress`.
            max_frames: as for :func:`aecodec.decompress`.

        Returns:
            uint8 (N, H, W) for grey pictures, else (N, H, W, C); alpha is the last channel.

        Raises:
            FormatError: the file is damaged.
            CodecError: another codec made it.
            LimitError: it claims more than these numbers.
            AecodecError: memory runs out.
        """
        return to_array(self.decompress_picture(to_bytes(data), Limits(max_pixels, max_frames)))

    @memory_errors_wrapped()
    def decompress_picture(self, data: bytes, limits: Limits = Limits()) -> Picture:
        """Decompress a file to its pictures, with alpha and metadata.

        Args:
            data: the bytes of the file.
            limits: what is accepted.

        Raises:
            FormatError: the file is damaged.
            CodecError: another codec made it.
            LimitError: it claims more than is accepted.
            AecodecError: memory runs out.
        """
        header, content = self.unpack(data, limits)
        with self._latents(header, content) as latents:
            return self.reconstruct_picture(header, latents)

    @memory_errors_wrapped()
    def codes(self, data: bytes, limits: Limits = Limits()) -> Codes:
        """Decode a file to exactly the codes that were encoded.

        Args:
            data: the bytes of the file.
            limits: what is accepted.

        Returns:
            (T * vectors, K) int16, for the T tiles that cover the pictures.

        Raises:
            FormatError: the file is damaged.
            CodecError: another codec made it.
            LimitError: it claims more than is accepted.
            AecodecError: memory runs out.
        """
        header, content = self.unpack(data, limits)
        level, shape = self.spec.level(self._level(header)), vector_shape(self.spec, header)
        codes = payload.join_codes(self._decode(header, content), shape, level)
        level.check(codes)
        return codes

    @memory_errors_wrapped()
    def check(self, data: bytes, limits: Limits = Limits()) -> None:
        """Check a file as :meth:`decompress_picture` does, without the network.

        Args:
            data: the bytes of the file.
            limits: what is accepted.

        Raises:
            FormatError: the file is damaged.
            CodecError: another codec made it.
            LimitError: it claims more than is accepted.
            AecodecError: memory runs out.
        """
        header, content = self.unpack(data, limits)
        level = self.spec.level(self._level(header))
        for _, codes in self._decode(header, content):
            level.check(codes)
        self._alpha(header)

    def unpack(self, data: bytes, limits: Limits = Limits()) -> tuple[Header, bytes]:
        """Header and payload of a file of this codec, which is not decoded yet.

        Args:
            data: the bytes of the file.
            limits: what is accepted.

        Raises:
            FormatError: the file is damaged.
            CodecError: another codec made it.
            LimitError: it claims more than is accepted.
        """
        header, content = container.unpack(data)
        if header.codec_id != self.spec.codec_id:
            raise CodecError(
                f"made with codec {title_of(header.codec_id)}, and this is "
                f"{title_of(self.spec.codec_id, self.spec.name)}: give the codec that made it "
                "with --codec"
            )
        limits.check(claim_of(self.spec, header, len(data)))
        return header, content

    def level_of(self, data: bytes) -> float:
        """The level, 1 and up, at which a file of this codec was made.

        Raises:
            FormatError: the file is damaged.
        """
        return self._level(container.unpack(data)[0])

    def reconstruct(
        self, codes: Codes, level: float | None = None, size: tuple[int, int] | None = None
    ) -> Pixels:
        """Reconstruct pictures from codes.

        Args:
            codes: (T * vectors, K) int16 codes of T tiles.
            level: level of the codes; the codec's default if None.
            size: (width, height) of each picture; a tile's if None.

        Returns:
            (F, H, W, C) uint8.

        Raises:
            FormatError: codes that no encoder of this codec makes.
            UsageError: codes of another dimension, or no such level.
        """
        chosen = self.spec.level(level)
        if codes.ndim != 2 or codes.shape[1] != chosen.code_dimension:
            raise UsageError(
                f"codes of shape {codes.shape}: this level has (N, {chosen.code_dimension})"
            )
        size = size or self.spec.tile[::-1]
        grid = grid_of(size, self.spec.tile)
        shape = (-1, *grid) if self.spec.receptive_field else (-1,)
        latents = np.zeros((len(codes), self.spec.latent_channels), np.int8)
        chosen.dequantize_into(codes, latents)
        return self._run(latents.reshape(*shape, latents.shape[-1]), size)

    def reconstruct_picture(self, header: Header, latents: LatentSource) -> Picture:
        """Reconstruct pictures from latents, with alpha and metadata.

        Args:
            header: header of their file.
            latents: dequantized latents, which may still be decoded meanwhile.

        Raises:
            FormatError: the alpha planes are damaged, or latents that are decoded meanwhile.
        """
        alpha = self._alpha(header)
        pixels = self.reconstruct_pixels(header, latents)
        return Picture(pixels, alpha, header.metadata, header.origin)

    def reconstruct_pixels(self, header: Header, latents: LatentSource) -> Pixels:
        """Reconstruct pixels (F, H, W, C) from latents; see :meth:`reconstruct_picture`."""
        planes = self._run(latents, coded_size(self.spec, header))
        pixels = from_planes(planes, header.frames, header.mode.channels)
        pixels = resize(pixels, picture_size(self.spec, header))
        has_all_channels = pixels.shape[-1] == header.picture_mode.channels
        return pixels if has_all_channels else np.repeat(pixels, 3, axis=-1)

    def _run(self, latents: LatentSource, size: tuple[int, int]) -> Pixels:
        """Run the network on an array of vectors, to pictures of (width, height)."""
        if self.spec.receptive_field:
            return self.windows().decode(self._network, latents, size)
        # Vectors without neighbours are one message, so all are decoded by now.
        outputs = self._network(np.asarray(latents).reshape(-1, *self.spec.code_shape))
        tiles = to_pixels(outputs).reshape(-1, *self.tile_shape)
        frames = len(tiles) // math.prod(grid_of(size, self.spec.tile))
        return merge(tiles, frames, size)

    def _decode(self, header: Header, content: bytes) -> Iterator[tuple[Segment, Codes]]:
        """Decode a payload to the codes of its segments."""
        coder = self.engine.coder(self.folder, self._level(header))

        def decode(message: Message) -> tuple[Segment, Codes]:
            return message.segment, coder.decode(message.data, message.segment)

        messages = payload.split_payload(content, vector_shape(self.spec, header))
        return self.execution.workers.map(decode, messages)

    @contextmanager
    def _latents(self, header: Header, content: bytes) -> Iterator[LatentSource]:
        """Dequantized latents, decoded while they are used; 0 in channels of other levels."""
        coder = self.engine.coder(self.folder, self._level(header))
        shape = vector_shape(self.spec, header)
        messages = payload.split_payload(content, shape)
        latents = np.zeros((*shape, self.spec.latent_channels), np.int8)

        def fill(message: Message) -> None:
            codes = coder.decode(message.data, message.segment)
            coder.dequantize_into(codes, latents[message.segment.places])

        with decode_ahead(latents, messages, fill) as source:
            yield source

    def _alpha(self, header: Header) -> Pixels | None:
        if not header.mode.has_alpha:
            return None
        width, height = picture_size(self.spec, header)
        return unpack_alpha(header.alpha, (header.frames, height, width))

    def _level(self, header: Header) -> float:
        if header.level is None:
            return self.spec.default_level
        level = header.level / LEVEL_UNITS
        try:
            self.spec.check_level(level)
        except UsageError as error:
            raise FormatError(f"damaged: {error}") from error
        return level
