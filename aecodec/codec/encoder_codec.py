"""The encoder codec: the half of a codec that compresses pictures to `.aec` files."""

from functools import cached_property

import numpy as np

from aecodec.arrays import Codes, Latents, Pixels
from aecodec.codec.base import CodecHalf
from aecodec.codec.encoded_picture import EncodedPicture
from aecodec.codec.geometry import coded_size, vector_shape
from aecodec.codec.samples import describe, fit, to_channels
from aecodec.codec.sources import ImageSource, to_picture
from aecodec.codec_files.file_names import Half
from aecodec.coding import payload
from aecodec.engine.transform import Transform, to_int8
from aecodec.errors import ImageError, memory_errors_wrapped, warn
from aecodec.format.container import Header, MetadataKind
from aecodec.image_files.colour import in_kept_colours, is_srgb, name_of
from aecodec.image_files.options import ReadOptions
from aecodec.imaging.missing import pack_alpha
from aecodec.imaging.picture import Picture, check_limits, is_grey
from aecodec.imaging.tiling import grid_of, resize, split, to_planes


class EncoderCodec(CodecHalf):
    """The half of a codec that compresses. It needs only the encoder's files.

    `transform` converts pixels to latents. If it is None, the engine runs the folder's
    `encoder.tflite`.

    >>> from aecodec import load_codec
    >>> digit = np.zeros((28, 28), np.uint8)
    >>> len(load_codec("digits").encoder.compress(digit)) < 30
    True
    """

    @cached_property
    def _network(self) -> Transform:
        return self.network(Half.ENCODER)

    @memory_errors_wrapped()
    def compress(
        self,
        image: ImageSource,
        *,
        level: float | None = None,
        metadata: bool | None = None,
        band_axis: int | None = None,
        nodata: float | None = None,
    ) -> bytes:
        """Compress an image, or images with the same size, to the bytes of an `.aec` file.

        Arguments and errors are as for :func:`aecodec.compress`.
        """
        self.spec.check_level(level)
        picture = self.picture_of(image, band_axis, nodata)
        return self.encode(picture, self.header(picture, metadata)).to_bytes(level)

    def picture_of(
        self, image: ImageSource, band_axis: int | None = None, nodata: float | None = None
    ) -> Picture:
        """Convert an image to a picture for this codec.

        Arguments and errors are as for :func:`aecodec.compress`.
        """
        bands = self.spec.bands.count if self.spec.bands else None
        options = ReadOptions(bands=bands, band_axis=band_axis, nodata=nodata)
        return fit(self.spec, to_picture(image, options))

    def encode(self, picture: Picture, header: Header) -> EncodedPicture:
        """Run the network on a picture, for files at any level with a header of :meth:`header`.

        If the header has a reduction factor, fewer pixels are coded. If it keeps no colour profile,
        they are converted to sRGB. Raises FormatError if the picture has more tiles than a file may
        have.
        """
        vector_shape(self.spec, header)  # rejects too many
        if header.samples:
            latents = self.latents(to_channels(self.folder, picture, header.samples))
            return EncodedPicture(self.folder, header, latents, self.execution)
        coded = in_kept_colours(picture, header.metadata).pixels[..., : header.mode.channels]
        pixels = resize(coded, coded_size(self.spec, header))
        latents = self.latents(to_planes(pixels, self.spec.channels))
        return EncodedPicture(self.folder, header, latents, self.execution)

    def header(self, picture: Picture, metadata: bool | None = None) -> Header:
        """Make the header of a picture's files, except for the level.

        If a colour profile is dropped, an :class:`~aecodec.errors.AecodecWarning` says that the
        colours will be converted to sRGB. By default, `metadata` is kept for pictures with more
        than one tile, and for codecs with bands. Raises ImageError if the picture has more pixels
        than a file may have, or the codec does not take it.
        """
        check_limits(picture)
        picture, has_bands = fit(self.spec, picture), self.spec.bands is not None
        is_one_tile = grid_of(picture.size, self.spec.tile) == (1, 1)
        keep = has_bands or not is_one_tile if metadata is None else metadata
        header = Header(
            codec_id=self.spec.codec_id,
            size=None if picture.size == self.spec.tile[::-1] else picture.size,
            frames=picture.frames,
            metadata=picture.metadata if keep else {},
            origin=picture.origin if keep else None,
        )
        if has_bands:
            return header._replace(samples=describe(self.folder, picture))
        if not keep:
            _warn_of_conversion(picture)
        # A grey codec codes one channel of an RGB picture if all three are equal.
        is_converted = self.spec.channels == 1 and picture.mode.channels != 1
        as_rgb = is_converted and is_grey(in_kept_colours(picture, header.metadata).pixels)
        mode = picture.mode.grey if as_rgb else picture.mode
        return header._replace(mode=mode, alpha=pack_alpha(picture.alpha), as_rgb=as_rgb)

    def codes(self, pixels: Pixels, level: float | None = None) -> Codes:
        """Encode pictures (F, H, W, C) uint8 to codes (T * vectors, K) int16.

        T tiles cover the pictures. For a codec with bands, C are the phases of all bands. Raises
        UsageError if the codec has no such level, and ImageError for a wrong number of channels or
        a wrong dtype.
        """
        coder = self.engine.coder(self.folder, level)
        return payload.codes_of(coder, self.spec.level(level), self.latents(pixels))

    def latents(self, pixels: Pixels) -> Latents:
        """Run the network on pictures (F, H, W, C) uint8 with the channels of the network.

        Returns (N, C) for vectors without neighbours, or (F, rows, columns, C), with the channels
        of all levels. Raises ImageError for a wrong number of channels or a wrong dtype.
        """
        channels = self.spec.network_channels
        if pixels.ndim != 4 or pixels.shape[-1] != channels or pixels.dtype != np.uint8:
            raise ImageError(
                f"pictures of shape {pixels.shape}, {pixels.dtype}: codec {self.spec.name} takes "
                f"(F, H, W, {channels}), uint8"
            )
        if self.spec.receptive_field:
            return self.windows().encode(self._network, pixels)
        latents = self._network(to_int8(split(pixels, self.spec.tile)))
        return latents.reshape(-1, latents.shape[-1])


def _warn_of_conversion(picture: Picture) -> None:
    profile = picture.metadata.get(MetadataKind.ICC)
    if profile and not is_srgb(profile, picture.mode):
        text = f"its colour profile ({name_of(profile)}) is not kept: converted to sRGB"
        warn(text)
