"""The encoder codec: the half of a codec that compresses pictures to `.aec` files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from aecodec.base.arrays import Codes, Latents, Pixels
from aecodec.base.errors import ImageError, warn
from aecodec.codec.acceptance import check_fill, fit, warn_of_clipped
from aecodec.codec.base import CodecHalf
from aecodec.codec.sources import ImageSource, to_picture
from aecodec.codec_files.file_names import Half
from aecodec.format.container import NOT_REDUCED, MetadataKind, pack_metadata
from aecodec.image_files.colour import in_kept_colours, is_srgb, name_of
from aecodec.image_files.options import ReadOptions
from aecodec.imaging.picture import Picture, check_limits
from aecodec.native import structures, writing


class Original(NamedTuple):
    """A picture in the colours that are coded, and the same picture for the library."""

    picture: Picture
    native: writing.Original


class EncoderCodec(CodecHalf):
    """The half of a codec that compresses. It needs only the encoder's network.

    >>> from aecodec import load_codec
    >>> encoder = load_codec("digits").encoder
    >>> encoder.codes(np.zeros((2, 28, 28, 1), np.uint8), level=1).shape
    (2, 28)
    """

    def compress(
        self,
        image: ImageSource,
        *,
        level: float | None = None,
        metadata: bool | None = None,
        band_axis: int | None = None,
        nodata: float | None = None,
    ) -> bytes:
        """Compress an image to the bytes of an `.aec` file, as :func:`aecodec.compress` does."""
        self.spec.check_level(level)
        picture = self.picture_of(image, band_axis, nodata)
        return self.file(self.original(picture, metadata), level)

    def picture_of(
        self, image: ImageSource, band_axis: int | None = None, nodata: float | None = None
    ) -> Picture:
        """Convert an image to a picture for this codec, as for :func:`aecodec.compress`."""
        options = ReadOptions(bands=self.spec.band_count, band_axis=band_axis, nodata=nodata)
        return fit(self.spec, to_picture(image, options))

    def original(self, picture: Picture, metadata: bool | None = None) -> Original:
        """Convert a picture to the colours that are coded, with the metadata that is kept.

        By default, `metadata` is kept for pictures with more than one tile, and for bands. Warns if
        the colours are converted to sRGB without their profile. Raises ImageError if the picture
        has too many pixels, or the codec does not accept it.
        """
        check_limits(picture)
        picture, spec = fit(self.spec, picture), self.spec
        if metadata is None:
            width, height = picture.size
            is_large = height > spec.tile[0] or width > spec.tile[1]
            metadata = is_large or picture.layout is not None
        kept = picture.metadata if metadata else {}
        entries = pack_metadata(kept, picture.origin if metadata else None)
        if picture.layout is not None:
            _warn_of_nan(picture)
            native = writing.samples_of(picture, entries)
            return Original(picture, native)
        if not metadata:
            _warn_of_conversion(picture)
        coded = in_kept_colours(picture, kept)
        return Original(coded, writing.image_of(coded.pixels, coded.alpha, entries))

    def file(self, original: Original, level: float | None = None) -> bytes:
        """Make the file of an original at a level, by default the codec's default level."""
        return self.make(original, level=self.spec.level_index(level))[0]

    def make(self, original: Original, **target: Any) -> tuple[bytes, structures.Compressed]:
        """Make a file for a target of the library, and warn of clipped samples; or ImageError."""
        native, workers = self.folder.native, self.workers
        if "bounds" not in target:  # refinements restore all samples
            check_fill(self.folder, original.picture)
        with self._errors_explained(original.picture):
            data, compressed = writing.compress(native, workers, original.native, **target)
        if self.spec.bands and data and "bounds" not in target:
            warn_of_clipped(self.folder, original.picture, compressed.clipped, data)
        return data, compressed

    def encode(self, original: Original, reduction: int = NOT_REDUCED) -> writing.Encoding:
        """Run the network on an original, reduced by a factor in halves, for files at any level."""
        check_fill(self.folder, original.picture)
        encoding = self._encoding(original.picture, original.native, reduction)
        if any(encoding.clipped):
            warn_of_clipped(self.folder, original.picture, encoding.clipped, encoding.file())
        return encoding

    def codes(self, pixels: Pixels, level: float | None = None) -> Codes:
        """Encode pictures (F, H, W, C) uint8 to codes (T * vectors, K) int16.

        T tiles cover the pictures. For a codec with bands, C counts the phases of all bands. Raises
        UsageError if the codec has no such level, and ImageError for a wrong number of channels or
        a wrong dtype.
        """
        codes = self._of_channels(pixels).codes(self.spec.level_index(level))
        return codes.astype(np.int16)

    def latents(self, pixels: Pixels) -> Latents:
        """Run the network on pictures (F, H, W, C) uint8 with the channels of the network.

        Returns (N, C) for vectors without neighbours, or (F, rows, columns, C), with the channels
        of all levels. Raises ImageError for a wrong number of channels or a wrong dtype.
        """
        latents = self._of_channels(pixels).latents()
        if not self.spec.receptive_field:
            return latents
        frames, height, width, _ = pixels.shape
        rows, columns = -(-height // self.spec.tile[0]), -(-width // self.spec.tile[1])
        return latents.reshape(frames, rows, columns, -1)

    def _of_channels(self, pixels: Pixels) -> writing.Encoding:
        channels = self.spec.network_channels
        if pixels.ndim != 4 or pixels.shape[-1] != channels or pixels.dtype != np.uint8:
            raise ImageError(
                f"the pictures have the shape {pixels.shape} and the type {pixels.dtype}: codec "
                f"{self.spec.name} needs the shape (F, H, W, {channels}) and the type uint8"
            )
        return self._encoding(Picture(pixels), writing.image_of(pixels), is_raw=True)

    def _encoding(
        self,
        picture: Picture,
        native: writing.Original,
        reduction: int = NOT_REDUCED,
        *,
        is_raw: bool = False,
    ) -> writing.Encoding:
        codec, workers = self.folder.native, self.workers
        with self._errors_explained(picture):
            encoding = writing.Encoding(codec, workers, native, reduction, is_raw=is_raw)
            encoding.run()
        return encoding

    @contextmanager
    def _errors_explained(self, picture: Picture) -> Iterator[None]:
        try:
            with self.absence_explained(Half.ENCODER):
                yield
        except ImageError:
            if self.spec.bands:  # whose limits may not fit the type
                self.folder.transfer.limits_of(picture.pixels.dtype)
            raise


def _warn_of_nan(picture: Picture) -> None:
    nodata = picture.nodata
    if nodata is None or np.isnan(nodata) or picture.pixels.dtype.kind != "f":
        return
    if count := np.count_nonzero(np.isnan(picture.pixels)):
        warn(f"{count} NaN samples were replaced with {nodata:g}, the nodata value")


def _warn_of_conversion(picture: Picture) -> None:
    profile = picture.metadata.get(MetadataKind.ICC)
    if profile and not is_srgb(profile, picture.mode):
        warn(f"aecodec drops its profile ({name_of(profile)}) and converts its colours to sRGB")
