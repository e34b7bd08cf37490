"""Codecs in C, for programs that compress single small pictures: `libaecodec` as an extension."""

from aecodec.native.codec import NativeCodec

__all__ = ["NativeCodec"]
