"""A codec: pictures to `.aec` bytes and back.

An :class:`EncoderCodec` needs only the encoder's half of a codec folder, a :class:`DecoderCodec`
only the decoder's; a :class:`Codec` is the two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from aecodec import container, images, segments, spec, tiling
from aecodec.container import LEVEL_UNITS, Header
from aecodec.encoding import Encoding
from aecodec.errors import CodecError, FormatError, ImageError, UsageError
from aecodec.images import Picture, Pixels
from aecodec.neighbours import Codes
from aecodec.reduction import reduced_size, resized
from aecodec.segments import Finished, Segment, Shape
from aecodec.spec import CodecFolder, CodecSpec
from aecodec.transforms import (
    ConvolutionalTransform,
    Int8,
    LiteRtTransform,
    Transform,
    to_int8,
    to_pixels,
)

ImageLike = Image.Image | npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class _Half:
    """What the two halves share."""

    folder: CodecFolder
    transform: Transform | None = None

    @property
    def spec(self) -> CodecSpec:
        """What the codec is."""
        return self.folder.spec

    @property
    def _tile_shape(self) -> tuple[int, int, int]:
        return (*self.spec.tile, self.spec.channels)

    def _litert(
        self, name: str, shape_in: tuple[int, ...], shape_out: tuple[int, ...]
    ) -> Transform:
        if self.spec.reach:
            any_size = ConvolutionalTransform(self.folder.read(name))
            any_size.check_channels(shape_in[-1], shape_out[-1])
            return any_size
        loaded = LiteRtTransform(self.folder.read(name))
        loaded.check_shapes(shape_in, shape_out)
        return loaded


class EncoderCodec(_Half):
    """The half that compresses.

    Args:
        folder: the codec.
        transform: pixels to codes; LiteRT with the folder's `encoder.tflite` unless given.

    >>> from aecodec import load_codec
    >>> digit = np.zeros((28, 28), np.uint8)
    >>> len(load_codec("digits").encoder.compress(digit)) < 30
    True
    """

    @cached_property
    def _transform(self) -> Transform:
        return self.transform or self._litert(
            spec.ENCODER_TFLITE, self._tile_shape, self.spec.code_shape
        )

    def codes(self, planes: Pixels, level: float | None = None) -> Codes:
        """Pictures to codes.

        Args:
            planes: (F, H, W, C) uint8, with the codec's channels.
            level: 1 and up; the codec's default if None.

        Returns:
            (T * vectors, K) int16, for the T tiles that cover the pictures.

        Raises:
            UsageError: the codec has no such level.
            ImageError: another number of channels, or another dtype.
        """
        integers, chosen = self._integers(planes), self.spec.level(level)
        return segments.settled(self.folder.prior(level), chosen, integers)

    def _integers(self, planes: Pixels) -> Int8:
        """(N, C) of vectors that stand alone, or (F, rows, columns, C), C of all levels."""
        if planes.ndim != 4 or planes.shape[-1] != self.spec.channels or planes.dtype != np.uint8:
            raise ImageError(
                f"pictures of shape {planes.shape}, {planes.dtype}: codec {self.spec.name} takes "
                f"(F, H, W, {self.spec.channels}), uint8"
            )
        tile, reach = self.spec.tile, self.spec.reach
        if reach:
            from aecodec import windows  # no need for one digit

            return windows.encode(self._transform, planes, tile, reach)
        integers = self._transform(to_int8(tiling.split(planes, tile)))
        return integers.reshape(-1, integers.shape[-1])

    def compress(
        self, image: ImageLike | Picture, level: float | None = None, metadata: bool | None = None
    ) -> bytes:
        """An image, or a batch of one size, to the bytes of an `.aec` file.

        Args:
            image: a Pillow image; a uint8 array (H, W), (H, W, C), (N, H, W) or (N, H, W, C);
                or a :class:`~aecodec.images.Picture`.
            level: 1 (smallest) and up, in sixteenths for a codec with gains; the codec's default if
                None.
            metadata: keep ICC profile, EXIF and XMP; by default they are kept for pictures of
                more than one tile, and dropped for those that weigh less than they do.

        Raises:
            ImageError: an unsupported kind of image.
            UsageError: the codec has no such level.
        """
        self.spec.level(level)  # or there is none
        picture = to_picture(image)
        return self.encode(picture, self.header(picture, metadata)).file(level)

    def encode(self, picture: Picture, header: Header) -> Encoding:
        """A picture through the network, for files at any level.

        Args:
            picture: of one frame or several.
            header: of its files, as :meth:`header` gives it; with a reduction the picture is coded
                smaller.

        Raises:
            FormatError: more tiles than a file may have.
        """
        shape_of(self.spec, header)  # or there are too many
        pixels = resized(picture.pixels, coded_size(self.spec, header))
        planes = tiling.to_planes(pixels, self.spec.channels)
        return Encoding(self.folder, header, self._integers(planes))

    def header(self, picture: Picture, metadata: bool | None = None) -> Header:
        """What the files of a picture say, but for the level.

        Args:
            picture: of one frame or several.
            metadata: as :meth:`compress` takes it.

        Raises:
            ImageError: more pixels than a file may have.
        """
        images.check_limits(picture)
        is_tile = picture.size == self.spec.tile[::-1]
        one_tile = tiling.grid(picture.size, self.spec.tile) == (1, 1)
        keep = not one_tile if metadata is None else metadata
        return Header(
            codec_id=self.spec.codec_id,
            mode=picture.mode,
            size=None if is_tile else picture.size,
            frames=picture.frames,
            alpha=images.pack_alpha(picture.alpha),
            metadata=picture.metadata if keep else {},
        )


class DecoderCodec(_Half):
    """The half that decompresses.

    Args:
        folder: the codec.
        transform: codes to pixels; LiteRT with the folder's `decoder.tflite` unless given.
    """

    @cached_property
    def _transform(self) -> Transform:
        return self.transform or self._litert(
            spec.DECODER_TFLITE, self.spec.code_shape, self._tile_shape
        )

    def codes(self, data: bytes) -> Codes:
        """The bytes of an `.aec` file to the very codes that were encoded, (T * vectors, K).

        Raises:
            FormatError: the file is damaged.
            CodecError: another codec made it.
        """
        header, payload = self._opened(data)
        level = self.spec.level(self._level(header))
        parts = self._segments(header, payload, lambda codes: codes)
        return segments.joined(parts, shape_of(self.spec, header), level)

    def _opened(self, data: bytes) -> tuple[Header, bytes]:
        header, payload = container.unpack(data)
        self._check_made_here(header)
        return header, payload

    def _segments(
        self, header: Header, payload: bytes, finish: Callable[[Codes], Finished]
    ) -> Iterator[tuple[Segment, Finished]]:
        prior = self.folder.prior(self._level(header))
        return segments.decode(prior, payload, shape_of(self.spec, header), finish)

    def _integers(self, header: Header, payload: bytes) -> Int8:
        """As :class:`EncoderCodec` had them, but for rounding; 0 in channels of other levels."""
        level = self.spec.level(self._level(header))
        parts = self._segments(header, payload, level.integers)
        integers = np.zeros((*shape_of(self.spec, header), self.spec.code_shape[-1]), np.int8)
        for segment, part in parts:
            level.put(part, integers[segment.places])
        return integers

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
        integers = np.zeros((len(codes), self.spec.code_shape[-1]), np.int8)
        chosen.spread(codes, integers)
        return self._restored(integers, size or self.spec.tile[::-1])

    def _restored(self, integers: Int8, size: tuple[int, int]) -> Pixels:
        tile, reach = self.spec.tile, self.spec.reach
        rows, columns = tiling.grid(size, tile)
        if reach:
            from aecodec import windows

            whole = integers.reshape(-1, rows, columns, integers.shape[-1])
            return windows.decode(self._transform, whole, tile, reach, size)
        pixels = self._transform(integers.reshape(-1, *self.spec.code_shape))
        tiles = to_pixels(pixels).reshape(-1, *self._tile_shape)
        return tiling.merge(tiles, len(tiles) // (rows * columns), size)

    def decompress(self, data: bytes) -> Picture:
        """The bytes of an `.aec` file to pictures.

        Raises:
            FormatError: the file is damaged.
            CodecError: another codec made it.
        """
        header, payload = self._opened(data)
        return self.restore(header, self._integers(header, payload))

    def restore(self, header: Header, integers: Int8) -> Picture:
        """The network's integers to pictures.

        Args:
            header: of their file.
            integers: as :meth:`Encoding.kept` gives them.

        Raises:
            FormatError: the alpha planes are damaged.
        """
        alpha = self._alpha(header)
        return Picture(self.pixels(header, integers), alpha, header.metadata)

    def pixels(self, header: Header, integers: Int8) -> Pixels:
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
        self._integers(header, payload)
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


@dataclass(frozen=True, eq=False)
class Codec:
    """A codec: its two halves.

    Args:
        folder: the codec on disk.

    >>> from aecodec import load_codec
    >>> codec = load_codec("digits")
    >>> digit = np.zeros((28, 28), np.uint8)
    >>> codec.decompress(codec.compress(digit)).size
    (28, 28)
    """

    folder: CodecFolder

    @property
    def spec(self) -> CodecSpec:
        """What the codec is."""
        return self.folder.spec

    @cached_property
    def encoder(self) -> EncoderCodec:
        """The half that compresses."""
        return EncoderCodec(self.folder)

    @cached_property
    def decoder(self) -> DecoderCodec:
        """The half that decompresses."""
        return DecoderCodec(self.folder)

    def compress(
        self, image: ImageLike | Picture, level: float | None = None, metadata: bool | None = None
    ) -> bytes:
        """As :meth:`EncoderCodec.compress`."""
        return self.encoder.compress(image, level, metadata)

    def decompress(self, data: bytes) -> Image.Image | Pixels:
        """The bytes of an `.aec` file to a Pillow image, or to an array if it holds several.

        Returns:
            An image; or (N, H, W) or (N, H, W, C) uint8 for a file of N > 1 frames.

        Raises:
            FormatError: the file is damaged.
            CodecError: another codec made it.
        """
        picture = self.decoder.decompress(data)
        return images.to_pil(picture)[0] if picture.frames == 1 else images.to_arrays(picture)


def size_of(spec_: CodecSpec, header: Header) -> tuple[int, int]:
    """(width, height) of a file's pictures: the codec's tile where it does not say."""
    return header.size or spec_.tile[::-1]


def coded_size(spec_: CodecSpec, header: Header) -> tuple[int, int]:
    """(width, height) of a file's pictures as the networks see them."""
    return reduced_size(size_of(spec_, header), header.reduction)


