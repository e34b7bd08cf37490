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
            values, _ = folder.transfer.to_values(pixels)
            pixels = to_phases(values, bands.phases)
        latents = NativeNetwork(plan_of(folder, Half.ENCODER))(to_int8(pixels)[0])
        if folder.spec.receptive_field:
            return latents
        return latents.reshape(-1, folder.spec.latent_channels)


def _type_of(pixels: Pixels) -> SampleType:
    return SampleType.of(pixels.dtype.name)


def picture_file(pixels: Pixels, *, has_bands: bool) -> bytes:
    """A picture (H, W, C) in a file that is easy to read on devices.

    uint8 becomes PNM: PGM (P5) for one channel, PPM (P6) for three. With bands, the file only
    contains the little-endian samples.

    >>> picture_file(np.zeros((1, 2, 1), np.uint8), has_bands=False)
    b'P5\\n2 1\\n255\\n\\x00\\x00'
    """
    samples = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<")).tobytes()
    if has_bands:
        return samples
    height, width, channels = pixels.shape
    kind = "P5" if channels == 1 else "P6"
    return f"{kind}\n{width} {height}\n255\n".encode() + samples
