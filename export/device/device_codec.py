"""The files and pictures of a device.

Networks compute the same integers on every processor. `aecodec.c` quantizes to the nearest codes.
It does not use RDOQ, whose costs of symbols need logarithms and more code than small devices can
hold. The files are written by the same `aecodec.c` in the library.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aecodec.arrays import Latents, Pixels
from aecodec.codec_files.file_names import Half
from aecodec.export.device.network_source import plan_of
from aecodec.export.device.tables import CTables
from aecodec.format.samples import SampleType
from aecodec.imaging.transfer import from_phases, to_phases
from aecodec.native.networks import NativeNetwork, to_int8, to_pixels


@dataclass(frozen=True)
class DeviceCodec:
    """A level of a codec as a device runs it.

    Pictures (1, H, W, C) are uint8 or, with bands, integers of any type: tiles, or whole pictures
    for codecs that accept any size.
    """

    tables: CTables

    def file(self, pixels: Pixels) -> bytes:
        """The `.aec` file of a picture."""
        spec, native = self.tables.folder.spec, self.tables.native(_type_of(pixels))
        is_rgb = spec.channels == 3 and not spec.bands
        codes = native.quantize(self._latents(pixels))
        return native.file((pixels.shape[2], pixels.shape[1]), is_rgb, codes)

    def decoded(self, pixels: Pixels) -> Pixels:
        """A picture after compression and decompression."""
        folder, bands = self.tables.folder, self.tables.folder.spec.bands
        latents = self.tables.level.requantize(self._latents(pixels))
        outputs = NativeNetwork(plan_of(folder, Half.DECODER))(latents)
        channels = to_pixels(outputs).reshape(*pixels.shape[:3], folder.spec.network_channels)
        if not bands:
            return channels
        return folder.transfer.to_samples(from_phases(channels, bands.phases), pixels.dtype)

    def _latents(self, pixels: Pixels) -> Latents:
        folder, bands = self.tables.folder, self.tables.folder.spec.bands
        if bands:  # a device neither detects repetition nor chooses limits
            values = folder.transfer.to_values(pixels)
            pixels = to_phases(values, bands.phases)
        latents = NativeNetwork(plan_of(folder, Half.ENCODER))(to_int8(pixels)[0])
        if folder.spec.receptive_field:
            return latents
        return latents.reshape(-1, folder.spec.latent_channels)


def _type_of(pixels: Pixels) -> SampleType:
    return SampleType.of(pixels.dtype.name)


def raw_file(pixels: Pixels) -> bytes:
    """A picture row by row in little-endian samples, with the channels of a pixel together.

    >>> raw_file(np.array([[[1], [258]]], np.uint16))
    b'\\x01\\x00\\x02\\x01'
    """
    return np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<")).tobytes()