def shape_of(spec_: CodecSpec, header: Header) -> Shape:
    """How a file's code vectors lie: (planes, rows, columns), or (N,) where each stands alone.

    Raises:
        FormatError: more of them than any file may have.
    """
    tiles = _tiles_of(spec_, header)
    return tiles if spec_.reach else (math.prod(tiles) * spec_.vectors,)


def _tiles_of(spec_: CodecSpec, header: Header) -> tuple[int, int, int]:
    """(planes, rows, columns) of a file's tiles."""
    planes = header.frames * _planes_a_frame(header, spec_.channels)
    rows, columns = tiling.grid(coded_size(spec_, header), spec_.tile)
    container.check_pixels((columns * spec_.tile[1], rows * spec_.tile[0]), planes)
    return planes, rows, columns


def to_picture(image: ImageLike | Picture) -> Picture:
    """Whatever :meth:`EncoderCodec.compress` takes, as a picture.

    Raises:
        ImageError: anything else.
    """
    if isinstance(image, Picture):
        return image
    if isinstance(image, np.ndarray):
        return images.from_array(image)
    if isinstance(image, Image.Image):
        return images.from_pil(image)
    raise ImageError(f"{type(image).__name__} is neither a Pillow image nor a NumPy array")


def _planes_a_frame(header: Header, channels: int) -> int:
    return header.mode.channels if channels == 1 else 1
