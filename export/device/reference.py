"""The files and pictures of a device, computed in Python.

Networks on a device compute the same as LiteRT's reference kernels. `aecodec.c` quantizes to the
nearest codes. It does not use RDOQ, whose costs of symbols need logarithms and more code than small
devices can hold.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from aecodec.arrays import Latents, Pixels
from aecodec.codec.codec import Codec
from aecodec.codec.encoded_picture import EncodedPicture
from aecodec.codec.geometry import picture_size, vector_shape
from aecodec.codec.samples import fit, from_channels, to_channels
from aecodec.codec_files.file_names import Half
from aecodec.coding.payload import encode_payload
from aecodec.coding.prior_coder import PriorCoder, nearest_symbols
from aecodec.engine.transform import Transform, to_int8, to_pixels
from aecodec.errors import errors_about
from aecodec.export.device.tables import CTables
from aecodec.format import container
from aecodec.imaging.picture import Picture
from aecodec.network.check import check_model
from aecodec.tflite.reference import reference_transform


def c_file(tables: CTables, encoded: EncodedPicture) -> bytes:
    """The `.aec` file that C writes."""
    coder = PriorCoder(tables.prior, tables.level, partial(nearest_symbols, tables.level))
    payload = encode_payload(coder, encoded.latents)
    return container.pack(encoded.header_at(tables.number), payload)


def network_of(codec: Codec, half: Half) -> Transform:
    """A codec's encoder or decoder as C runs it.

    Raises CodecError if the model is damaged or not from the exporters.
    """
    content = codec.folder.read(half.tflite)
    with errors_about(codec.folder.path / half.tflite):
        check_model(content)
        return reference_transform(content)


def encoded_with(codec: Codec, network: Transform, pixels: Pixels) -> EncodedPicture:
    """Encode a picture (1, H, W, C) uint8 with the codec's encoder network.

    It is a tile, or a whole picture for codecs that accept any size. With bands, it has integers of
    any type.
    """
    picture = fit(codec.spec, Picture(pixels))
    header = codec.encoder.header(picture, False)
    if header.samples:  # a device neither detects repetition nor chooses limits
        samples = header.samples._replace(limits=None, repetition=None)
        header = header._replace(samples=samples)
        pixels = to_channels(codec.folder, picture, samples)
    latents = network(to_int8(pixels)).reshape(*vector_shape(codec.spec, header), -1)
    return EncodedPicture(codec.folder, header, latents)


def decoded_pixels(
    codec: Codec, network: Transform, encoded: EncodedPicture, latents: Latents
) -> Pixels:
    """Decode latents from a file to a picture (H, W, C) as a device does.

    It is uint8 or, with bands, of the type of the samples.
    """
    width, height = picture_size(codec.spec, encoded.header)
    channels = to_pixels(network(latents)).reshape(height, width, codec.spec.network_channels)
    if encoded.header.samples:
        return from_channels(codec.folder, channels[None], encoded.header.samples)[0]
    return channels


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
