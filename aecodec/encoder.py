"""The half of a codec that compresses: pictures to `.aec` bytes."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from aecodec import images, segments, spec, tiling
from aecodec.container import Header
from aecodec.encoding import Encoding
from aecodec.errors import ImageError
from aecodec.half import HalfCodec
from aecodec.images import Picture, Pixels
from aecodec.neighbours import Codes
from aecodec.reduction import resized
from aecodec.shapes import coded_size, shape_of
from aecodec.transforms import Int8, Transform, to_int8

ImageLike = Image.Image | npt.NDArray[Any]


class EncoderCodec(HalfCodec):
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
        return self.transform or self.litert(
            spec.ENCODER_TFLITE, self.tile_shape, self.spec.code_shape
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
