"""The files and pictures of a device.

`aecodec.c` quantizes to the nearest codes, because the code for RDOQ is too large for devices. The
library contains the same `aecodec.c`, which writes these files.
"""

from __future__ import annotations

from dataclasses import dataclass

from aecodec.base.arrays import Latents, Pixels
from aecodec.codec_files.file_names import Half
from aecodec.export.device.network_source import plan_of
from aecodec.export.device.tables import CTables
from aecodec.native.networks import NativeNetwork, to_int8, to_pixels


@dataclass(frozen=True)
class DeviceCodec:
    """A level of a codec as a device runs it.

    Pictures (1, H, W, C) uint8 are tiles, or whole pictures for codecs that accept any size.
    """

    tables: CTables

    def file(self, pixels: Pixels) -> bytes:
        is_rgb, native = self.tables.folder.spec.channels == 3, self.tables.native
        codes = native.quantize(self._latents(pixels))
        return native.file((pixels.shape[2], pixels.shape[1]), is_rgb, codes)

    def decoded(self, pixels: Pixels) -> Pixels:
        latents = self.tables.level.requantize(self._latents(pixels))
        outputs = NativeNetwork(plan_of(self.tables.folder, Half.DECODER))(latents)
        return to_pixels(outputs).reshape(pixels.shape)

    def _latents(self, pixels: Pixels) -> Latents:
        folder = self.tables.folder
        latents = NativeNetwork(plan_of(folder, Half.ENCODER))(to_int8(pixels)[0])
        if folder.spec.receptive_field:
            return latents
        return latents.reshape(-1, folder.spec.latent_channels)
