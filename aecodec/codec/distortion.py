"""The squared error of what a file decodes to."""

from __future__ import annotations

from aecodec.arrays import Latents
from aecodec.codec.decoder_codec import DecoderCodec
from aecodec.codec_files.file_names import Half
from aecodec.format.container import Header
from aecodec.imaging.picture import Picture
from aecodec.metrics import mse


def squared_errors(
    decoder: DecoderCodec, picture: Picture, header: Header, latents: Latents
) -> list[float]:
    """Mean squared error of each frame of a file; empty where the decoder's files are absent.

    Args:
        decoder: decoder of the codec that made the file.
        picture: what the file was made of.
        header: header of the file; its level is not read.
        latents: dequantized latents that the file gives back.
    """
    if not decoder.folder.has(Half.DECODER.tflite):
        return []
    restored = decoder.restore_pixels(header, latents)
    return [mse(*pair) for pair in zip(picture.pixels, restored, strict=True)]
