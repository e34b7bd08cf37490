"""The files and pictures of a device.

Networks on a device compute the same as LiteRT's reference kernels. `aecodec.c` quantizes to the
nearest codes. It does not use RDOQ, whose costs of symbols need logarithms and more code than small
devices can hold. The files are written by the same `aecodec.c` in the library.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aecodec.arrays import Latents, Pixels
from aecodec.codec.codec import Codec
from aecodec.codec_files.file_names import Half
from aecodec.errors import errors_about
from aecodec.export.device.tables import CTables
from aecodec.format.samples import SampleType
from aecodec.imaging.transfer import from_phases, to_phases
from aecodec.keras_models.runners import Transform, to_int8, to_pixels
from aecodec.network.convert import resized
from aecodec.tflite.model import read_model
from aecodec.tflite.reference import reference_transform


class DevicePicture(NamedTuple):
    """A picture of (width, height) pixels as latents, and the type of its samples."""

    size: tuple[int, int]
    latents: Latents
    type: SampleType


def c_file(tables: CTables, picture: DevicePicture) -> bytes:
    """The `.aec` file that C writes."""
    native, spec = tables.native(picture.type), tables.folder.spec
    is_rgb = spec.channels == 3 and not spec.bands
    return native.file(picture.size, is_rgb, native.quantize(picture.latents))


def network_of(codec: Codec, half: Half) -> Transform:
    """A codec's encoder or decoder as C runs it; CodecError if the model is damaged."""
    content = codec.folder.read(half.tflite)
    with errors_about(codec.folder.path / half.tflite):
        read_model(content)
        if not codec.spec.receptive_field:
            return reference_transform(content)
        return lambda inputs: reference_transform(resized(content, *inputs.shape[1:3]))(inputs)


def encoded_with(codec: Codec, network: Transform, pixels: Pixels) -> DevicePicture:
    """Encode a picture (1, H, W, C) uint8 with the codec's encoder network.

    It is a tile, or a whole picture for codecs that accept any size. With bands, it has integers of
    any type.
    """
    spec, size = codec.spec, (pixels.shape[2], pixels.shape[1])
    kind = SampleType.of(pixels.dtype.name)
    if spec.bands:  # a device neither detects repetition nor chooses limits
        values, _ = codec.folder.transfer.to_values(pixels)
        pixels = to_phases(values, spec.bands.phases)
    latents = network(to_int8(pixels))
    if not spec.receptive_field:
        latents = latents.reshape(-1, spec.latent_channels)
    return DevicePicture(size, latents, kind)


def decoded_pixels(
    codec: Codec, network: Transform, picture: DevicePicture, latents: Latents
) -> Pixels:
    """Decode latents from a file to a picture (H, W, C) as a device does.

    It is uint8 or, with bands, of the type of the samples.
    """
    width, height = picture.size
    channels = to_pixels(network(latents)).reshape(height, width, codec.spec.network_channels)
    if not codec.spec.bands:
        return channels
    values = from_phases(channels[None], codec.spec.bands.phases)
    return codec.folder.transfer.to_samples(values, np.dtype(picture.type.dtype))[0]


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
