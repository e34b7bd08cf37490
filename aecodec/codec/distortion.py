"""The squared error of what a file decodes to."""

from __future__ import annotations

from aecodec.arrays import Latents
from aecodec.codec.decoder_codec import DecoderCodec
from aecodec.codec_files.file_names import Half
from aecodec.format.container import Header
from aecodec.image_files.colour import in_kept_colours
from aecodec.imaging.picture import Picture
from aecodec.metrics import mse


def squared_errors(
    decoder: DecoderCodec, picture: Picture, header: Header, latents: Latents
) -> list[float]:
    """Mean squared error of each frame of a file; empty where the decoder's files are absent.

    Args:
        decoder: decoder of the codec that made the file.
        picture: what the file was made of; it is compared in the colours that the header keeps.
        header: header of the file; its level is not read.
        latents: dequantized latents that the file gives back.
    """
    if not decoder.folder.has(Half.DECODER.tflite):
        return []
    restored = decoder.restore_pixels(header, latents)
    coded = in_kept_colours(picture, header.metadata)
    return [mse(*pair) for pair in zip(coded.pixels, restored, strict=True)]
