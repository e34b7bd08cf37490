"""Codecs from Keras models that were trained elsewhere."""

from aecodec.export.from_keras.codec import codec_from_keras

__all__ = ["codec_from_keras"]
