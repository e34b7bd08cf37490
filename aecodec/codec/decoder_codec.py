"""The decoder codec: the half of a codec that decompresses `.aec` files to pictures."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from aecodec.arrays import Codes, LatentSource, Pixels
from aecodec.codec.base import CodecHalf
from aecodec.codec.geometry import claim_of, coded_size, picture_size, vector_shape
from aecodec.codec.samples import check_samples, from_channels, mask_of, with_missing
from aecodec.codec.sources import DataSource, to_bytes
from aecodec.codec_files.file_names import Half
from aecodec.coding import payload
from aecodec.coding.payload import Message, Segment
from aecodec.engine.transform import Transform, to_pixels
from aecodec.errors import FormatError, UsageError, memory_errors_wrapped
from aecodec.format import container
from aecodec.format.container import LEVEL_UNITS, Header
from aecodec.format.limits import Limits
from aecodec.image_files.writing import to_pil
from aecodec.imaging.missing import Mask, unpack_alpha
from aecodec.imaging.picture import Picture, source_array, to_array
from aecodec.imaging.tiling import from_planes, grid_of, merge, resize


class DecoderCodec(CodecHalf):
    """The half of a codec that decompresses. It needs only the decoder's files.

    `transform` converts latents to pixels. If it is None, the engine runs the folder's
    `decoder.tflite`.

    Methods that read a file raise FormatError if it is damaged, CodecError if another codec made
    it, LimitError if it claims more than the limits, and AecodecError if memory runs out.

    >>> from aecodec import compress, load_codec
    >>> load_codec("digits").decoder.decompress(compress(np.zeros((28, 28), np.uint8))).size
    (28, 28)
    """

    @cached_property
    def _network(self) -> Transform:
        return self.network(Half.DECODER)

    @cached_property
    def exact(self) -> "DecoderCodec":
        """A decoder that computes the same pixels everywhere, for the bases of refinements."""
        engine, workers = self.engine, self.execution.workers
        network = self.transform or engine.exact_network(self.folder, Half.DECODER, workers)
        return DecoderCodec(self.folder, network, self.execution) if network else self

    @memory_errors_wrapped()
    def decompress(
        self,
        data: DataSource,
        *,
        max_pixels: int | None = None,
        max_frames: int | None = None,
        base_only: bool = False,
    ) -> Image.Image:
        """Decompress a file with one picture.

        The limits and `base_only` are as for :func:`aecodec.decompress`. Raises UsageError if the
        file has several pictures, or samples of a codec with bands.
        """
        header, content = self.unpack(to_bytes(data), Limits(max_pixels, max_frames), base_only)
        if header.samples:
            raise UsageError(
                f"the file holds {header.samples.bands} bands of {header.samples.type.dtype}: "
                "decompress_array returns them as an array"
            )
        if header.frames > 1:
            raise UsageError(
                f"the file holds {header.frames} pictures: decompress_frames gives them all"
            )
        return to_pil(self.decode(header, content))[0]

    @memory_errors_wrapped()
    def decompress_frames(
        self,
        data: DataSource,
        *,
        max_pixels: int | None = None,
        max_frames: int | None = None,
        base_only: bool = False,
    ) -> Pixels:
        """Decompress any number of pictures; see :func:`aecodec.decompress_frames`."""
        limits = Limits(max_pixels, max_frames)
        return to_array(self.decompress_picture(to_bytes(data), limits, base_only))

    @memory_errors_wrapped()
    def decompress_array(
        self,
        data: DataSource,
        *,
        max_pixels: int | None = None,
        max_frames: int | None = None,
        base_only: bool = False,
    ) -> npt.NDArray[Any]:
        """Decompress a file to an array; see :func:`aecodec.decompress_array`."""
        limits = Limits(max_pixels, max_frames)
        return source_array(self.decompress_picture(to_bytes(data), limits, base_only))

    @memory_errors_wrapped()
    def decompress_picture(
        self, data: bytes, limits: Limits = Limits(), base_only: bool = False
    ) -> Picture:
        """Decompress the bytes of a file to its pictures, with alpha and metadata.

        `base_only` is as for :func:`aecodec.decompress`.
        """
        return self.decode(*self.unpack(data, limits, base_only))

    @memory_errors_wrapped()
    def decode(self, header: Header, content: bytes) -> Picture:
        """Decode the header and the payload of :meth:`unpack` to pictures."""
        with self._latents(header, content) as latents:
            return self.reconstruct_picture(header, latents)

    @memory_errors_wrapped()
    def codes(self, data: bytes, limits: Limits = Limits()) -> Codes:
        """Decode the bytes of a file to exactly the codes that were encoded.

        Returns int16 (T * vectors, K), for the T tiles that cover the pictures. Raises UsageError
        if the file has only refinements.
        """
        header, content = self.unpack(data, limits, base_only=True)
        level, shape = self.spec.level(self.level_of(header)), vector_shape(self.spec, header)
        codes = payload.join_codes(self._decode(header, content), shape, level)
        level.check(codes)
        return codes

    @memory_errors_wrapped()
    def check(self, data: bytes, limits: Limits = Limits()) -> None:
        """Check the bytes of a file as :meth:`decompress_picture` does, but without the network.

        Refinements need the network.
        """
        header, content = self.unpack(data, limits)
        if header.refinements:
            self.decode(header, content)
            return
        level = self.spec.level(self.level_of(header))
        for _, codes in self._decode(header, content):
            level.check(codes)
        self.alpha_of(header)
        self.missing_of(header)

    def unpack(
        self, data: bytes, limits: Limits = Limits(), base_only: bool = False
    ) -> tuple[Header, bytes]:
        """Read the header and the payload of a file of this codec, without decoding it.

        With `base_only`, the header has no refinements. Raises UsageError if nothing else is left.
        """
        header, content = container.unpack(data)
        if base_only and not header.has_base:
            raise UsageError(
                "the file has no picture before its first refinement, and so neither codes nor a "
                "base: decompress all of it"
            )
        if base_only:
            header = header._replace(refinements=())
        self.spec.check_id(header.codec_id)
        check_samples(self.folder, header.samples)
        limits.check(claim_of(self.spec, header, len(data)))
        return header, content

    def reconstruct(
        self, codes: Codes, level: float | None = None, size: tuple[int, int] | None = None
    ) -> Pixels:
        """Reconstruct pictures (F, H, W, C) uint8 from the codes (T * vectors, K) of T tiles.

        For a codec with bands, C are the phases of all bands. By default, the level is the codec's
        default level, and pictures have the size (width, height) of a tile. Raises FormatError if
        no encoder of this codec could produce the codes, and UsageError if their dimension is wrong
        or the codec has no such level.
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
        """Reconstruct pictures from dequantized latents, with alpha and metadata.

        Raises FormatError if the alpha planes, the mask of missing samples, or codes that are
        decoded meanwhile, are damaged.
        """
        alpha, missing = self.alpha_of(header), self.missing_of(header)
        return self.picture_of(header, self.reconstruct_pixels(header, latents), alpha, missing)

    def picture_of(
        self, header: Header, pixels: npt.NDArray[Any], alpha: Pixels | None, missing: Mask | None
    ) -> Picture:
        """Make a picture of pixels that :meth:`reconstruct_pixels` returned.

        Missing samples are replaced in the pixels.
        """
        samples = header.samples
        picture = Picture(pixels, alpha, header.metadata, header.origin)
        if not samples:
            return picture
        with_missing(pixels, missing, samples.nodata)
        return replace(
            picture,
            missing=missing,
            nodata=samples.nodata,
            layout=samples.layout,
            is_big_endian=samples.is_big_endian,
        )

    def reconstruct_pixels(self, header: Header, latents: LatentSource) -> npt.NDArray[Any]:
        """Reconstruct pixels (F, H, W, C) from latents; see :meth:`reconstruct_picture`.

        Missing samples are arbitrary.
        """
        decoder = self.exact if header.refinements else self
        pixels = decoder.reconstruct_base(header, latents)
        if header.refinements:
            from aecodec.engine.residuals import refined  # most files have none

            missing, workers = self.missing_of(header), self.execution.workers
            for refinement in header.refinements:
                pixels = refined(self.folder, self.engine, workers, pixels, missing, refinement)
        if header.samples:
            return pixels
        has_all_channels = pixels.shape[-1] == header.picture_mode.channels
        return pixels if has_all_channels else np.repeat(pixels, 3, axis=-1)

    def reconstruct_base(self, header: Header, latents: LatentSource) -> npt.NDArray[Any]:
        """Reconstruct the samples (F, H, W, C) before refinements; 0 if the file has no base."""
        width, height = picture_size(self.spec, header)
        if not header.has_base:
            samples = header.samples
            dtype = samples.type.dtype if samples else "uint8"
            bands = samples.bands if samples else header.mode.channels
            return np.zeros((header.frames, height, width, bands), dtype)
        if header.samples:
            channels = self._run(latents, (width, height))
            return from_channels(self.folder, channels, header.samples)
        planes = self._run(latents, coded_size(self.spec, header))
        pixels = from_planes(planes, header.frames, header.mode.channels)
        return resize(pixels, (width, height))

    def _run(self, latents: LatentSource, size: tuple[int, int]) -> Pixels:
        """Run the network on an array of vectors, to pictures of (width, height)."""
        if self.spec.receptive_field:
            return self.windows().decode(self._network, latents, size)
        # Vectors without neighbours are one message, so all are decoded by now.
        shape = (-1, self.spec.vectors, self.spec.latent_channels)
        outputs = self._network(np.asarray(latents).reshape(shape))
        tiles = to_pixels(outputs).reshape(-1, *self.spec.tile, self.spec.network_channels)
        frames = len(tiles) // math.prod(grid_of(size, self.spec.tile))
        return merge(tiles, frames, size)

    def _decode(self, header: Header, content: bytes) -> Iterator[tuple[Segment, Codes]]:
        coder = self.engine.coder(self.folder, self.level_of(header))

        def decode(message: Message) -> tuple[Segment, Codes]:
            return message.segment, coder.decode(message.data, message.segment)

        messages = payload.split_payload(content, vector_shape(self.spec, header))
        return self.execution.workers.map(decode, messages)

    @contextmanager
    def _latents(self, header: Header, content: bytes) -> Iterator[LatentSource]:
        """Dequantized latents, decoded while they are used; 0 in channels of other levels."""
        from aecodec.coding.decode_ahead import decode_ahead  # `compress` does not need it

        if not header.has_base:
            yield np.zeros((0, self.spec.latent_channels), np.int8)
            return
        coder = self.engine.coder(self.folder, self.level_of(header))
        shape = vector_shape(self.spec, header)
        messages = payload.split_payload(content, shape)
        latents = np.zeros((*shape, self.spec.latent_channels), np.int8)

        def fill(message: Message) -> None:
            codes = coder.decode(message.data, message.segment)
            coder.dequantize_into(codes, latents[message.segment.places])

        with decode_ahead(latents, messages, fill) as source:
            yield source

    def alpha_of(self, header: Header) -> Pixels | None:
        """Decompress the alpha planes (F, H, W) of a file; FormatError if they are damaged."""
        if not header.mode.has_alpha:
            return None
        width, height = picture_size(self.spec, header)
        return unpack_alpha(header.alpha, (header.frames, height, width))

    def missing_of(self, header: Header) -> Mask | None:
        """Decompress the mask of a file; see :func:`~aecodec.codec.samples.mask_of`."""
        return mask_of(header, picture_size(self.spec, header))

    def level_of(self, header: Header) -> float:
        """Return the level, 1 and up, of a file; raise FormatError if the codec lacks it."""
        if header.level is None:
            return self.spec.default_level
        level = header.level / LEVEL_UNITS
        try:
            self.spec.check_level(level)
        except UsageError as error:
            raise FormatError(f"damaged: {error}") from error
        return level
