"""Codecs of Python whose networks run in LiteRT's reference kernels, whose integers C gives too."""

from __future__ import annotations

from aecodec.codec.decoder_codec import DecoderCodec
from aecodec.codec.encoder_codec import EncoderCodec
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from benchmarks.c_codec import ReferenceTransform


def reference_encoder(folder: CodecFolder) -> EncoderCodec:
    """The encoder of a codec."""
    return EncoderCodec(folder, ReferenceTransform(folder.read(Half.ENCODER.tflite)))


def reference_decoder(folder: CodecFolder) -> DecoderCodec:
    """The decoder of a codec."""
    return DecoderCodec(folder, ReferenceTransform(folder.read(Half.DECODER.tflite)))
